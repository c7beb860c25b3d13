import {createInterface} from 'node:readline';
import {limiterFor, shareQuota} from '../../lib/http/limiter.ts';
import {Meter} from '../../lib/model/meter.ts';
import {openRedis} from '../../lib/redis/open-redis.ts';
import {redisQuota} from '../../lib/redis/redis-quota.ts';

/** Sends requests to a server side by side, as fast as a quota in Redis lets it, until its input ends. */
const [redisUrl, server, requests, perMs] = process.argv.slice(2) as [string, string, string, string];
const redis = await openRedis({url: redisUrl});
shareQuota(redisQuota(redis));
const limiter = limiterFor(server, 'test');
limiter.identify(async () => `${server} Bearer test`, 10_000);
limiter.limit('api', {requests: Number(requests), perMs: Number(perMs)});
const ended = new AbortController();
createInterface(process.stdin).once('close', () => ended.abort());

async function send(): Promise<void> {
	const meter = new Meter();
	while (!ended.signal.aborted) {
		const end = await limiter.acquire('api', meter, ended.signal);
		const response = await fetch(server);
		end();
		if (response.status === 429) limiter.pause(Number(response.headers.get('retry-after')) * 1000, 'api');
	}
}

console.log('ready');
await Promise.allSettled(Array.from({length: 4}, send));
redis.disconnect();
