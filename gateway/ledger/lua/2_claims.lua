-- Counting and claiming persons; goes on where 1_mailings.lua ends.

-- --- counting -----------------------------------------------------------------------------------

-- Returns person to the greatest weight that other attempts hold for the mailing, and the persons as a list.
local function held(mailing, besides)
  local most, list = {}, {}
  local all = call('HGETALL', 'utpost:h:' .. mailing)
  for number = 1, #all, 2 do
    local entry = unpack_(all[number + 1])
    if entry[1] <= at then
      call('HDEL', 'utpost:h:' .. mailing, all[number])
    elseif all[number] ~= besides then
      local persons, weights = people(entry[3])
      for _, person in ipairs(persons) do
        if not most[person] then
          list[#list + 1] = person
        end
        most[person] = math.max(most[person] or 0, weights[person])
      end
    end
  end
  return most, list
end

local function count_reserved(mailing, besides, own)
  local most, list = held(mailing, besides)
  local reached, total = known(mailing, list), 0
  for person, weight in pairs(most) do
    total = total + math.max(0, weight - math.max(reached[person] or 0, own[person] or 0))
  end
  return total
end

local function count_charged(mailing, since)
  if not since then
    return count_reached(mailing)
  end
  purge(mailing)
  local total = 0
  for _, entry in ipairs(call('HVALS', 'utpost:c:' .. mailing)) do
    local charged = unpack_(entry)
    if charged[1] >= since then
      total = total + charged[2]
    end
  end
  return total
end

local function taken(permit, besides)
  local all = call('HGETALL', 'utpost:l:' .. permit)
  for number = 1, #all, 2 do
    local mailing = root(all[number + 1])
    local entry = mailing and mailing ~= besides and call('HGET', 'utpost:h:' .. mailing, all[number])
    entry = entry and unpack_(entry)
    if entry and entry[1] > at and entry[2] == permit then
      return true
    end
  end
  return false
end

-- Returns the sender's permits that fit the mailing: its own first, then the soonest to end.
local function permits_for(sender, mailing)
  local list = {}
  local all = call('HGETALL', 'utpost:p:' .. sender)
  for number = 1, #all, 2 do
    local permit = unpack_(all[number + 1])
    if permit[3] > at and (not permit[1] or permit[1] == mailing) then
      list[#list + 1] = {id = all[number], own = permit[1], persons = permit[2], till = permit[3], since = permit[4]}
    end
  end
  table.sort(list, function(one, other)
    if (not one.own) ~= (not other.own) then
      return one.own and true or false
    end
    return one.till < other.till or (one.till == other.till and one.id < other.id)
  end)
  return list
end

-- Returns outcome, persons permitted beyond the limit, and the permit that is leant on.
local function decide(claim, mailing, count)
  local worst = math.max(count.reached + count.own + count.reserved, claim.announced)
  if not claim.limit or worst <= claim.limit then
    return 'granted', 0, false
  end
  local most = claim.limit
  for _, permit in ipairs(permits_for(claim.sender, mailing)) do
    local allowed = count.reached - count_charged(mailing, permit.since) + permit.persons
    if worst <= allowed and (permit.own or not taken(permit.id, mailing)) then
      return 'granted', math.max(0, allowed - claim.limit), permit.id
    end
    most = math.max(most, allowed)
  end
  local sure = math.max(count.reached + count.own, claim.announced)
  return sure <= most and 'contended' or 'over', most - claim.limit, false
end

-- --- reserving ----------------------------------------------------------------------------------

local function unhold(attempt)
  local mailing = call('GET', 'utpost:a:' .. attempt)
  call('DEL', 'utpost:a:' .. attempt)
  mailing = mailing and root(mailing)
  local entry = mailing and call('HGET', 'utpost:h:' .. mailing, attempt)
  if not entry then
    return nil, false
  end
  call('HDEL', 'utpost:h:' .. mailing, attempt)
  local till, permit = unpack(unpack_(entry))
  if permit then
    call('HDEL', 'utpost:l:' .. permit, attempt)
  end
  if till <= at then
    return nil, false
  end
  return mailing, permit
end

local function hold(claim, mailing, permit)
  call('HSET', 'utpost:h:' .. mailing, claim.attempt, pack({claim.held_till, permit, claim.octets}))
  call('SET', 'utpost:a:' .. claim.attempt, mailing)
  touch(mailing, at, claim.held_till)
  expire('utpost:a:' .. claim.attempt, claim.held_till + 86400000)
  if permit then
    call('HSET', 'utpost:l:' .. permit, claim.attempt, mailing)
    expire('utpost:l:' .. permit, claim.held_till + 86400000)
  end
  local announced = tonumber(call('HGET', 'utpost:m:' .. mailing, 'n'))
  if claim.announced > announced then
    call('HSET', 'utpost:m:' .. mailing, 'n', text(claim.announced))
  end
end

local function read_claim()
  local claim = {
    attempt = ARGV[4], sender = ARGV[5], mailing = ARGV[6], till = tonumber(ARGV[7]), held_till = tonumber(ARGV[8]),
    minima = ARGV[9], marks = ids(ARGV[10]), octets = ARGV[11], announced = tonumber(ARGV[12]),
    limit = tonumber(ARGV[13]), similar = tonumber(ARGV[14]), same = tonumber(ARGV[15]), recalled = tonumber(ARGV[16]),
  }
  claim.list, claim.weights = people(claim.octets)
  return claim
end

local operations = {}

function operations.reserve()
  -- Redis refuses for want of memory only what a script writes first: nothing has happened yet.
  call('SET', 'utpost:room', '', 'PX', 1000)
  local claim = read_claim()
  local mailing = locate(claim)
  local reached, own = known(mailing, claim.list), 0
  for person, weight in pairs(claim.weights) do
    own = own + math.max(0, weight - (reached[person] or 0))
  end
  local count = {reached = count_reached(mailing), own = own, reserved = 0}
  if claim.limit then
    count.reserved = count_reserved(mailing, claim.attempt, claim.weights)
  end
  local outcome, permitted, permit = decide(claim, mailing, count)
  unhold(claim.attempt)
  if outcome == 'granted' then
    hold(claim, mailing, permit)
  end
  return {'done', outcome, mailing, count.reached, count.own, count.reserved, permitted}
end

local function charge(claim, mailing, before)
  for _, entry in ipairs(call('HVALS', 'utpost:p:' .. claim.sender)) do
    if unpack_(entry)[3] > at then
      for _, person in ipairs(claim.list) do
        if not before[person] then
          call('HSET', 'utpost:c:' .. mailing, person, pack({at, claim.weights[person]}))
        end
      end
      return
    end
  end
end

local function bind(sender, permit, mailing)
  local entry = call('HGET', 'utpost:p:' .. sender, permit)
  entry = entry and unpack_(entry)
  if entry and not entry[1] then
    entry[1] = mailing
    call('HSET', 'utpost:p:' .. sender, permit, pack(entry))
  end
end

function operations.commit()
  local claim, tills = read_claim(), {}
  -- This deletes something first: whatever is written after that is given memory even where there is none.
  local mailing, permit = unhold(claim.attempt)
  mailing = mailing or locate(claim)
  for number = 1, #claim.list do
    tills[number] = claim.till
  end
  charge(claim, mailing, reach(mailing, claim.list, claim.weights, tills))
  touch(mailing, at, claim.till)
  if permit then
    bind(claim.sender, permit, mailing)
  end
  return {'done'}
end

function operations.release()
  unhold(ARGV[4])
  return {'done'}
end
