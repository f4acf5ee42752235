-- Places that are no longer listed: shown while requests are in flight there, forgotten once they are idle.
local counts = require "slackwater.counts"
local failures = require "slackwater.failures"

local registry = ngx.shared.slackwater_registry
local PREFIX = "leaving:"
-- Looks a second apart that must find a place idle: a worker may just be sending it a request chosen from the old list.
local IDLE_LOOKS = 2

local M = {}

-- Notes the difference between two listings. The new one counts from the moment after this.
function M.note(old, new)
    for place in pairs(old.places) do
        if not new.places[place] then
            registry:set(PREFIX .. place, 0)
        end
    end
    for place in pairs(new.places) do
        registry:delete(PREFIX .. place)
        if not old.places[place] then
            failures.pardon(place)
        end
    end
end

-- The places that left, without those that are members (again).
function M.places(list)
    local found = {}
    for _, key in ipairs(registry:get_keys(0)) do
        local place = key:sub(1, #PREFIX) == PREFIX and key:sub(#PREFIX + 1)
        if place and not list.places[place] then
            found[place] = true
        end
    end
    return found
end

local function forget(place)
    registry:delete(PREFIX .. place)
    counts.forget(place)
    failures.forget(place)
end

function M.prune(list)
    for place in pairs(M.places(list)) do
        if counts.in_flight(place) > 0 then
            registry:set(PREFIX .. place, 0)
        elseif (registry:incr(PREFIX .. place, 1) or 0) >= IDLE_LOOKS then
            forget(place)
        end
    end
end

return M
