import assert from 'node:assert/strict';
import {once} from 'node:events';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import type {Redis} from 'ioredis';
import {openRedis} from '../../lib/redis/open-redis.ts';
import {redisQuota} from '../../lib/redis/redis-quota.ts';
import {type Child, startChild} from '../support/child.ts';
import {startRedis, type TestRedis} from '../support/redis.ts';

const rate = {requests: 30, perMs: 1000};

describe('redisQuota', () => {
	let redisServer: TestRedis;
	let redis: Redis;
	/** When requests came to the server. */
	let seen: number[] = [];
	let answer: (response: http.ServerResponse) => void;
	let server: http.Server;
	let children: Child[] = [];

	before(async () => {
		redisServer = await startRedis();
		redis = await openRedis({url: redisServer.url});
		server = http.createServer((_, response) => {
			seen.push(performance.now());
			answer(response);
		});
		await once(server.listen(0, '127.0.0.1'), 'listening');
		const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
		answer = response => void response.end('ok');
		children = Array.from({length: 4}, () =>
			startChild('quota-child.ts', [redisServer.url, url, `${rate.requests}`, `${rate.perMs}`]),
		);
		for (const child of children) assert.equal(await child.next(), 'ready');
	});
	beforeEach(() => {
		seen = [];
		answer = response => void response.end('ok');
	});
	after(async () => {
		await Promise.all(children.map(async child => child.end()));
		redis.disconnect();
		server.close();
		await redisServer.close();
	});

	/** Resolves when so many more requests have come. */
	const arrived = async (count: number) => {
		for (const goal = seen.length + count; seen.length < goal;) await once(server, 'request');
	};
	const mostInSpan = () =>
		Math.max(...seen.map((from, at) => seen.slice(at).filter(time => time < from + rate.perMs).length));

	it('lets all processes together send no more than the rate in any span, and nearly as much', async () => {
		await arrived(4 * rate.requests);
		assert.ok(mostInSpan() <= rate.requests, `${mostInSpan()}`);
		const spans = (seen.at(-1)! - seen[0]!) / rate.perMs;
		assert.ok(seen.length / (spans + 1) > 0.7 * rate.requests, `${seen.length} in ${spans} spans`);
	});

	it('pauses all when one is refused', async () => {
		await arrived(5);
		const usual = answer;
		let refused = 0;
		answer = response => {
			answer = usual;
			refused = performance.now();
			response.writeHead(429, {'retry-after': '2'}).end();
		};
		await arrived(1);
		await arrived(17); // those that were on their way
		const first = seen.find(time => time > refused + 200)!;
		assert.ok(first >= refused + 1990, `${first - refused} ms`);
	});

	it('counts what was on its way when a process was killed', async () => {
		await arrived(rate.requests / 2);
		await children.pop()!.end('SIGKILL');
		await arrived(2 * rate.requests);
		assert.ok(mostInSpan() <= rate.requests, `${mostInSpan()}`);
	});

	it('holds a rate for all on the credential, also for those who know of none', async () => {
		const quota = redisQuota(redis);
		const strict = {requests: 2, perMs: 60_000};
		for (const rates of [[rate], [strict]]) assert.equal(typeof (await quota.take('two', rates, 1000)), 'function');
		for (const rates of [[rate], [strict], []]) assert.equal(typeof (await quota.take('two', rates, 1000)), 'number');
		assert.equal(typeof (await quota.take('nobody knows a rate', [], 1000)), 'function');
	});

	it('takes nothing for one that was told of a failure, though Redis hears of it later', async () => {
		const hasty = redis.duplicate({commandTimeout: 100});
		const quota = redisQuota(hasty);
		const take = async () => typeof (await quota.take('hasty', [{...rate, requests: 2}], 10_000));
		assert.equal(await take(), 'function');
		redisServer.pause();
		await assert.rejects(take(), /timed out/);
		redisServer.resume();
		await hasty.ping();
		assert.deepEqual([await take(), await take()], ['function', 'number']);
		hasty.disconnect();
	});

	it('holds nothing from which a credential can be seen', async () => {
		await redisQuota(redis).take('https://api.example\nBasic YWRtaW46c2VjcmV0', [rate], 1000);
		const keys = await redis.keys('rxaudit:*');
		const dump = keys.join(' ') + (await Promise.all(keys.map(async key => redis.type(key)))).join(' ');
		assert.ok(keys.length >= 2 && !/YWRtaW46|secret|example/.test(dump), dump);
		for (const key of keys) assert.ok((await redis.pttl(key)) > 0, `${key} stays for ever`);
	});

	it('counts across a Redis that starts again without its data', async () => {
		await arrived(rate.requests / 2);
		await redisServer.stop();
		await redisServer.start();
		await arrived(2 * rate.requests);
		assert.ok(mostInSpan() <= rate.requests, `${mostInSpan()}`);
	});
});
