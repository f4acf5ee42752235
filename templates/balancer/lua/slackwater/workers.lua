-- Which nginx workers exist, over reloads and crashes: each is known by its pid and the moment it started.
local registry = ngx.shared.slackwater_registry
local PREFIX = "worker:"
local UNKNOWN = "unknown"

local M = { me = nil }

-- State and start of a process, or nil when there is none. The start tells a worker from whatever got its pid later.
local function look(pid)
    local file = io.open("/proc/" .. pid .. "/stat")
    local line = file and file:read("*a")
    if file then
        file:close()
    end
    local rest = line and line:match("^%d+ %(.*%) (.*)$")
    if not rest then
        return nil
    end
    local fields = {}
    for field in rest:gmatch("%S+") do
        fields[#fields + 1] = field
    end
    return fields[1], fields[20]
end

function M.register()
    local pid = ngx.worker.pid()
    local _, start = look(pid)
    M.me = pid .. "." .. (start or UNKNOWN)
    registry:set(PREFIX .. M.me, true)
end

function M.alive(worker)
    local pid, known = worker:match("^(%d+)%.(.+)$")
    local state, start = look(pid)
    if known == UNKNOWN then
        return true -- a host that hides /proc: counts may stay behind there, but none is taken from who works
    end
    return start == known and state ~= "Z" and state ~= "X"
end

function M.all()
    local found = {}
    for _, key in ipairs(registry:get_keys(0)) do
        if key:sub(1, #PREFIX) == PREFIX then
            found[#found + 1] = key:sub(#PREFIX + 1)
        end
    end
    return found
end

function M.forget(worker)
    registry:delete(PREFIX .. worker)
end

return M
