/**
 * Where does it break first: many tenants, each with a credential of its own and 50 requests a minute, on one Redis? What Redis
 * does of a shared quota, and holds, is measured with real scripts; what a worker does is given, as `bench/workers.ts` measured it:
 * `tsx <this file> [credentials] [seconds] [CPU ms a job] [Redis commands a job] [ms an answer]`; default 500, 10, 40, 76 and 300.
 * Needs redis-server.
 */
import {readFileSync} from 'node:fs';
import {openRedis, redisQuota} from '../lib/redis/index.ts';
import {startRedis} from '../test/support/redis.ts';

const [credentials = 500, seconds = 10, cpuMsPerJob = 40, commandsPerJob = 76, answerMs = 300] = process.argv
	.slice(2)
	.map(Number);
/** Of a worker at work, as it is by default. */
const jobsAtOnce = 10;
const inFlight = 200;
const perMin = 50;

const server = await startRedis();
const redis = await openRedis({url: server.url});
const quota = redisQuota(redis);
const names = Array.from({length: credentials}, (_, at) => `https://api.example token-${at}`);
// a Redis that is new lets nothing through that has a rate: one of a second is over soon
const rates = [{requests: 1_000_000, perMs: 1000}];
const wait = async (): Promise<void> => {
	if (typeof (await quota.take(names[0]!, rates, 1000)) === 'number') {
		await new Promise(resolve => setTimeout(resolve, 200));
		await wait();
	}
};
await wait();
for (const name of names) await quota.take(name, rates, 1000); // their hashes are remembered from here on

const before = await figures();
const end = performance.now() + seconds * 1000;
let requests = 0;
await Promise.all(
	Array.from({length: inFlight}, async (_, at) => {
		for (let turn = at; performance.now() < end; turn += inFlight) {
			const taken = await quota.take(names[turn % credentials]!, rates, 1000);
			if (typeof taken === 'function') taken();
			requests++;
		}
	}),
);
const after = await figures();
const redisCpuMs = (1000 * (after.cpu - before.cpu)) / requests;
const perJob = (1000 * (after.cpu - before.cpu)) / (after.commands - before.commands);
redis.disconnect();
await server.close();

console.log(
	JSON.stringify({
		requestsPerSecond: Math.round(requests / seconds),
		redisCpuMsPerRequest: round(redisCpuMs, 4),
		redisCommandsPerRequest: round((after.commands - before.commands) / requests, 1),
		redisCpuMsPerCommand: round(perJob, 5),
		clientRssMb: Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024),
	}),
);
console.log('| tenants | requests a job | requests/s | jobs/s | workers by CPU | workers by latency | Redis, cores |');
console.log('| --- | --- | --- | --- | --- | --- | --- |');
for (const tenants of [100, 1000, 10_000]) {
	for (const requestsPerJob of [1, 50]) {
		const perSecond = (tenants * perMin) / 60;
		const jobs = perSecond / requestsPerJob;
		const row = [
			tenants,
			requestsPerJob,
			Math.round(perSecond),
			round(jobs, 1),
			Math.ceil((jobs * cpuMsPerJob) / 1000),
			Math.ceil((perSecond * answerMs) / 1000 / jobsAtOnce),
			round((perSecond * redisCpuMs + jobs * commandsPerJob * perJob) / 1000, 2),
		];
		console.log(`| ${row.join(' | ')} |`);
	}
}

async function figures(): Promise<{cpu: number; commands: number}> {
	const [cpu, stats] = [await redis.info('cpu'), await redis.info('stats')];
	const of = (text: string, name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(text)![1]);
	return {
		cpu: of(cpu, 'used_cpu_user') + of(cpu, 'used_cpu_sys'),
		commands: of(stats, 'total_commands_processed'),
	};
}

function round(value: number, digits: number): number {
	return Number(value.toFixed(digits));
}
