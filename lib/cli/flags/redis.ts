import {ConfigError} from '../../model/errors.ts';
import type {RedisAddress} from '../../redis/open-redis.ts';
import {fileIn, type World} from '../world.ts';
import {secretIn} from './credentials.ts';
import {type Flags, type FlagValues, textIn} from './flags.ts';

export const redisFlags: Flags = {
	redis: {value: 'URL', help: 'redis://HOST:PORT/DATABASE, or rediss://USER@HOST:PORT for TLS; one database a file'},
	'redis-password-file': {value: 'FILE', help: 'file with its password (else: RXAUDIT_REDIS_PASSWORD)'},
	'redis-insecure': {help: 'let the password travel in the clear, in a network that you trust'},
	'redis-ca-file': {
		value: 'FILE',
		help: 'PEM file with certificates of authorities to trust beside the well-known ones',
	},
};

/** Where Redis is, by flags and environment. Throws a ConfigError where nothing says so. */
export function redisFrom(values: FlagValues, world: Pick<World, 'cwd' | 'env'>): RedisAddress {
	const [url, file, caFile] = (['redis', 'redis-password-file', 'redis-ca-file'] as const).map(flag =>
		textIn(values, flag),
	);
	if (url === undefined) {
		throw new ConfigError('--redis: expected the address of a Redis, such as redis://127.0.0.1:6379, got none');
	}
	const password =
		file === undefined
			? world.env['RXAUDIT_REDIS_PASSWORD'] || undefined
			: secretIn(fileIn(world, file), '--redis-password-file')();
	return {
		url,
		password,
		insecure: values['redis-insecure'] === true,
		caFile: caFile === undefined ? undefined : fileIn(world, caFile),
	};
}
