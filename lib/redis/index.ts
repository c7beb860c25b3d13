/** States and quotas in Redis, for pipelines that several machines run. Needs `npm install ioredis`. */
export {shareQuota} from '../http/limiter.ts';
export type {SharedQuota} from '../http/limiter.ts';
export {openRedis} from './open-redis.ts';
export type {RedisAddress} from './open-redis.ts';
export {redisQuota} from './redis-quota.ts';
export {redisState} from './redis-state.ts';
export type {RedisStateOptions} from './redis-state.ts';
