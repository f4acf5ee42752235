-- Before nginx ends in order: each answer of an app closes the connection that it came on, so that no end cuts one off.
local registry = ngx.shared.slackwater_registry
local LASTS = 300 -- s; who asked for it and did not end nginx after all must not pay for it for ever

local M = {}

function M.begin()
    registry:set("closing", true, LASTS)
end

-- Leads the request to a location that is the same but keeps no connection: nginx 1.22 closes none by a header.
function M.lead()
    if registry:get("closing") then
        return ngx.exec("@slackwater_closing")
    end
end

return M
