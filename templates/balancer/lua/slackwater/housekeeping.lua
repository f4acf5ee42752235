-- Once a second, in whichever worker comes first: counts of workers that are gone, places that have left.
local counts = require "slackwater.counts"
local leaving = require "slackwater.leaving"
local store = require "slackwater.store"
local workers = require "slackwater.workers"

local registry = ngx.shared.slackwater_registry
local EVERY = 1 -- s
local TURN = 0.9 -- s for which one worker's turn keeps the others from doing the same
local CLAIM = 5 -- s after which another worker goes on with a sweep whose worker was killed, too

local M = {}

local function sweep(worker, places)
    -- Claimed: two workers that take back the same counts would take them twice.
    if registry:add("sweep:" .. worker, true, CLAIM) then
        counts.drop(worker, places)
        workers.forget(worker)
    end
end

local function places_of(list)
    local places = leaving.places(list)
    for place in pairs(list.places) do
        places[place] = true
    end
    return places
end

function M.drop_dead_workers()
    local places
    for _, worker in ipairs(workers.all()) do
        if not workers.alive(worker) then
            places = places or places_of(store.current())
            sweep(worker, places)
        end
    end
end

local function tick(exiting)
    if exiting or not registry:add("turn", true, TURN) then
        return
    end
    M.drop_dead_workers()
    leaving.prune(store.current())
end

-- A worker that replaces a killed one takes back its counts at once.
function M.begin()
    M.drop_dead_workers()
    ngx.timer.every(EVERY, tick)
end

return M
