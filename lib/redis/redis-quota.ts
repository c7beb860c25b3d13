import {randomBytes, scrypt} from 'node:crypto';
import {promisify} from 'node:util';
import type {Redis} from 'ioredis';
import type {Rate, SharedQuota} from '../http/limiter.ts';
import {luaScript} from './script.ts';

/** What all keys of quotas begin with. */
const quotaKeys = 'rxaudit:quota:';
/** Where all that counts is still running, somebody asks again after so long at most, at random, in milliseconds. */
const askAgainMs = 100;
/** So many credentials are remembered by their hash, which takes a tenth of a second to compute. */
const maxIdentities = 10_000;

const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
`;
/**
 * KEYS: a sorted set with a member for each request, whose score is when it ended, or, while it runs, when it must have
 * ended; a pause; a hash of rates and when somebody last asked by them. ARGV: the member, how long it may run, and
 * pairs of requests and milliseconds. The clock of a server may be 0.1 % faster.
 */
const take = luaScript(`${now}
local paused = redis.call('PTTL', KEYS[2])
if paused > 0 then return {'wait', paused} end
local isNew = redis.call('EXISTS', KEYS[3]) == 0
if isNew and #ARGV == 2 then return {'free'} end
local longest = 0
for index = 4, #ARGV, 2 do longest = math.max(longest, ARGV[index] * 1.001) end
if isNew then
	local upMs = (redis.call('INFO', 'server'):match('uptime_in_seconds:(%d+)') - 1) * 1000
	if upMs < longest then return {'wait', math.ceil(longest - upMs)} end
end
for index = 3, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[index] .. ' ' .. ARGV[index + 1], now) end
local rates, known = {}, redis.call('HGETALL', KEYS[3])
for index = 1, #known, 2 do
	local requests, perMs = known[index]:match('(%S+) (%S+)')
	local span = perMs * 1.001
	if known[index + 1] + span + ARGV[2] < now then
		redis.call('HDEL', KEYS[3], known[index])
	else
		rates[#rates + 1] = {tonumber(requests), span}
		longest = math.max(longest, span)
	end
end
local function keep(key)
	redis.call('PEXPIRE', key, math.max(redis.call('PTTL', key), math.ceil(longest + ARGV[2])))
end
keep(KEYS[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - longest)
for _, rate in ipairs(rates) do
	local requests, span = unpack(rate)
	local score = redis.call('ZRANGE', KEYS[1], -requests, -requests, 'WITHSCORES')[2]
	if score and tonumber(score) > now then return {'running'} end
	if score and score + span > now then return {'wait', math.ceil(score + span - now)} end
end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
keep(KEYS[1])
return {'taken'}
`);
/** Also where Redis has forgotten that it runs. */
const end = luaScript(`${now}
redis.call('ZADD', KEYS[1], now, ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
`);
const pause = luaScript(`
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end
return 1
`);

/**
 * Quotas in Redis: one sliding window for each credential, in requests, for all who use it on any machine. A place is
 * taken when a request is sent and given back when its span is over behind its end, by the clock of Redis: whatever the
 * latency, the server never counts more. One whose process died counts as if it had ended at its `timeoutMs`. A rate that
 * one of them keeps holds for all requests of the credential, until for its span nobody has asked by it.
 *
 * A Redis that has just started without its data lets nothing through until the longest span is over. What it cannot see:
 * data that is deleted while it runs, or that a replica had not got yet when it took over, and a clock that jumps.
 *
 * Credentials are told apart by a scrypt hash of their origin and what is sent, so that a password cannot be guessed
 * from what is in Redis: a new token is a new credential.
 *
 * `taken` is told of each request that a rate lets through: the key of its credential, and the rates that it came with.
 */
export function redisQuota(redis: Redis, taken: (key: string, rates: readonly Rate[]) => void = () => {}): SharedQuota {
	const own = randomBytes(6).toString('base64url');
	const identities = new Map<string, Promise<string>>();
	let count = 0;

	async function keyOf(credential: string): Promise<string> {
		let identity = identities.get(credential);
		if (!identity) {
			identities.set(credential, (identity = identityOf(credential)));
			if (identities.size > maxIdentities) identities.delete(identities.keys().next().value!);
		}
		return quotaKeys + (await identity);
	}

	return {
		async take(credential, rates, timeoutMs) {
			const key = await keyOf(credential);
			const member = `${own}${++count}`;
			const pairs = rates.flatMap(({requests, perMs}) => [requests, perMs]);
			const keys = [key, `${key}:paused`, `${key}:rates`];
			const taking = take(redis, keys, [member, timeoutMs, ...pairs]) as Promise<[string, number]>;
			const [answer, waitMs] = await taking.catch(error => {
				// a command that timed out may still be on its way to a Redis that comes back; this one is behind it
				void redis.zrem(key, member).catch(() => {});
				throw error;
			});
			if (answer === 'wait') return Math.max(1, waitMs);
			if (answer === 'running') return askAgainMs * (0.2 + 0.8 * Math.random());
			if (answer === 'free') return () => {};
			taken(key, rates);
			const keepMs = Math.ceil(Math.max(...rates.map(({perMs}) => perMs * 1.001), timeoutMs));
			// one that cannot be given back counts as long as one whose process died
			return () => void end(redis, [key], [member, keepMs]).catch(() => {});
		},
		async pause(credential, ms) {
			await pause(redis, [`${await keyOf(credential)}:paused`], [Math.max(1, Math.ceil(ms))]);
		},
	};
}

const hash = promisify(scrypt) as (secret: string, salt: string, bytes: number) => Promise<Buffer>;

async function identityOf(credential: string): Promise<string> {
	return (await hash(credential, 'rxaudit quota', 18)).toString('base64url');
}
