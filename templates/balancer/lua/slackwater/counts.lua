-- Requests in flight at each place: a total to choose by, and a ledger of each worker to take back what died with it.
local workers = require "slackwater.workers"

local shared = ngx.shared.slackwater_counts

local M = {}

local function total_of(place)
    return "n:" .. place
end

local function ledger_of(worker, place)
    return "w:" .. worker .. ":" .. place
end

-- A worker killed between its ledger and the total leaves the total one too low, never too high: each function below
-- takes the two in that order. Below nothing it shows, and is put right here.
local function add(key, amount)
    local sum = shared:incr(key, amount, 0)
    if sum and sum < 0 then
        shared:incr(key, -sum)
    end
end

function M.enter(place)
    add(ledger_of(workers.me, place), 1)
    add(total_of(place), 1)
    shared:incr("r:" .. place, 1, 0)
end

function M.leave(place)
    add(total_of(place), -1)
    add(ledger_of(workers.me, place), -1)
end

function M.in_flight(place)
    return math.max(0, shared:get(total_of(place)) or 0)
end

function M.requests(place)
    return shared:get("r:" .. place) or 0
end

-- Takes back what a worker that is gone had in flight at these places.
function M.drop(worker, places)
    for place in pairs(places) do
        local key = ledger_of(worker, place)
        local held = shared:get(key)
        if held and held > 0 then
            add(total_of(place), -held)
        end
        if held then
            shared:delete(key)
        end
    end
end

-- Nothing of a place that has left and is idle stays, or years of scaling would fill the memory.
function M.forget(place)
    shared:delete(total_of(place))
    shared:delete("r:" .. place)
    for _, worker in ipairs(workers.all()) do
        shared:delete(ledger_of(worker, place))
    end
end

return M
