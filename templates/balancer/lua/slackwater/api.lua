-- The API on the unix socket. /members: GET is the state, PUT the whole membership. /closing: PUT before nginx ends.
local cjson = require("cjson.safe").new()
local closing = require "slackwater.closing"
local counts = require "slackwater.counts"
local failures = require "slackwater.failures"
local leaving = require "slackwater.leaving"
local store = require "slackwater.store"

local M = {}

local function answer(status, text)
    ngx.status = status
    ngx.header["Content-Type"] = "application/json"
    ngx.say(text)
end

local function refuse(status, sentence)
    answer(status, cjson.encode({ error = sentence }))
end

local function state_of(member, now)
    return cjson.encode({
        name = member.name, address = member.address, port = member.port, weight = member.weight,
        backup = member.backup, since = member.since, slow_start = member.slow_start,
        in_flight = counts.in_flight(member.place), requests = counts.requests(member.place),
        failures = failures.of(member.place), ejected = member.out_until > now,
    })
end

local function leaving_of(list)
    local found = {}
    for place in pairs(leaving.places(list)) do
        local in_flight = counts.in_flight(place)
        if in_flight > 0 then
            local host, port = place:match("^%[?([^%]]+)%]?:(%d+)$")
            found[#found + 1] = cjson.encode({ address = host, port = tonumber(port), in_flight = in_flight })
        end
    end
    return found
end

-- Lists are joined here: the encoder writes an empty Lua table as an object.
local function show()
    local list, now, states = store.current(), ngx.now(), {}
    failures.refresh(list)
    for index, member in ipairs(list.all) do
        states[index] = state_of(member, now)
    end
    answer(200, string.format('{"generation":%.0f,"members":[%s],"leaving":[%s]}', list.generation,
        table.concat(states, ","), table.concat(leaving_of(list), ",")))
end

local function take()
    ngx.req.read_body()
    local generation, fault = store.publish(ngx.req.get_body_data() or "")
    if not generation then
        return refuse(400, fault)
    end
    answer(200, string.format('{"generation":%.0f}', generation))
end

local METHODS = { GET = show, PUT = take }

function M.members()
    local handle = METHODS[ngx.req.get_method()]
    if handle then
        return handle()
    end
    ngx.header["Allow"] = "GET, PUT"
    refuse(405, "only GET and PUT are answered here")
end

function M.closing()
    if ngx.req.get_method() == "PUT" then
        closing.begin()
        return answer(200, "{}")
    end
    ngx.header["Allow"] = "PUT"
    refuse(405, "only PUT is answered here")
end

function M.elsewhere()
    refuse(404, "only /members and /closing are answered here")
end

return M
