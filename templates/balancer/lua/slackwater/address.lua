-- IP literals: what is one, and the one way each is written.
local ffi = require "ffi"

ffi.cdef [[
int inet_pton(int family, const char *text, void *binary);
const char *inet_ntop(int family, const void *binary, char *text, unsigned int size);
]]

local IPV4, IPV6 = 2, 10 -- AF_INET and AF_INET6 on Linux
local binary, written = ffi.new("char[16]"), ffi.new("char[64]")

local M = {}

-- "10.0.0.1" or "[::1]", as nginx takes it; nil for what is no IP literal. `::1` and `0:0::1` are one place, so both
-- become the same text.
function M.canonical(text)
    -- The C library reads up to a NUL: without the pattern, "10.0.0.1\0x" would be an address.
    if #text > 45 or not text:find("^[%x:.]+$") then
        return nil
    end
    local family = text:find(":", 1, true) and IPV6 or IPV4
    if ffi.C.inet_pton(family, text, binary) ~= 1 then
        return nil
    end
    local plain = ffi.string(ffi.C.inet_ntop(family, binary, written, 64))
    return family == IPV6 and "[" .. plain .. "]" or plain
end

return M
