/**
 * Do workers lose or double anything while they are killed and stopped, and Redis with them, and do four do more than one? Each
 * tenant's log is cut into windows, a job each, and read by processes of `rxaudit worker` into a folder, a bucket or an index of
 * Elasticsearch, by turns; what lies there is compared with what the emulator holds:
 * `tsx <this file> [workers] [tenants] [windows] [latency ms] [calm]`; default 4, 200, 30 and 5. Needs `npm run build`, and
 * redis-server.
 */
import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {gunzipSync} from 'node:zlib';
import {startEmulator} from '../lib/emulator/index.ts';
import {openRedis} from '../lib/redis/index.ts';
import {startGcsServer} from '../test/support/gcs-server.ts';
import {startElastic} from '../test/support/http-receivers.ts';
import {startRedis} from '../test/support/redis.ts';

const [workers = 4, tenants = 200, windows = 30, latencyMs = 5] = process.argv.slice(2, 6).map(Number);
const isCalm = process.argv[6] === 'calm';
const eventsPerWindow = 10;
const windowMs = eventsPerWindow * 60_000;
/** Of the credential that all tenants share. */
const perMin = isCalm ? 1_000_000 : 6000;

const cli = fileURLToPath(new URL('../dist/lib/cli/main.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'rxaudit-workers-'));
const redisServer = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
const bucket = await startGcsServer();
const emulator = await startEmulator({
	events: windows * eventsPerWindow,
	latencyMs,
	rateLimit: {requests: perMin, perMs: 60_000},
	faults: isCalm
		? []
		: [
				{kind: 'status', status: 503, probability: 0.02},
				{kind: 'reset', probability: 0.01},
			],
});
/** One for each tenant that has one, since tenants have the same ids. */
const indexes = new Map<string, Awaited<ReturnType<typeof startElastic>>>();
const names = Array.from({length: tenants}, (_, at) => `t${at}`);
for (const [at, name] of names.entries()) if (!isCalm && at % 3 === 2) indexes.set(name, await startElastic('token'));
const since = new Date(Date.now() - (windows + 1) * windowMs).toISOString();
const config = {
	defaults: {
		source: {
			name: 'atlassian-org-events',
			token: {env: 'RXAUDIT_TOKEN'},
			endpoint: emulator.url,
			since,
			concurrency: 1,
			rate: isCalm ? 'off' : `${perMin}/min`,
			retryBaseMs: 50,
		},
	},
	pipelines: Object.fromEntries(names.map((name, at) => [name, {source: {orgId: name}, to: targetOf(name, at)}])),
};
writeFileSync(path.join(folder, 'c.yaml'), JSON.stringify(config));
const env = {PATH: process.env['PATH'], RXAUDIT_TOKEN: emulator.token, RXAUDIT_HTTP_TOKEN: 'token'};
const rxaudit = async (...args: string[]) =>
	promisify(execFile)(process.execPath, [cli, ...args, '--redis', redisServer.url], {
		cwd: folder,
		env,
		maxBuffer: 1e9,
	});

console.log((await rxaudit('enqueue', 'c.yaml', '--window', `${windowMs / 1000}s`)).stdout.trim());
const redis = await openRedis({url: redisServer.url});
let began = 0;
const running = new Set<ChildProcess>();
const rss: number[] = [];
let cpuMs = 0;
let [kills, stops, redisFaults] = [0, 0, 0];
let isOver = false;
const pool = Promise.all(Array.from({length: workers}, async () => work()));
if (!isCalm) void disturbRedis();
await isDrained();
const seconds = (performance.now() - began) / 1000;
isOver = true;
for (const worker of running) {
	rss.push(residentMb(worker.pid!));
	cpuMs += cpuMsOf(worker.pid!);
	worker.kill('SIGCONT');
	worker.kill('SIGTERM');
}
await pool;
const list = JSON.parse((await rxaudit('jobs', '--json')).stdout) as {failed: number; jobs: {reason?: string}[]};
const commands = Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))![1]);
const memory = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);

const held = Array.from(emulator.events(), ({id}) => id);
let [lost, doubled] = [0, 0];
for (const name of names) {
	const found = idsOf(name);
	const unique = new Set(found);
	doubled += found.length - unique.size;
	lost += held.filter(id => !unique.has(id)).length;
}
const answers = {
	workers,
	tenants,
	windows,
	seconds: Math.round(seconds * 10) / 10,
	kills,
	stops,
	redisFaults,
	lost,
	doubled,
	failed: list.failed,
	reasons: list.jobs.map(({reason}) => reason).slice(0, 5),
	requests: emulator.requestCount,
	requestsPerSecond: Math.round(emulator.requestCount / seconds),
	mostInAMinute: emulator.maxInWindow(60_000),
	jobsPerSecond: Math.round((tenants * (windows + 1)) / seconds),
	// of the workers that are left: of a calm run all, their start included
	cpuMsPerJob: Math.round(cpuMs / (tenants * (windows + 1))),
	redisCommandsPerRequest: Math.round((10 * commands) / emulator.requestCount) / 10,
	redisBytesPerTenant: Math.round(memory / tenants),
	workerRssMb: rss,
};
console.log(JSON.stringify(answers, undefined, 1));
redis.disconnect();
await emulator.close();
await bucket.close();
for (const index of indexes.values()) await index.close();
await redisServer.close();
rmSync(folder, {recursive: true});

/** A worker, and another one where it was killed. */
async function work(): Promise<void> {
	while (!isOver) {
		const worker = spawn(process.execPath, [cli, 'worker', 'c.yaml', '--quiet', '--redis', redisServer.url], {
			cwd: folder,
			env,
			stdio: ['ignore', 'ignore', process.env['BENCH_DEBUG'] ? 'inherit' : 'ignore'],
		});
		running.add(worker);
		const ended = new Promise<void>(resolve => worker.once('exit', () => resolve()));
		if (!isCalm) void disturb(worker);
		await ended;
		running.delete(worker);
	}
}

/** Stops it past its lease, or kills it, at any time. */
async function disturb(worker: ChildProcess): Promise<void> {
	for (;;) {
		await sleep(3000 + Math.random() * 12_000);
		if (isOver || worker.exitCode !== null || worker.signalCode !== null) return;
		if (Math.random() < 0.5) {
			kills++;
			worker.kill('SIGKILL');
			return;
		}
		stops++;
		worker.kill('SIGSTOP');
		await sleep(4000 + Math.random() * 8000);
		worker.kill('SIGCONT');
	}
}

/** Ends its connections, stops it for a while, or kills it and starts it again on what it has on disk. */
async function disturbRedis(): Promise<void> {
	while (emulator.requestCount === 0) await sleep(10); // until then a Redis that is new lets nothing through
	for (let turn = 0; ; turn++) {
		await sleep(10_000 + Math.random() * 10_000);
		if (isOver) return;
		redisFaults++;
		if (turn % 3 === 0) await redis.client('KILL', 'TYPE', 'NORMAL').catch(() => {});
		else if (turn % 3 === 1) {
			redisServer.pause();
			await sleep(4000);
			redisServer.resume();
		} else {
			await redisServer.stop('SIGKILL');
			await sleep(1000);
			await redisServer.start();
		}
	}
}

async function isDrained(): Promise<void> {
	while (emulator.requestCount === 0) await sleep(10);
	began = performance.now();
	for (;;) {
		await sleep(500);
		const keys = ['wait', 'active', 'delayed', 'prioritized'].map(state => `bull:rxaudit:${state}`);
		const sizes = await Promise.all(
			keys.map(async (key, at) => (at < 2 ? redis.llen(key) : redis.zcard(key)).catch(() => 1)),
		);
		if (sizes.every(size => size === 0)) return;
	}
}

function targetOf(name: string, at: number): object | string {
	const index = indexes.get(name);
	if (index)
		return {
			name: 'http',
			endpoint: `${index.origin}/_bulk`,
			body: 'elastic',
			auth: 'ApiKey',
			token: {env: 'RXAUDIT_HTTP_TOKEN'},
			index: name,
		};
	return isCalm || at % 3 === 0
		? `ndjson:${name}/`
		: `gcs:evidence/${name}/?apiEndpoint=${encodeURIComponent(bucket.url)}`;
}

function idsIn(lines: string): string[] {
	return lines
		.split('\n')
		.filter(line => line !== '')
		.map(line => (JSON.parse(line) as {id: string}).id);
}

function idsOf(name: string): string[] {
	const index = indexes.get(name);
	if (index) return idsIn(index.held.join('\n'));
	if (!existsSync(path.join(folder, name))) {
		const objects = bucket.bucket.list(`${name}/`).filter(object => object.name.endsWith('.ndjson.gz'));
		return objects.flatMap(object => idsIn(gunzipSync(object.bytes).toString()));
	}
	const files = readdirSync(path.join(folder, name), {recursive: true, encoding: 'utf8'});
	return files
		.filter(file => file.endsWith('.ndjson.gz'))
		.flatMap(file => idsIn(gunzipSync(readFileSync(path.join(folder, name, file))).toString()));
}

function residentMb(pid: number): number {
	const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
	return Math.round(Number(kilobytes) / 1024);
}

function cpuMsOf(pid: number): number {
	const behindName = readFileSync(`/proc/${pid}/stat`, 'utf8')
		.replace(/^.*\) /s, '')
		.split(' ');
	return 10 * (Number(behindName[11]) + Number(behindName[12]));
}
