-- Which member gets a request: values in, a member out.
local SCANNED = 32 -- up to here all members are looked at (5 us); 1,000 would take 100 us a request, a sample takes 2
local SAMPLE = 8 -- members of which the least busy is taken
local FIRST_SHARE = 0.1 -- of its weight, at which a member that joined begins

local LAG = 1 -- seconds; nginx's clock is that of its last event: who came in just now may seem to come in only then

local EVER = math.huge -- a moment at which nobody is ejected any more

local tied = {} -- kept between calls: no garbage for each request

local M = {}

-- A clock that was set back must not keep anybody at a tenth until it has caught up: no ramp in the future.
local function in_ramp(member, now)
    return member.since > 0 and member.since <= now + LAG and now < member.since + member.slow_start
end

local function ramp(member, now)
    local risen = math.max(0, (now - member.since) / member.slow_start)
    return member.weight * (FIRST_SHARE + (1 - FIRST_SHARE) * risen)
end

-- Sets the effective weights of a group. All in their ramp at once: nobody is there to take the rest, so no ramp.
function M.weigh(group, now)
    local ramping = 0
    for _, member in ipairs(group) do
        ramping = ramping + (in_ramp(member, now) and 1 or 0)
    end
    for _, member in ipairs(group) do
        local ramped = ramping < #group and in_ramp(member, now)
        member.effective = ramped and ramp(member, now) or member.weight
    end
end

-- Smooth weighted round robin over the first `count` in `tied`: shares as the weights say, without bursts.
local function next_in_turn(count)
    local total, best = 0, nil
    for index = 1, count do
        local member = tied[index]
        member.turn = member.turn + member.effective
        total = total + member.effective
        if not best or member.turn > best.turn then
            best = member
        end
    end
    if best then
        best.turn = best.turn - total
    end
    return best
end

-- Those of the group that may be asked, all of them or a sample, into `tied`; how many.
local function candidates(group, now, tried, everyone)
    local count = 0
    local draws = everyone and #group or SAMPLE
    for index = 1, draws do
        local member = group[everyone and index or math.random(#group)]
        if member.out_until <= now and not tried[member.place] then
            count = count + 1
            tied[count] = member
        end
    end
    return count
end

-- Leaves only the least busy, for their weight, in `tied`.
local function keep_least_busy(count, in_flight)
    local lowest, kept = math.huge, 0
    for index = 1, count do
        local member = tied[index]
        local load = in_flight(member.place) / member.effective
        if load < lowest then
            lowest, kept = load, 0
        end
        if load == lowest then
            kept = kept + 1
            tied[kept] = member
        end
    end
    return kept
end

-- One of the first `count` in `tied`, by weight and chance: each sample has others, so taking turns would not even out.
local function by_chance(count)
    local total = 0
    for index = 1, count do
        total = total + tied[index].effective
    end
    local left = math.random() * total
    for index = 1, count do
        left = left - tied[index].effective
        if left < 0 then
            return tied[index]
        end
    end
    return tied[count]
end

local function from_sample(group, now, tried, in_flight)
    local count = candidates(group, now, tried, false)
    return count > 0 and by_chance(keep_least_busy(count, in_flight)) or nil
end

local function from_group(group, method, now, tried, in_flight)
    if method == "least_conn" and #group > SCANNED then
        local member = from_sample(group, now, tried, in_flight)
        if member then
            return member
        end
        -- A sample of unusable ones does not mean that nobody is left.
    end
    local count = candidates(group, now, tried, true)
    if method == "least_conn" then
        count = keep_least_busy(count, in_flight)
    end
    return next_in_turn(count)
end

-- The member for this attempt, or nil when all were tried. Ejected ones only when nobody else is left, backups only
-- when no other member is usable.
function M.choose(list, method, now, tried, in_flight)
    return from_group(list.primaries, method, now, tried, in_flight)
        or from_group(list.backups, method, now, tried, in_flight)
        or from_group(list.primaries, method, EVER, tried, in_flight)
        or from_group(list.backups, method, EVER, tried, in_flight)
end

return M
