/**
 * Do several processes keep one quota in Redis, and use it? Four processes send all they may to a server that answers
 * after 50 ms and notes what arrives: `tsx <this file> [seconds] [credentials] [rate]`; default 150, 1 and 600/min.
 */
import {fork} from 'node:child_process';
import {once} from 'node:events';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import {fileURLToPath} from 'node:url';
import type {Redis} from 'ioredis';
import {z} from 'zod';
import {connect} from '../lib/http/connect.ts';
import {Meter} from '../lib/model/meter.ts';
import {basicOptions, httpOptions, tokenOption, parseRate} from '../lib/options/options.ts';
import {openRedis, redisQuota, shareQuota} from '../lib/redis/index.ts';
import {startRedis} from '../test/support/redis.ts';

const processes = 4;
const latencyMs = 50;
/** Requests side by side on one credential, in all processes. */
const maxSideBySide = 16;
const [seconds = '150', credentials = '1', rate = '600/min'] = process.argv.slice(2);

if (process.send) await send(process.env['BENCH_REDIS']!, process.env['BENCH_SERVER']!);
else await measure();

async function send(redisUrl: string, endpoint: string): Promise<void> {
	shareQuota(redisQuota(await openRedis({url: redisUrl})));
	process.once('disconnect', () => process.exit());
	const schema = z.object({...httpOptions, ...tokenOption, ...basicOptions, endpoint: z.string()});
	for (let n = 0; n < Number(credentials); n++) {
		const options = schema.parse({token: `tenant-${n}`, endpoint, rate});
		const sideBySide = Number(credentials) > 1 ? 1 : maxSideBySide / processes;
		for (let m = 0; m < sideBySide; m++) {
			const {client} = connect({name: 'bench', auth: ['bearer']}, options, new Meter());
			void (async () => {
				for (;;) await client({method: 'GET', path: '/', query: [['from', String(process.pid)]]});
			})();
		}
	}
}

async function measure(): Promise<void> {
	const redisServer = await startRedis();
	const redis = await openRedis({url: redisServer.url});
	const seen = new Map<string, number[]>();
	const shares = new Map<string, number>();
	const server = http.createServer(({url, headers: {authorization = ''}}, response) => {
		if (!seen.has(authorization)) seen.set(authorization, []);
		seen.get(authorization)!.push(performance.now());
		shares.set(url!, (shares.get(url!) ?? 0) + 1);
		setTimeout(() => response.setHeader('content-type', 'application/json').end('{}'), latencyMs);
	});
	await once(server.listen(0, '127.0.0.1'), 'listening');
	const {port} = server.address() as AddressInfo;
	const env = {...process.env, BENCH_REDIS: redisServer.url, BENCH_SERVER: `http://127.0.0.1:${port}`};
	const children = Array.from({length: processes}, () =>
		fork(fileURLToPath(import.meta.url), process.argv.slice(2), {env}),
	);
	// a Redis that has just started lets nothing through before a span is over
	await once(server, 'request');
	await redis.config('RESETSTAT');
	await new Promise(resolve => setTimeout(resolve, Number(seconds) * 1000));
	report([...seen.values()], [...shares.values()]);
	await reportRedis(redis, [...seen.values()].flat().length);
	for (const child of children) child.disconnect();
	redis.disconnect();
	server.close().closeAllConnections();
	await redisServer.close();
}

function report(seen: readonly (readonly number[])[], byProcess: readonly number[]): void {
	const {requests, perMs} = parseRate(rate)!;
	// the highest number in a span, and how long the same number of requests takes, without the first burst
	const most = seen.map(times => {
		let first = 0;
		let highest = 0;
		for (const [n, at] of times.entries()) {
			while (times[first]! <= at - perMs) first++;
			highest = Math.max(highest, n + 1 - first);
		}
		return highest;
	});
	const shares = seen.map(times => {
		const turns = times.slice(requests).map((at, n) => at - times[n]!);
		return (perMs * turns.length) / turns.reduce((sum, turn) => sum + turn, 0);
	});
	const sorted = shares.toSorted((a, b) => a - b);
	const total = seen.flat().length;
	console.log(
		`${processes} processes, ${seen.length} credentials, ${rate}, ${seconds} s: ${total} requests; ` +
			`at most ${Math.max(...most)} in any ${perMs} ms; ` +
			`used ${sorted[0]!.toFixed(3)}–${sorted.at(-1)!.toFixed(3)}; ` +
			`by process ${byProcess.map(count => (count / total).toFixed(3)).join(', ')}`,
	);
}

async function reportRedis(redis: Redis, requests: number): Promise<void> {
	const stats = await redis.info('commandstats');
	const scripts = Number(/cmdstat_evalsha:calls=(\d+),usec=(\d+)/.exec(stats)?.[1]);
	const usec = Number(/cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(stats)?.[1]);
	const keys = await redis.keys('rxaudit:quota:*');
	const bytes = await Promise.all(keys.map(async key => (await redis.memory('USAGE', key)) ?? 0));
	const sum = bytes.reduce((total, size) => total + size, 0);
	const windows = keys.filter(key => key.endsWith(':rates')).length;
	console.log(
		`Redis: ${(scripts / requests).toFixed(2)} scripts a request, ${(usec / scripts).toFixed(0)} µs each; ` +
			`${keys.length} keys, ${Math.round(sum / windows)} bytes a credential`,
	);
}
