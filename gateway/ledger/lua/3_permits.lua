-- Permits, lists and sweeping; goes on where 2_claims.lua ends, and answers the call.

local function revoke(permit)
  local sender = call('HGET', 'utpost:permits', permit)
  if sender then
    call('HDEL', 'utpost:p:' .. sender, permit)
    call('HDEL', 'utpost:permits', permit)
  end
  return sender and 1 or 0
end

function operations.grant()
  local id, sender, mailing = ARGV[4], ARGV[5], ARGV[6] ~= '' and ARGV[6]
  revoke(id)
  local permit = {mailing and (root(mailing) or mailing), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]) or false}
  call('HSET', 'utpost:p:' .. sender, id, pack(permit))
  call('HSET', 'utpost:permits', id, sender)
  return {'done'}
end

function operations.revoke()
  return {'done', revoke(ARGV[4])}
end

-- Returns id, sender, mailing, persons, until, since and charged persons of each permit.
function operations.permits()
  local list = {'done'}
  local all = call('HGETALL', 'utpost:permits')
  for number = 1, #all, 2 do
    local entry = call('HGET', 'utpost:p:' .. all[number + 1], all[number])
    local permit = entry and unpack_(entry)
    if permit and permit[3] > at then
      local used = permit[1] and count_charged(permit[1], permit[4]) or 0
      list[#list + 1] = {all[number], all[number + 1], permit[1] or '', permit[2], permit[3], permit[4] or '', used}
    end
  end
  return list
end

-- Returns id, sender, reached, reserved, announced, first and last of those of the mailings that are alive.
function operations.mailings()
  local list = {'done'}
  for number = 4, #ARGV do
    local mailing = ARGV[number]
    local meta = call('HMGET', 'utpost:m:' .. mailing, 's', 'u', 'n', 'f', 'l', 'b')
    if meta[1] and not meta[6] and tonumber(meta[2]) > at then
      list[#list + 1] = {
        mailing, meta[1], count_reached(mailing), count_reserved(mailing, '', {}),
        tonumber(meta[3]), tonumber(meta[4]), tonumber(meta[5]),
      }
    end
  end
  return list
end

function operations.forget()
  local mailing = root(ARGV[4])
  if mailing then
    drop(mailing)
  end
  return {'done', mailing and 1 or 0}
end

function operations.sweep()
  local swept, most = 0, tonumber(ARGV[4])
  for _, mailing in ipairs(call('ZRANGEBYSCORE', 'utpost:due', '-inf', text(at), 'LIMIT', 0, most)) do
    if swept < most then
      swept = swept + 1 + call('ZCARD', 'utpost:r:' .. mailing)
      drop(mailing)
    end
  end
  local all = call('HGETALL', 'utpost:permits')
  for number = 1, #all, 2 do
    local entry = call('HGET', 'utpost:p:' .. all[number + 1], all[number])
    if not entry or unpack_(entry)[3] <= at then
      swept = swept + revoke(all[number])
    end
  end
  return {'done', swept}
end

function operations.ping()
  return {'done'}
end

return operations[operation]()
