-- Places that fail: max_fails times within fail_timeout is out for fail_timeout.
local options = require "slackwater.options"

local shared = ngx.shared.slackwater_counts

local M = {}

local function eject(place)
    shared:set("e:" .. place, ngx.now() + options.fail_timeout, options.fail_timeout)
    shared:delete("x:" .. place)
    shared:incr("ejections", 1, 0)
    ngx.log(ngx.WARN, "slackwater: ", place, " is left out for ", options.fail_timeout, " s after ", options.max_fails,
        " failures")
end

function M.count(place)
    shared:incr("f:" .. place, 1, 0)
    if options.max_fails > 0 and shared:incr("x:" .. place, 1, 0, options.fail_timeout) >= options.max_fails then
        eject(place)
    end
end

function M.of(place)
    return shared:get("f:" .. place) or 0
end

-- Until when each member is out, read anew only when there was an ejection or the list is new.
function M.refresh(list)
    local ejections = shared:get("ejections") or 0
    if list.ejections == ejections then
        return
    end
    list.ejections = ejections
    for _, member in ipairs(list.all) do
        member.out_until = shared:get("e:" .. member.place) or 0
    end
end

-- A place that joins starts with a clean slate: what failed there was another process.
function M.pardon(place)
    shared:delete("e:" .. place)
    shared:delete("x:" .. place)
end

function M.forget(place)
    M.pardon(place)
    shared:delete("f:" .. place)
end

return M
