-- The data path: a place for each attempt of a request, and its count given back at the end.
local balancer = require "ngx.balancer"
local counts = require "slackwater.counts"
local failures = require "slackwater.failures"
local options = require "slackwater.options"
local pick = require "slackwater.pick"
local request = require "slackwater.request"
local store = require "slackwater.store"

local REWEIGH = 0.1 -- seconds; a ramp needs no finer steps, and each costs a walk over the members

local held = {} -- this worker's requests that have a place: key -> { place, tried, attempts, granted }

local M = {}

-- Did the last attempt fail without an answer? nginx 1.22 calls a 502 that the place itself answered "failed" too; the
-- time of the answer's header tells them apart. While an attempt is being chosen nginx already lists it, as " : ".
local function no_answer()
    local times = ngx.var.upstream_header_time
    return times ~= nil and times:find("%-[ :]*$") ~= nil
end

local function give_back(entry)
    if entry.place then
        counts.leave(entry.place)
        entry.place = nil
    end
end

-- A new request. What stands under its key was redirected here by error_page, or ended without its log phase.
local function first_attempt(key, list)
    if held[key] then
        give_back(held[key])
    end
    local granted = math.max(1, math.min(options.tries, #list.all))
    if granted > 1 then
        balancer.set_more_tries(granted - 1)
    end
    held[key] = { tried = {}, attempts = 0, granted = granted }
    return held[key]
end

local function further_attempt(key)
    local entry = held[key]
    if entry.place and no_answer() then
        failures.count(entry.place)
    end
    give_back(entry)
    return entry
end

local function weigh(list, now)
    local weighed = list.weighed or 0
    -- A clock that was set back must not stop the ramps: then `weighed` lies ahead of it.
    if (weighed <= now and weighed + REWEIGH > now) or weighed > list.ramps_until then
        return
    end
    list.weighed = now
    pick.weigh(list.primaries, now)
    pick.weigh(list.backups, now)
end

local function choose(list, entry)
    local now = ngx.now()
    weigh(list, now)
    failures.refresh(list)
    local member = pick.choose(list, options.method, now, entry.tried, counts.in_flight)
    if not member and entry.attempts >= entry.granted and not entry.again then
        -- nginx grants more attempts than it was asked for only where a kept connection turned out to be dead. That
        -- place was never asked: else a request to the only member is lost when it closes idle connections.
        entry.tried, entry.again = {}, true
        member = pick.choose(list, options.method, now, entry.tried, counts.in_flight)
    end
    return member
end

-- Runs once for each attempt.
function M.balance()
    local key, list = request.key(), store.current()
    local entry = balancer.get_last_failure() and held[key] and further_attempt(key) or first_attempt(key, list)
    local member = choose(list, entry)
    entry.attempts = entry.attempts + 1
    if not member then
        return balancer.set_current_peer("127.0.0.1", options.nobody)
    end
    entry.tried[member.place], entry.place = true, member.place
    counts.enter(member.place)
    balancer.set_current_peer(member.host, member.port)
end

-- The last attempt's failure; a client that went away is none.
local function failed_at_last()
    -- Asked first, being cheap: a failed request shows 5xx, unless error_page has led it elsewhere.
    if ngx.status < 500 and not ngx.req.is_internal() or not no_answer() then
        return false
    end
    local status = ngx.var.upstream_status:match("(%d+)$")
    return status == "502" or status == "504"
end

-- Runs once for each request, in its log phase.
function M.done()
    local key = request.key()
    local entry = held[key]
    if not entry then
        return
    end
    held[key] = nil
    if entry.place and failed_at_last() then
        failures.count(entry.place)
    end
    give_back(entry)
end

return M
