import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type {Clock} from '../../../lib/model/clock.ts';
import {eventually, runCli} from '../../support/cli.ts';
import {assertRefused, commandLine, idsIn, linesOf} from '../../support/command-line.ts';
import {newestMs} from '../../support/emulator.ts';
import {deferred} from '../../support/deferred.ts';
import {scriptedServers, type SeenRequest} from '../../support/scripted-server.ts';

const stateful = ['--to', 'ndjson:out', '--state', 'state'];
const follow = ['--follow', '--every', '1h', '--max-attempts', '1'];

describe('pull --follow', () => {
	const {openPull, pull, startPull, folder, emulator, held} = commandLine();
	const serve = scriptedServers();
	const at = (name: string) => path.join(folder(), name);
	const written = () => idsIn(fs.readFileSync(at('out'), 'utf8'));
	const newestFirst = (ids: readonly string[]) => held().filter(id => ids.includes(id));
	let clock: Clock;
	let real: Clock;
	let hour: ReturnType<typeof deferred<void>>;
	let waits: number[];
	let aheadMs: number;
	beforeEach(async () => {
		clock = (await import('../../../lib/model/clock.ts')).systemClock; // the one of the commands
		real = {...clock};
		const realSleep = real.sleep;
		hour = deferred();
		waits = [];
		aheadMs = 0;
		clock.monotonic = () => real.monotonic() + aheadMs;
		clock.sleep = async (ms, signal) => {
			if (ms < 60_000) return realSleep(ms, signal);
			waits.push(ms);
			signal?.throwIfAborted();
			const stopped = new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
			await Promise.race([hour.promise, stopped]);
			aheadMs += ms;
		};
	});
	afterEach(() => Object.assign(clock, real));

	/** Waits until a follow waits for its next round. */
	const idle = (rounds: number) => eventually(() => waits.length === rounds);
	function goOn(): void {
		const {resolve} = hour;
		hour = deferred();
		resolve();
	}

	it('prints what there is, then what is new, and is stopped as a pull is', async () => {
		const {world, ended} = openPull([...follow, '--quiet']);
		await idle(1);
		assert.deepEqual(idsIn(world.said()), held());
		assert.ok(waits[0]! > 3_590_000 && waits[0]! <= 3_600_000, 'from the beginning of the round');
		const before = held();
		const added = emulator().insert([{timeMs: newestMs}, {timeMs: newestMs - 3_600_000}, {timeMs: newestMs + 1}]);
		goOn();
		await idle(2);
		assert.deepEqual(idsIn(world.said()), [...before, ...newestFirst(added)]);
		world.send('SIGTERM');
		assert.deepEqual([(await ended).code, world.warned()], [143, '']);
	});

	it('goes on in its target when it is started again, and keeps its state to itself', async () => {
		const first = openPull([...follow, ...stateful]);
		await idle(1);
		assertRefused(await pull([...stateful]), 5, /state\.lock: in use by process/);
		first.world.send('SIGINT');
		const {code, stderr} = await first.ended;
		assert.deepEqual([code, linesOf(stderr).length], [130, 1]);
		assert.match(stderr, /^rxaudit: stopped: 60 events/);
		emulator().insert([{timeMs: newestMs - 10}]);
		const second = openPull([...follow, ...stateful]);
		await idle(2);
		second.world.send('SIGTERM');
		assert.equal((await second.ended).code, 143);
		assert.deepEqual(written().sort(), held().sort());
	});

	it('is refused without a state where it could not go on, and beside what ends', async () => {
		for (const [args, message] of [
			[
				[...follow, '--to', 'ndjson:out'],
				/^rxaudit: --follow: expected --state FILE beside --to ndjson:\S+out, got none; only a state lets a run/,
			],
			[[...follow, '--until', '1h'], /^rxaudit: --until: expected none beside --follow, which never ends/],
			[['--every', '1h'], /^rxaudit: --every: expected --follow beside it, got none$/m],
			[['--alert-silence', '1h'], /^rxaudit: --alert-silence: expected --follow beside it, got none$/m],
			[['--follow', '--every', '0'], /^rxaudit: --every: expected a span above 0, got "0"$/m],
		] as const) {
			assertRefused(await pull(args), 2, message);
		}
		assert.equal(emulator().requestCount, 0);
		assert.deepEqual(fs.readdirSync(folder()), []);
	});

	it('ends at a mistake as a pull does', async () => {
		assertRefused(await pull(follow, {env: {RXAUDIT_TOKEN: 'wrong'}}), 4, /401/);
		fs.writeFileSync(at('out'), 'of somebody else\n');
		assertRefused(await pull([...follow, ...stateful]), 2, /out/);
	});

	it('tells once why a round failed and that one did not, and goes on', async () => {
		const server = await serve(response => response.end('OK'));
		const shown = () => server.requests.map(({method, url, body}: SeenRequest) => [method, url, body].join(' ').trim());
		const told = (count: number) => eventually(() => server.requests.length === count);
		const {world, ended} = openPull([...follow, ...stateful, '--metrics', '0', '--ping', `${server.origin}/x`]);
		await idle(1);
		await told(2);
		const [, origin] = /served at (\S+)\/metrics/.exec(world.warned())!;
		const health = async () => {
			const answer = await fetch(`${origin}/healthz`);
			return `${answer.status} ${await answer.text()}`;
		};
		assert.equal(await health(), '200 ok\n');
		emulator().setFaults([{kind: 'status', status: 503, at: 'all'}]);
		for (const round of [2, 3]) {
			goOn();
			await idle(round);
			assert.match(await health(), /^503 atlassian-org-events: the last round failed, .*answered 503/);
		}
		await told(3);
		emulator().clearFaults();
		goOn();
		await idle(4);
		await told(4);
		assert.equal(await health(), '200 ok\n');
		world.send('SIGTERM');
		assert.equal((await ended).code, 143);
		const reason = 'the last round failed, and is tried again: atlassian-org-events: GET ';
		const said = shown();
		assert.ok(said[2]!.startsWith(`POST /x/fail ${reason}`), said[2]);
		assert.deepEqual(
			[...said.slice(0, 2), ...said.slice(3)],
			['GET /x/start', 'GET /x', 'GET /x', 'POST /x/fail stopped by SIGTERM'],
		);
		const lines = linesOf(world.warned()).slice(1);
		assert.equal(lines.length, 4, world.warned());
		assert.match(lines[0]!, /^rxaudit: warning: atlassian-org-events: left a gap from/);
		assert.ok(lines[1]!.startsWith(`rxaudit: warning: ${reason}`));
		assert.equal(lines[2], 'rxaudit: well again');
		assert.match(lines[3]!, /^rxaudit: stopped: 60 events/);
	});

	it('reads a token anew that was refused', async () => {
		fs.writeFileSync(at('token'), 'emulator\n');
		const {world, ended} = openPull([...follow, ...stateful, '--token-file', 'token']);
		await idle(1);
		fs.writeFileSync(at('token'), 'withdrawn\n');
		goOn();
		await idle(2);
		assert.match(world.warned(), /warning: the last round failed, .* 401/);
		const [late] = emulator().insert([{timeMs: newestMs + 1}]);
		fs.writeFileSync(at('token'), 'emulator\n');
		goOn();
		await idle(3);
		assert.ok(written().includes(late!));
		world.send('SIGTERM');
		assert.equal((await ended).code, 143);
	});

	it('ends when its state or its target is taken away', async () => {
		const first = openPull([...follow, ...stateful]);
		await idle(1);
		fs.rmSync(at('state.lock'));
		goOn();
		const lost = await first.ended;
		assert.equal(lost.code, 5, lost.stderr);
		assert.match(lost.stderr, /its lock is no longer ours/);
		const second = openPull([...follow, ...stateful]);
		await idle(2);
		fs.truncateSync(at('out'), 10);
		goOn();
		assert.equal((await second.ended).code, 5);
	});

	it('says that a source is silent that used to speak, and that it speaks again', async () => {
		const server = await serve(response => response.end('OK'));
		const args = [...follow, ...stateful, '--alert-silence', '1d', '--ping', `${server.origin}/x`];
		const now = newestMs + 86_400_001;
		const {world, ended} = openPull(args, {now});
		await idle(1);
		const since = new Date(newestMs).toISOString();
		const reason = `expected something new, got nothing since ${since}`;
		assert.deepEqual(linesOf(world.warned()), [`rxaudit: warning: ${reason}`]);
		goOn();
		await idle(2);
		emulator().insert([{timeMs: newestMs + 10}]);
		goOn();
		await idle(3);
		world.send('SIGTERM');
		assert.equal((await ended).code, 143);
		assert.deepEqual(
			server.requests.map(({url, body}) => `${url} ${body}`.trim()),
			['/x/start', `/x/fail ${reason}`, '/x', '/x/fail stopped by SIGTERM'],
		);
		const asked = await runCli(['status', 'state', '--alert-silence', '1d'], {cwd: folder()});
		assert.equal(asked.code, 1);
		assert.match(
			asked.stdout,
			/problem {7}atlassian-org-events: expected something new, got nothing since 2026-01-31T/,
		);
		assert.equal((await runCli(['status', 'state', '--alert-silence', '10000d'], {cwd: folder()})).code, 0);
	});

	it('ends with 0 by --max-duration, but for trouble', async () => {
		clock.sleep = real.sleep.bind(clock);
		const limited = [...follow, '--max-duration', '2s'];
		const {code, stderr} = await pull([...limited, ...stateful]);
		assert.equal(code, 0, stderr);
		emulator().setFaults([{kind: 'status', status: 503, at: 'all'}]);
		const failed = await pull(limited);
		assert.equal(failed.code, 1, failed.stderr);
	});

	it('is a process that reads on and ends by a signal', async () => {
		const running = startPull(['--follow', '--every', '100ms', ...stateful, '--log-format', 'json']);
		await eventually(() => emulator().requestCount > 5);
		const [late] = emulator().insert([{timeMs: newestMs}]);
		await eventually(() => written().includes(late!));
		running.kill('SIGTERM');
		const {code, stderr} = await running.ended;
		assert.equal(code, 143, stderr);
		const last = JSON.parse(linesOf(stderr).at(-1)!) as {rounds: number; events: number; stopped: boolean};
		assert.deepEqual([last.events, last.stopped, last.rounds >= 2], [61, true, true]);
		assert.deepEqual(written().sort(), held().sort());
	});
});
