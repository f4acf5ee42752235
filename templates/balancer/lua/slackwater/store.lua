-- The membership that all workers share, and this worker's copy of it.
local leaving = require "slackwater.leaving"
local members = require "slackwater.members"

local shared = ngx.shared.slackwater_members
local LARGEST_FILE = 4 * 1024 * 1024 -- bytes; as the API's client_max_body_size

local version
local list = members.listing(0, {})

local M = {}

-- Else, with a change each moment, those of high weight would always begin and the others never have their turn.
local function keep_turns(old, new)
    for place, member in pairs(new.places) do
        if old.places[place] then
            member.turn = old.places[place].turn
        end
    end
end

-- Read once per attempt: one look-up as long as nothing has changed.
function M.current()
    local newest = shared:get("version")
    if newest == version then
        return list
    end
    local text = shared:get("text:" .. newest)
    -- No text: it was replaced between the two look-ups. The next attempt takes what replaced it.
    if text then
        local new = members.parse(text)
        keep_turns(list, new)
        list, version = new, newest
    end
    return list
end

-- The new generation, or nil and a sentence; then nothing has changed.
function M.publish(text)
    local new, fault = members.parse(text)
    if not new then
        return nil, fault
    end
    local drawn, former = shared:incr("drawn", 1, 0), shared:get("version")
    -- safe_set: a plain set would throw out the list in use to make room.
    local stored, reason = shared:safe_set("text:" .. drawn, text)
    if not stored then
        return nil, "there is no room for this list in slackwater_members: " .. reason
    end
    leaving.note(M.current(), new)
    shared:set("version", drawn)
    if former then
        shared:delete("text:" .. former)
    end
    return new.generation
end

local function read(path)
    local file, missing = io.open(path)
    if not file then
        return nil, missing
    end
    local text = file:read(LARGEST_FILE + 1)
    file:close()
    return text, path .. ": it is empty or cannot be read"
end

-- The last good membership, before the first request. A reload keeps the shared memory, a restart does not.
function M.load(path)
    if shared:get("version") then
        return
    end
    local generation
    local text, fault = read(path)
    if text then
        generation, fault = M.publish(text)
        fault = fault and path .. ": " .. fault
    end
    if not generation then
        ngx.log(ngx.ERR, "slackwater: no members until the agent sends some; the membership file cannot be used: ",
            fault)
    end
end

return M
