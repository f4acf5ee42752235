-- The membership as text and as values: every rule of it is here, and a text that breaks one is refused whole.
local cjson = require("cjson.safe").new()
local address = require "slackwater.address"

cjson.decode_invalid_numbers(false)
cjson.decode_max_depth(4) -- the document, its list, a member: what is deeper is not ours

local MOST_MEMBERS, LARGEST_WHOLE = 5000, 2 ^ 53

local M = {}

local function whole(least, most)
    return function(value)
        return type(value) == "number" and value >= least and value <= most and value == math.floor(value)
    end
end

local function seconds(value)
    return type(value) == "number" and value >= 0 and value <= LARGEST_WHOLE
end

local function is_name(value)
    return type(value) == "string" and #value <= 128 and value:find("^[%w._-]+$") ~= nil
end

local function is_address(value)
    return type(value) == "string" and address.canonical(value) ~= nil
end

local function is_boolean(value)
    return type(value) == "boolean"
end

-- Field, test, what is allowed, and what stands for a field that is left out.
local RULES = {
    { "name", is_name, "1 to 128 letters, digits, dots, underscores and hyphens" },
    { "address", is_address, "an IPv4 or IPv6 address" },
    { "port", whole(1, 65535), "a whole number from 1 to 65535" },
    { "weight", whole(1, 1000), "a whole number from 1 to 1000", 100 },
    { "backup", is_boolean, "true or false", false },
    { "since", seconds, "seconds since 1970, or 0", 0 },
    { "slow_start", seconds, "seconds, or 0", 0 },
}
local FIELDS = {}
for _, rule in ipairs(RULES) do
    FIELDS[rule[1]] = true
end

-- A value in an error sentence: short, and nothing in it that could break a log line.
local function shown(value)
    local words = { ["nil"] = "missing", table = "a list or an object", userdata = "null" }
    return words[type(value)] or (tostring(value):sub(1, 60):gsub("[^%w%p ]", "?"))
end

local function is_list(value)
    if type(value) ~= "table" then
        return false
    end
    local count = 0
    for _ in pairs(value) do
        count = count + 1
    end
    return count == #value
end

local function unknown_field(item)
    for field in pairs(item) do
        if not FIELDS[field] then
            return shown(field)
        end
    end
end

local function value_of(item, rule)
    local value = item[rule[1]]
    if value == nil then
        return rule[4]
    end
    return value
end

-- The first broken rule of one member, as a sentence that continues its name.
local function fault_of(item)
    if type(item) ~= "table" then
        return " is " .. shown(item) .. ", allowed is an object"
    end
    local unknown = unknown_field(item)
    if unknown then
        return " has the unknown field '" .. unknown .. "'"
    end
    for _, rule in ipairs(RULES) do
        local value = value_of(item, rule)
        if not rule[2](value) then
            return "." .. rule[1] .. " is " .. shown(value) .. ", allowed is " .. rule[3]
        end
    end
end

local function member_of(item)
    local member = {}
    for _, rule in ipairs(RULES) do
        member[rule[1]] = value_of(item, rule)
    end
    member.host = address.canonical(item.address)
    member.place = member.host .. ":" .. item.port
    member.effective, member.out_until = member.weight, 0
    member.turn = math.random() * member.weight -- else all workers begin with the same member
    return member
end

-- The membership as the data path uses it.
function M.listing(generation, all)
    local list = { generation = generation, all = all, primaries = {}, backups = {}, places = {}, ramps_until = 0 }
    for _, member in ipairs(all) do
        local group = member.backup and list.backups or list.primaries
        group[#group + 1] = member
        list.places[member.place] = member
        if member.since > 0 and member.slow_start > 0 then
            list.ramps_until = math.max(list.ramps_until, member.since + member.slow_start)
        end
    end
    return list
end

local function document_fault(document)
    if type(document) ~= "table" or not whole(0, LARGEST_WHOLE)(document.generation) then
        return "the body must be an object with a whole number 'generation' and a list 'members'"
    end
    if not is_list(document.members) or #document.members < 1 or #document.members > MOST_MEMBERS then
        return "'members' must be a list of 1 to " .. MOST_MEMBERS .. " members"
    end
    for field in pairs(document) do
        if field ~= "generation" and field ~= "members" then
            return "the body has the unknown field '" .. shown(field) .. "'"
        end
    end
end

-- A listing, or nil and a sentence that says which rule is broken and where.
function M.parse(text)
    local document, unreadable = cjson.decode(text)
    local fault = unreadable and "not JSON: " .. shown(unreadable) or document_fault(document)
    if fault then
        return nil, fault
    end
    local all, seen = {}, {}
    for index, item in ipairs(document.members) do
        fault = fault_of(item)
        local member = not fault and member_of(item)
        if member and seen[member.place] then
            fault = " has the place " .. member.place .. " of another member"
        end
        if fault then
            return nil, "members[" .. index - 1 .. "]" .. fault
        end
        seen[member.place], all[index] = true, member
    end
    return M.listing(document.generation, all)
end

return M
