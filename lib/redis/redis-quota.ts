import {randomBytes, scrypt} from 'node:crypto';
import {promisify} from 'node:util';
import type {Redis} from 'ioredis';
import type {SharedQuota} from '../http/limiter.ts';
import {luaScript} from './script.ts';

/** What all keys of quotas begin with. */
const quotaKeys = 'rxaudit:quota:';
/** A request whose process died counts for so long, as if it had been sent at the end of that, in milliseconds. */
const mostRunningMs = 120_000;
/** Where all that counts is still running, somebody asks again after so long, at random, in milliseconds. */
const askAgainMs = 100;

const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
`;
/**
 * A sorted set has a member for each request: its score is when it ended, or, while it runs, a time to come. ARGV: the
 * member, how long it may run, and pairs of requests and milliseconds. The clock of a server may be 0.1 % faster.
 */
const take = luaScript(`${now}
local paused = redis.call('PTTL', KEYS[2])
if paused > 0 then return {'wait', paused} end
if #ARGV == 2 then return {'free'} end
local longest = tonumber(redis.call('GET', KEYS[3]) or 0)
for index = 4, #ARGV, 2 do longest = math.max(longest, ARGV[index] * 1.001) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - longest)
for index = 3, #ARGV, 2 do
	local requests, span = tonumber(ARGV[index]), ARGV[index + 1] * 1.001
	if redis.call('ZCOUNT', KEYS[1], '(' .. now - span, '+inf') >= requests then
		local score = redis.call('ZRANGE', KEYS[1], -requests, -requests, 'WITHSCORES')[2]
		if tonumber(score) > now then return {'running'} end
		return {'wait', math.ceil(score + span - now)}
	end
end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local expires = math.ceil(longest + ARGV[2])
redis.call('PEXPIRE', KEYS[1], expires)
redis.call('SET', KEYS[3], longest, 'PX', expires)
return {'taken'}
`);
const end = luaScript(`${now} return redis.call('ZADD', KEYS[1], 'XX', now, ARGV[1])`);
const pause = luaScript(`
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end
return 1
`);

/**
 * Quotas in Redis: one sliding window for each credential, in requests, for all who use it on any machine. A place is
 * taken when a request is sent and given back when its span is over behind its end, by the clock of Redis: whatever the
 * latency, the server never counts more. A Redis that was started again without its data knows of no request before.
 *
 * Credentials are told apart by a scrypt hash of their origin and what is sent, so that a password cannot be guessed
 * from what is in Redis.
 */
export function redisQuota(redis: Redis): SharedQuota {
	const own = randomBytes(6).toString('base64url');
	const identities = new Map<string, Promise<string>>();
	let count = 0;

	async function keyOf(credential: string): Promise<string> {
		let identity = identities.get(credential);
		if (!identity) identities.set(credential, (identity = identityOf(credential)));
		return quotaKeys + (await identity);
	}

	return {
		async take(credential, rates) {
			const key = await keyOf(credential);
			const member = `${own}${++count}`;
			const pairs = rates.flatMap(({requests, perMs}) => [requests, perMs]);
			const keys = [key, `${key}:paused`, `${key}:span`];
			const [answer, waitMs] = (await take(redis, keys, [member, mostRunningMs, ...pairs])) as [string, number];
			if (answer === 'wait') return Math.max(1, waitMs);
			if (answer === 'running') return 1 + Math.random() * askAgainMs;
			if (answer === 'free') return () => {};
			// one that cannot be given back counts as long as one whose process died
			return () => void end(redis, [key], [member]).catch(() => {});
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
