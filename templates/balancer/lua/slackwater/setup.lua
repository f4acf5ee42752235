-- What nginx runs at its start (begin, in the master) and at each worker's start.
local housekeeping = require "slackwater.housekeeping"
local options = require "slackwater.options"
local store = require "slackwater.store"
local workers = require "slackwater.workers"

-- Loaded before the workers are forked: they share its memory, and a fault in it shows at the start.
require "slackwater.api"
require "slackwater.balancer"

local M = {}

function M.begin(given)
    for name, value in pairs(given) do
        options[name] = value
    end
    store.load(options.state)
end

function M.worker()
    math.randomseed(ngx.now() * 1000 + ngx.worker.pid()) -- forked workers would all draw the same numbers
    workers.register()
    housekeeping.begin()
end

return M
