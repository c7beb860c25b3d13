import {ConfigError} from '../../model/errors.ts';
import type {JobQueue} from '../../queue/job-queue.ts';
import {openRedis, type Redis} from '../../redis/open-redis.ts';
import type {FlagValues} from '../flags/flags.ts';
import {redisFrom} from '../flags/redis.ts';
import type {World} from '../world.ts';

export interface OpenQueue {
	/** For states and quotas. */
	readonly redis: Redis;
	readonly queue: JobQueue;
	close(): Promise<void>;
}

/** The queue and the Redis that it is in. Throws where that is not to be had, before anything is done. */
export async function openQueue(values: FlagValues, world: World): Promise<OpenQueue> {
	const address = redisFrom(values, world);
	const redis = await openRedis(address);
	const {bullQueue} = await import('../../queue/bullmq-queue.ts').catch((error: unknown) => {
		redis.disconnect();
		throw new ConfigError('expected the packages bullmq and ioredis: npm install bullmq ioredis', {cause: error});
	});
	const queue = bullQueue(address);
	return {
		redis,
		queue,
		async close() {
			await queue.close();
			redis.disconnect();
		},
	};
}
