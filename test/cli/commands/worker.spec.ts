import assert from 'node:assert/strict';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {openRedis} from '../../../lib/redis/open-redis.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {openCli, runCli, type RunningCli, spawnCli} from '../../support/cli.ts';
import {idsIn} from '../../support/command-line.ts';
import {type Emulator, startEmulator} from '../../support/emulator.ts';
import {startRedis, type TestRedis} from '../../support/redis.ts';

describe('rxaudit enqueue, worker and jobs', () => {
	const folder = temporaryFolder();
	let redis: TestRedis;
	let emulator: Emulator;
	let database = -1;
	const workers: RunningCli[] = [];

	before(async () => {
		redis = await startRedis(['--appendonly', 'yes']);
		emulator = await startEmulator({events: 300, latencyMs: 5, newestMs: Date.now() - 120_000});
	});
	beforeEach(() => void database++);
	afterEach(() => {
		for (const {process} of workers.splice(0)) process.kill('SIGKILL');
	});
	after(async () => {
		await emulator.close();
		await redis.close();
	});

	const where = () => ['--redis', `${redis.url}/${database}`];
	const given = () => ({cwd: folder(), env: {RXAUDIT_TOKEN: emulator.token}, now: Date.now()});
	const source = {name: 'atlassian-org-events', token: {env: 'RXAUDIT_TOKEN'}, pageSize: 10, concurrency: 1};
	const configure = (pipelines: object, members: object = {}) => {
		const defaults = {source: {...source, endpoint: emulator.url, ...members}};
		writeFileSync(path.join(folder(), 'c.yaml'), JSON.stringify({defaults, pipelines}));
	};
	const enqueue = async (...more: string[]) => runCli(['enqueue', 'c.yaml', ...where(), ...more], given());
	const jobs = async (...more: string[]) => runCli(['jobs', ...more, ...where()], given());
	const listed = async () => JSON.parse((await jobs('--json')).stdout) as Record<string, unknown>;
	const startWorker = (...more: string[]) => {
		const worker = spawnCli(['worker', 'c.yaml', ...where(), ...more], given());
		workers.push(worker);
		return worker;
	};
	/** Resolves when nothing is queued but what failed or comes again. */
	const isDrained = async (ask = listed): Promise<Record<string, unknown>> => {
		for (;;) {
			const list = await ask();
			const {schedule = 0, ...others} = list['delayed'] as Record<string, number>;
			if (list['waiting'] === 0 && list['active'] === 0 && Object.keys(others).length === 0) return {...list, schedule};
		}
	};
	/** The ids in the objects of a folder. */
	const idsOf = (name: string) => {
		const files = readdirSync(path.join(folder(), name), {recursive: true, encoding: 'utf8'});
		const objects = files.filter(file => file.endsWith('.ndjson.gz')).map(file => path.join(folder(), name, file));
		return objects.flatMap(file => idsIn(gunzipSync(readFileSync(file)).toString())).sort();
	};
	const held = () => Array.from(emulator.events(), ({id}) => id).sort();

	it('do what a run would do, in windows, once, and go on from a state file', async () => {
		configure({
			a: {source: {orgId: 'a', since: '2020-01-01', rate: '50/s'}, to: 'ndjson:a/', state: 'a.state'},
			b: {source: {orgId: 'b'}, to: 'ndjson:b/', every: '1h'},
		});
		await runCli(['run', 'c.yaml', '--only', 'a', '--once'], given());
		const first = await enqueue('--window', '365d');
		assert.match(first.stdout, /^a: the state .*a\.state is in Redis now/);
		assert.match(
			first.stdout,
			/jobs queued for 2 pipelines\n1 pipeline without a state: it begins at the beginning\n$/,
		);
		assert.match(
			(await enqueue('--window', '365d')).stdout,
			/^0 jobs queued for 2 pipelines, \d+ were there already\n/,
		);
		const worker = openCli(['worker', 'c.yaml', ...where()], given());
		assert.equal((await isDrained())['schedule'], 1);
		worker.world.send('SIGTERM');
		assert.equal((await worker.ended).code, 0);
		for (const name of ['a', 'b']) assert.deepEqual(idsOf(name), held());
		assert.match((await jobs()).stdout, /^0 waiting, 0 active, 1 delayed \(1 until they are due\), 0 failed\nlag\n/);
		await enqueue('--window', '365d', '--only', 'a');
		const left = (await jobs()).stdout;
		assert.match(left, /\neta, by quota\n {2}a: about \d seconds?, \d+ jobs, \d+ requests\nlag\n/);
	});

	it('keep what fails for ever, with its reason, until somebody retries it', async () => {
		configure({bad: {source: {orgId: 'x'}, to: 'ndjson:bad/'}}, {token: {env: 'WRONG'}});
		const env = {...given(), env: {RXAUDIT_TOKEN: 'x', WRONG: 'no-such-token'}};
		await runCli(['enqueue', 'c.yaml', ...where()], env);
		const worker = openCli(['worker', 'c.yaml', ...where()], env);
		const {failed} = await isDrained();
		assert.equal(failed, 1);
		const {stdout} = await jobs();
		assert.match(stdout, / failed j[0-9a-f]+: bad: .*401/);
		assert.ok(!stdout.includes('no-such-token'));
		assert.match(
			(await runCli(['enqueue', 'c.yaml', ...where()], env)).stdout,
			/1 of them failed before: rxaudit jobs retry/,
		);
		assert.match((await jobs('retry')).stdout, /^1 job begun anew/);
		assert.equal((await isDrained())['failed'], 1);
		worker.world.send('SIGTERM');
		await worker.ended;
	});

	it('lose and double nothing where workers are killed and stopped', async () => {
		const names = ['p', 'q', 'r'];
		configure(Object.fromEntries(names.map(name => [name, {source: {orgId: name}, to: `ndjson:${name}/`}])));
		await enqueue();
		const [killed, stopped] = [startWorker(), startWorker()];
		const before = emulator.requestCount;
		while (emulator.requestCount < before + 20) await listed();
		killed.process.kill('SIGKILL');
		stopped.process.kill('SIGSTOP');
		const began = performance.now();
		const requests = emulator.requestCount;
		startWorker();
		while (emulator.requestCount === requests) await listed();
		assert.ok(performance.now() - began < 60_000);
		stopped.process.kill('SIGCONT');
		const {failed} = await isDrained();
		assert.equal(failed, 0);
		for (const name of names) {
			const targets = await runCli(['verify', `ndjson:${name}/`], given());
			assert.equal(targets.code, 0, targets.stdout + targets.stderr);
			assert.deepEqual(idsOf(name), held());
		}
	});

	it('go on by themselves where Redis says nothing for a while, and where it is started again with its data', async () => {
		const names = ['p', 'q', 'r'];
		configure(Object.fromEntries(names.map(name => [name, {source: {orgId: name}, to: `ndjson:${name}/`}])));
		await enqueue();
		const worker = startWorker();
		const arrived = async (count: number) => {
			for (const goal = emulator.requestCount + count; emulator.requestCount < goal;) await listed();
		};
		await arrived(15);
		const client = await openRedis({url: redis.url});
		await client.client('PAUSE', 1500, 'ALL');
		client.disconnect();
		await arrived(15);
		await redis.stop();
		await redis.start();
		const {failed} = await isDrained();
		assert.equal(failed, 0);
		for (const name of names) assert.deepEqual(idsOf(name), held());
		worker.kill('SIGTERM');
		assert.equal((await worker.ended).code, 0);
	});

	it('end in time, and are not well, where Redis is away', async () => {
		configure({p: {source: {orgId: 'p', rate: '1/s'}, to: 'ndjson:p/'}});
		await enqueue();
		const worker = startWorker('--metrics', '127.0.0.1:0');
		await worker.said('stderr', /metrics are served at \S+\n/);
		const [url] = /http:\S+/.exec(worker.stderr())!;
		const health = async () => fetch(new URL('/healthz', url));
		assert.equal((await health()).status, 200);
		await redis.stop();
		try {
			let answer = await health();
			while (answer.status === 200) answer = await health();
			assert.match(await answer.text(), /^the queue: Redis is not connected$/m);
			worker.kill('SIGHUP');
			assert.equal((await worker.ended).signal, 'SIGHUP', worker.stderr());
			assert.match(worker.stderr(), /Redis cannot be told: the jobs at work go to others/);
		} finally {
			await redis.start();
		}
	});

	it('try again what another one, who lives, does not let go of yet', async () => {
		configure({f: {source: {orgId: 'f'}, to: 'ndjson:f.ndjson'}, e: {source: {orgId: 'e'}, to: 'filesystem:e'}});
		await enqueue();
		const stopped = startWorker();
		const before = emulator.requestCount;
		while (emulator.requestCount < before + 6) await listed();
		stopped.process.kill('SIGSTOP');
		startWorker();
		const reasons = async () => ((await listed())['jobs'] as {reason?: string}[]).flatMap(({reason}) => reason ?? []);
		const inUse = /another run is writing|has the same state/;
		while (!(await reasons()).some(reason => inUse.test(reason))) assert.equal((await listed())['failed'], 0);
		stopped.process.kill('SIGCONT');
		await isDrained(async () => {
			await jobs('retry');
			return listed();
		});
		for (const target of ['ndjson:f.ndjson', 'filesystem:e']) {
			const {code, stdout} = await runCli(['verify', target], given());
			assert.equal(code, 0, stdout);
			assert.match(stdout, /300 events of/);
		}
	});

	it('do no job of another log, and no run begins what they have anew', async () => {
		configure({p: {source: {orgId: 'p', pageSize: 500}, to: 'ndjson:p/', state: 'p.state'}});
		assert.equal((await runCli(['run', 'c.yaml', '--once', '--quiet'], given())).code, 0);
		await enqueue();
		const again = await runCli(['run', 'c.yaml', '--once', '--quiet'], given());
		assert.equal(again.code, 5);
		assert.match(again.stderr, /p\.state is in Redis since rxaudit enqueue moved it/);
		assert.match((await runCli(['status', 'c.yaml'], given())).stdout, /is in Redis now: rxaudit jobs/);
		configure({p: {source: {orgId: 'other'}, to: 'ndjson:p/', state: 'p.state'}});
		const worker = startWorker();
		const {failed, jobs: left} = await isDrained();
		assert.equal(failed, 1);
		assert.match(
			(left as {reason: string}[])[0]!.reason,
			/of another file: expected atlassian-org-events:other, got .*:p;/,
		);
		assert.equal((await jobs('remove', 'p')).stdout, '1 job removed\n');
		const none = await jobs('remove', 'p');
		assert.deepEqual([none.code, none.stdout], [1, '0 jobs removed; 1 of those named are not there, or are at work\n']);
		worker.kill('SIGTERM');
		assert.equal((await worker.ended).code, 0);
	});
});
