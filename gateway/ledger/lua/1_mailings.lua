-- The steps of claiming.py inside Redis: a script runs alone there, so each call is atomic.
--
-- utpost:key              the key's record (keys.py)
-- utpost:m:<mailing>      hash: s sender, f first, l last, u until, n announced, b the mailing that it became
-- utpost:r:<mailing>      sorted set: person, scored with when it expires
-- utpost:w:<mailing>      hash: person, weight; only weights other than 1
-- utpost:c:<mailing>      hash: person, {first, weight}; only whom it reached while its sender had a permit
-- utpost:h:<mailing>      hash: attempt, {until, permit, persons}
-- utpost:a:<attempt>      the mailing for which it holds persons
-- utpost:k:<mark>         {until, mailing}
-- utpost:g:<sender>       hash: minima, {until, mailing}
-- utpost:p:<sender>       hash: permit, {mailing, persons, until, since}
-- utpost:l:<permit>       hash: attempt that leans on it, mailing
-- utpost:permits          hash: permit, sender
-- utpost:due              sorted set: mailing, scored with when it expires
--
-- Ids are 8 octets; persons travel as 12: id and weight. Keys are not declared: this is not for a Redis Cluster.
-- The expiry of keys follows the server's clock and only tidies up; what counts is the time that callers pass in.

local call, pack, unpack_ = redis.call, cmsgpack.pack, cmsgpack.unpack
local operation, key_id, at = ARGV[1], ARGV[2], tonumber(ARGV[3])
local CHUNK = 500

local record = call('GET', 'utpost:key')
if not record or string.sub(record, 1, #key_id + 1) ~= key_id .. ':' then
  return {'key'}
end

local function text(number)
  return string.format('%.0f', number)
end

local function expire(key, till)
  call('PEXPIRE', key, text(math.max(1000, till - at)))
end

-- Calls act(first, last) for stretches of a list: Lua's stack holds only some thousand arguments.
local function stretches(length, act)
  for first = 1, length, CHUNK do
    act(first, math.min(first + CHUNK - 1, length))
  end
end

local function ids(octets)
  local list = {}
  for start = 1, #octets, 8 do
    list[#list + 1] = string.sub(octets, start, start + 7)
  end
  return list
end

local function people(octets)
  local list, weights = {}, {}
  for start = 1, #octets, 12 do
    local person = string.sub(octets, start, start + 7)
    list[#list + 1] = person
    weights[person] = struct.unpack('>I4', octets, start + 8)
  end
  return list, weights
end

-- --- finding the mailing ------------------------------------------------------------------------

local function root(mailing)
  while true do
    local found = call('HMGET', 'utpost:m:' .. mailing, 's', 'b')
    if not found[1] then
      return nil
    end
    if not found[2] then
      return mailing
    end
    mailing = found[2]
  end
end

local function touch(mailing, last, till)
  local meta = 'utpost:m:' .. mailing
  local found = call('HMGET', meta, 'l', 'u')
  last, till = math.max(last, tonumber(found[1])), math.max(till, tonumber(found[2]))
  call('HSET', meta, 'l', text(last), 'u', text(till))
  call('ZADD', 'utpost:due', text(till), mailing)
  for _, kind in ipairs({'m', 'r', 'w', 'c', 'h'}) do
    expire('utpost:' .. kind .. ':' .. mailing, till)
  end
end

local function drop(mailing)
  for _, kind in ipairs({'r', 'w', 'c', 'h', 'm'}) do
    call('UNLINK', 'utpost:' .. kind .. ':' .. mailing)
  end
  call('ZREM', 'utpost:due', mailing)
end

local function purge(mailing)
  local reached = 'utpost:r:' .. mailing
  local oldest = call('ZRANGE', reached, 0, 0, 'WITHSCORES')
  if not oldest[2] or tonumber(oldest[2]) > at then
    return
  end
  local gone = call('ZRANGEBYSCORE', reached, '-inf', text(at))
  stretches(#gone, function(first, last)
    call('HDEL', 'utpost:w:' .. mailing, unpack(gone, first, last))
    call('HDEL', 'utpost:c:' .. mailing, unpack(gone, first, last))
  end)
  call('ZREMRANGEBYSCORE', reached, '-inf', text(at))
end

local function count_reached(mailing)
  purge(mailing)
  local total = call('ZCARD', 'utpost:r:' .. mailing)
  for _, weight in ipairs(call('HVALS', 'utpost:w:' .. mailing)) do
    total = total + tonumber(weight) - 1
  end
  return total
end

-- Returns person to weight for those of the list that the mailing has reached.
local function known(mailing, list)
  purge(mailing)
  local found = {}
  local weighty = call('EXISTS', 'utpost:w:' .. mailing) == 1
  stretches(#list, function(first, last)
    local scores = call('ZMSCORE', 'utpost:r:' .. mailing, unpack(list, first, last))
    local weights = weighty and call('HMGET', 'utpost:w:' .. mailing, unpack(list, first, last))
    for number, score in ipairs(scores) do
      if score then
        found[list[first + number - 1]] = weights and tonumber(weights[number]) or 1
      end
    end
  end)
  return found
end

-- Persons of the list count as reached until tills[number]; a weight only grows while its person counts.
local function reach(mailing, list, weights, tills)
  local before = known(mailing, list)
  stretches(#list, function(first, last)
    local members = {}
    for number = first, last do
      members[#members + 1] = text(tills[number])
      members[#members + 1] = list[number]
    end
    call('ZADD', 'utpost:r:' .. mailing, 'GT', unpack(members))
  end)
  for _, person in ipairs(list) do
    if weights[person] > (before[person] or 1) then
      call('HSET', 'utpost:w:' .. mailing, person, text(weights[person]))
    end
  end
  return before
end

local function absorb(into, gone)
  purge(gone)
  local members = call('ZRANGE', 'utpost:r:' .. gone, 0, -1, 'WITHSCORES')
  local list, tills = {}, {}
  for number = 1, #members, 2 do
    list[#list + 1], tills[#tills + 1] = members[number], tonumber(members[number + 1])
  end
  reach(into, list, known(gone, list), tills)
  local charged = call('HGETALL', 'utpost:c:' .. gone)
  for number = 1, #charged, 2 do
    local theirs = unpack_(charged[number + 1])
    local ours = call('HGET', 'utpost:c:' .. into, charged[number])
    ours = ours and unpack_(ours) or theirs
    local both = pack({math.min(ours[1], theirs[1]), math.max(ours[2], theirs[2])})
    call('HSET', 'utpost:c:' .. into, charged[number], both)
  end
  local held = call('HGETALL', 'utpost:h:' .. gone)
  for number = 1, #held, 2 do
    call('HSET', 'utpost:h:' .. into, held[number], held[number + 1])
  end
  local theirs = call('HMGET', 'utpost:m:' .. gone, 's', 'l', 'u', 'n')
  local announced = math.max(tonumber(theirs[4]), tonumber(call('HGET', 'utpost:m:' .. into, 'n')))
  call('HSET', 'utpost:m:' .. into, 'n', text(announced))
  touch(into, tonumber(theirs[2]), tonumber(theirs[3]))
  local permits = call('HGETALL', 'utpost:permits')
  for number = 1, #permits, 2 do
    local permit = unpack_(call('HGET', 'utpost:p:' .. permits[number + 1], permits[number]))
    if permit[1] == gone then
      permit[1] = into
      call('HSET', 'utpost:p:' .. permits[number + 1], permits[number], pack(permit))
    end
  end
  for _, kind in ipairs({'r', 'w', 'c', 'h'}) do
    call('UNLINK', 'utpost:' .. kind .. ':' .. gone)
  end
  call('HSET', 'utpost:m:' .. gone, 'b', into)
end

-- Makes the mailings of a set one, under the name of the oldest.
local function join(found)
  local list = {}
  for mailing in pairs(found) do
    list[#list + 1] = {mailing, tonumber(call('HGET', 'utpost:m:' .. mailing, 'f'))}
  end
  table.sort(list, function(one, other)
    return one[2] < other[2] or (one[2] == other[2] and one[1] < other[1])
  end)
  for number = 2, #list do
    absorb(list[1][1], list[number][1])
  end
  return list[1][1]
end

-- Returns how many minima are equal, or 0 when they are too few to be similar.
local function alike(ours, other, similar)
  local same, byte = #ours, string.byte
  if #other ~= same then
    return 0
  end
  for number = 1, #ours do
    if byte(other, number) ~= ours[number] then
      same = same - 1
      if same < similar then
        return 0
      end
    end
  end
  return same
end

-- Adds the mailings of similar contents to a set; returns the contents that is to be remembered.
local function compare(claim, found)
  local contents, closest, fresh = claim.minima, claim.same, true
  local oldest, oldest_till, kept = nil, math.huge, 0
  local ours = {string.byte(claim.minima, 1, -1)}
  local all = call('HGETALL', 'utpost:g:' .. claim.sender)
  for number = 1, #all, 2 do
    local entry = unpack_(all[number + 1])
    if entry[1] <= at then
      call('HDEL', 'utpost:g:' .. claim.sender, all[number])
    else
      kept = kept + 1
      if entry[1] < oldest_till then
        oldest, oldest_till = all[number], entry[1]
      end
      local same = alike(ours, all[number], claim.similar)
      local mailing = same >= claim.similar and root(entry[2])
      if mailing then
        found[mailing] = true
        if same >= closest then
          contents, closest, fresh = all[number], same, false
        end
      end
    end
  end
  if fresh and kept >= claim.recalled then
    call('HDEL', 'utpost:g:' .. claim.sender, oldest)
  end
  return contents
end

local function begin(claim)
  -- It may have become a part of a mailing that was forgotten since.
  call('DEL', 'utpost:m:' .. claim.mailing)
  call('HSET', 'utpost:m:' .. claim.mailing, 's', claim.sender, 'f', text(at), 'l', text(at), 'u', text(at), 'n', 0)
end

local function locate(claim)
  local found, contents = {}, ''
  for _, mark in ipairs(claim.marks) do
    local entry = call('GET', 'utpost:k:' .. mark)
    entry = entry and unpack_(entry)
    local mailing = entry and entry[1] > at and root(entry[2])
    if mailing then
      found[mailing] = true
    end
  end
  local holder = call('GET', 'utpost:a:' .. claim.attempt)
  holder = holder and root(holder)
  local hold = holder and call('HGET', 'utpost:h:' .. holder, claim.attempt)
  if hold and unpack_(hold)[1] > at then
    found[holder] = true
  end
  if claim.minima ~= '' then
    contents = compare(claim, found)
  end
  local mailing
  if next(found) then
    mailing = join(found)
  else
    mailing = root(claim.mailing)
    if not mailing then
      begin(claim)
      mailing = claim.mailing
    end
  end
  local tied_till = claim.till + claim.held_till - at
  local entry = pack({tied_till, mailing})
  for _, mark in ipairs(claim.marks) do
    call('SET', 'utpost:k:' .. mark, entry, 'PX', text(math.max(1000, tied_till - at)))
  end
  if contents ~= '' then
    call('HSET', 'utpost:g:' .. claim.sender, contents, entry)
    expire('utpost:g:' .. claim.sender, tied_till)
  end
  touch(mailing, at, tied_till)
  return mailing
end
