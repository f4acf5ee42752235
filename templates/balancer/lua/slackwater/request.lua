-- A number that names the current request from its first attempt to its log line.
local ffi = require "ffi"
local base = require "resty.core.base"

local M = {}

-- The address of nginx's own request structure. ngx.ctx would be lost when error_page redirects internally, and with it
-- the count that the request holds; this stays, also for each stream of an HTTP/2 connection.
function M.key()
    return tonumber(ffi.cast("uintptr_t", base.get_request()))
end

return M
