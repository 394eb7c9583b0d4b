// What has to happen in Redis in one step. Each has one key, so a cluster runs it where that key is; time is the server's, so
// collectors whose clocks differ count alike.

const NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * ARGV cost, burst, per second: the generic cell rate algorithm (ITU-T I.371), as MemoryRateStore has it. The key holds when
 * all of the allowance is there again. Replies whether it is allowed, and after how many milliseconds it would be.
 */
const TAKE_RATE = `${NOW}
local each = 1000 / tonumber(ARGV[3])
local before = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local after = before + tonumber(ARGV[1]) * each
local over = after - now - tonumber(ARGV[2]) * each
if over > 0 then return {0, math.ceil(over)} end
redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.ceil(after - now) + 1)
return {1, 0}`;

/** ARGV time to live. Counts one more wrong try; the key holds how many, and when the last was. */
const ADD_WRONG = `${NOW}
local wrong = redis.call('HINCRBY', KEYS[1], 'wrong', 1)
redis.call('HSET', KEYS[1], 'at', now)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return wrong`;

/** Replies how many wrong tries there were, and how many milliseconds ago the last was. */
const READ_WRONG = `${NOW}
local found = redis.call('HMGET', KEYS[1], 'wrong', 'at')
if not found[1] then return {0, 0} end
return {tonumber(found[1]), math.max(0, now - tonumber(found[2]))}`;

/** ARGV number, time to live. Never goes back: of two who say it at once the higher stays. Replies what stands. */
const RAISE = `local held = tonumber(redis.call('GET', KEYS[1]) or -1)
local raised = math.max(held, tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%d', raised), 'PX', ARGV[2])
return raised`;

export type ScriptName = 'takeRate' | 'addWrong' | 'readWrong' | 'raise';

export const SCRIPTS: Record<ScriptName, { lua: string; numberOfKeys: number }> = {
  takeRate: { lua: TAKE_RATE, numberOfKeys: 1 },
  addWrong: { lua: ADD_WRONG, numberOfKeys: 1 },
  readWrong: { lua: READ_WRONG, numberOfKeys: 1 },
  raise: { lua: RAISE, numberOfKeys: 1 },
};
