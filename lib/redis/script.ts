import {createHash} from 'node:crypto';
import type {Redis} from 'ioredis';

/** A Lua script: all of it happens in Redis, or nothing. */
export type Script = (
	redis: Redis,
	keys: readonly string[],
	args: readonly (string | number | Buffer)[],
) => Promise<unknown>;

/** A script that Redis is sent once, and again where it was restarted. */
export function luaScript(lua: string): Script {
	const sha1 = createHash('sha1').update(lua).digest('hex');
	return async (redis, keys, args) => {
		const given = [keys.length, ...keys, ...args] as const;
		try {
			return await redis.evalsha(sha1, ...given);
		} catch (error) {
			if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
			return redis.eval(lua, ...given);
		}
	};
}
