import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {setImmediate} from 'node:timers/promises';
import {StateError} from '../../lib/model/errors.ts';
import {type Holder, thisProcess} from '../../lib/state/holder.ts';
import {acquireLock, type Lock, type LockOptions} from '../../lib/state/lock.ts';
import {startChild, type Child} from '../support/child.ts';
import {failAt, interceptFs} from '../support/intercept-fs.ts';
import {endHolders, snapshot} from '../support/snapshot.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {VirtualClock} from '../support/virtual-clock.ts';

/** The nonce of a lock of a process that has ended. */
const deadNonce = '0123456789abcdef';

describe('acquireLock()', () => {
	const folder = temporaryFolder();
	const aside = temporaryFolder();
	const lockFile = () => path.join(folder(), 'state.json.lock');

	let locks: Lock[] = [];
	const hold = (lock: Lock): Lock => {
		locks.push(lock);
		return lock;
	};
	afterEach(() => {
		for (const lock of locks) lock.release();
		locks = [];
	});

	const leaveDead = (file = lockFile()) => {
		const record = {rxaudit: 'lock', ...thisProcess(), startTime: 'another', nonce: deadNonce};
		fs.writeFileSync(file, JSON.stringify(record));
	};
	const tryLock = async (options: LockOptions = {}): Promise<Lock | StateError> => {
		try {
			return hold(await acquireLock(lockFile(), options));
		} catch (error) {
			if (!(error instanceof StateError)) throw error;
			return error;
		}
	};
	const take = async (file = lockFile(), options: LockOptions = {}) => hold(await acquireLock(file, options));

	it('names host, boot, process and its start, for its owner only', async () => {
		const lock = await take();
		const {nonce, renewals, ...record} = JSON.parse(fs.readFileSync(lockFile(), 'utf8')) as Record<string, unknown>;
		assert.deepEqual(record, {rxaudit: 'lock', ...thisProcess()});
		assert.match(String(nonce), /^[0-9a-f]{16}$/);
		assert.equal(renewals, '000000000000');
		assert.equal(fs.statSync(lockFile()).mode & 0o777, 0o600);
		assert.deepEqual(fs.readdirSync(folder()), ['state.json.lock']);
		lock.release();
		lock.release();
		assert.deepEqual(fs.readdirSync(folder()), []);
	});

	it('refuses a second one in the same process', async () => {
		await take();
		await assert.rejects(take(), {
			code: 'STATE_LOCKED',
			message: new RegExp(`${lockFile()}: in use by process ${process.pid} on .*this very process`),
		});
		assert.deepEqual(fs.readdirSync(folder()), ['state.json.lock']);
	});

	for (const content of ['{"rxaudit":"lock"}', 'somebody', '{"rxaudit":"lock","nonce":"../x","pid":1}']) {
		it(`refuses a lock that is not one of ours: ${JSON.stringify(content)}`, async () => {
			fs.writeFileSync(lockFile(), content);
			await assert.rejects(take(), {code: 'STATE_LOCKED', message: /something else; delete it/});
			assert.equal(fs.readFileSync(lockFile(), 'utf8'), content);
		});
	}

	it('follows no link, and waits for no pipe', async () => {
		const victim = path.join(aside(), 'victim');
		fs.writeFileSync(victim, '');
		for (const to of ['nothing', victim, aside()]) {
			fs.symlinkSync(to, lockFile());
			await assert.rejects(take(), {code: 'STATE_LOCKED', message: /something else/});
			fs.unlinkSync(lockFile());
		}
		execFileSync('mkfifo', [lockFile()]);
		await assert.rejects(take(), {code: 'STATE_LOCKED', message: /something else/});
		assert.equal(fs.readFileSync(victim, 'utf8'), '');
	});

	it('does not touch a lock that is no longer ours', async () => {
		const lock = await take();
		fs.unlinkSync(lockFile());
		assert.deepEqual([lock.isHeld(), lock.renew()], [false, false]);
		const next = await take();
		const content = fs.readFileSync(lockFile());
		assert.deepEqual([lock.isHeld(), lock.renew()], [false, false]);
		lock.release();
		assert.deepEqual(fs.readFileSync(lockFile()), content);
		assert.equal(next.isHeld(), true);
		fs.unlinkSync(lockFile());
		fs.symlinkSync('elsewhere', lockFile());
		assert.deepEqual([next.isHeld(), next.renew()], [false, false]);
	});

	it('is held still when it was renewed, and by nobody else when that fails', async () => {
		const lock = await take();
		const before = fs.readFileSync(lockFile(), 'utf8');
		assert.equal(lock.renew(), true);
		assert.equal(lock.renew(), true);
		assert.equal(lock.isHeld(), true);
		assert.equal(fs.readFileSync(lockFile(), 'utf8'), before.replace('000000000000', '000000000002'));
		assert.equal(await interceptFs(failAt(1), () => lock.renew()), true);
	});

	it('is taken where there are no hard links, by one of several, and not half written for good', async () => {
		for (const code of ['EPERM', 'ENOTSUP', 'ENOSYS']) {
			const noLinks = (step: string) => {
				if (step.startsWith('linkSync')) throw Object.assign(new Error(code), {code});
			};
			leaveDead();
			const lock = await interceptFs(noLinks, () => take());
			assert.equal(lock.isHeld(), true);
			assert.deepEqual(fs.readdirSync(folder()), ['state.json.lock']);
			assert.equal(fs.statSync(lockFile()).mode & 0o777, 0o600);
			assert((await interceptFs(noLinks, () => tryLock())) instanceof StateError);
			lock.release();
			assert.deepEqual(fs.readdirSync(folder()), []);
		}
	});

	describe('whose holder cannot be seen', () => {
		const elsewhere = {...thisProcess(), host: 'pod\u001b[2J', pid: 1};
		const strangers: Record<string, Holder> = {
			'another host': {...thisProcess(), host: 'elsewhere', pid: 77},
			'another pid namespace': {...thisProcess(), pidNamespace: 'pid:[1]', pid: 1},
			'another start of a machine of this name': {...thisProcess(), bootId: 'another', pid: 1},
		};
		for (const [what, holder] of Object.entries(strangers)) {
			it(`${what}: is taken over after 30 s of silence, not before`, async () => {
				const clock = new VirtualClock();
				const gone = await take(lockFile(), {holder});
				const notes: string[] = [];
				const lock = await clock.run(() => take(lockFile(), {clock, note: note => notes.push(note)}));
				assert.equal(clock.monotonic(), 30_000);
				assert.deepEqual([gone.isHeld(), lock.isHeld()], [false, true]);
				assert.match(notes.join(), new RegExp(`held by process ${holder.pid} on .*cannot be seen .*up to 30 s`));
			});
		}

		it('is watched once for all of its locks, and anew when it was heard of since', async () => {
			const clock = new VirtualClock();
			const other = path.join(folder(), 'target.lock');
			await take(lockFile(), {holder: elsewhere});
			await take(other, {holder: elsewhere});
			await clock.run(() => take(lockFile(), {clock}));
			const second = await clock.run(() => take(other, {clock}));
			assert.equal(clock.monotonic(), 30_000);
			second.release();
			clock.advance(30_000);
			await take(other, {holder: elsewhere});
			await clock.run(() => take(other, {clock}));
			assert.equal(clock.monotonic(), 90_000);
		});

		it('is that of a living one when it is renewed', async () => {
			const clock = new VirtualClock();
			const lock = await take(lockFile(), {holder: elsewhere});
			const other = assert.rejects(take(lockFile(), {clock}), {
				code: 'STATE_LOCKED',
				message: /in use by process 1 on pod\\u001b\[2J, which renews it/,
			});
			for (let seconds = 1; seconds < 30; seconds++) await turn(() => clock.advance(1000));
			lock.renew();
			await turn(() => clock.advance(1000));
			await other;
			assert.equal(lock.isHeld(), true);
		});

		it('is waited for as long as it is not given back', async () => {
			const clock = new VirtualClock();
			const lock = await take(lockFile(), {holder: elsewhere});
			const next = take(lockFile(), {clock});
			await turn(() => clock.advance(5000));
			lock.release();
			await turn(() => clock.advance(1000));
			assert.equal((await next).isHeld(), true);
		});

		it('is not waited for any longer by whoever is asked to stop', async () => {
			await take(lockFile(), {holder: elsewhere});
			const stop = new AbortController();
			const waiting = take(lockFile(), {clock: new VirtualClock(), signal: stop.signal});
			stop.abort(new Error('stopped'));
			await assert.rejects(waiting, {message: 'stopped'});
			assert.deepEqual(fs.readdirSync(folder()), ['state.json.lock']);
		});

		it('gets one successor, even if nobody has written it', async () => {
			for (const leave of [() => take(lockFile(), {holder: elsewhere}), async () => fs.writeFileSync(lockFile(), '')]) {
				await leave();
				const clock = new VirtualClock();
				const starters = Array.from({length: 4}, () => clock.run(() => tryLock({clock})));
				const won = (await Promise.all(starters)).filter(result => 'release' in result);
				assert.equal(won.length, 1);
				won[0]!.release();
				assert.deepEqual(fs.readdirSync(folder()), []);
			}
		});
	});

	it('takes over a dead lock, and sweeps what killed starters left', async () => {
		leaveDead();
		leaveDead(`${lockFile()}.${deadNonce}`);
		leaveDead(`${lockFile()}.${deadNonce}.${deadNonce}`);
		fs.writeFileSync(`${lockFile()}.${deadNonce}.tmp`, '');
		assert.equal((await take()).isHeld(), true);
		assert.deepEqual(fs.readdirSync(folder()), ['state.json.lock']);
	});

	it('has one winner, whenever a second starter comes in between', async () => {
		for (let at = 1, met = true; met; at++) {
			leaveDead();
			met = false;
			let seen = 0;
			const results: Promise<Lock | StateError>[] = [];
			const outer = await interceptFs(() => {
				if (++seen !== at) return;
				met = true;
				results.push(tryLock());
			}, tryLock);
			const winners = [outer, ...(await Promise.all(results))].filter(
				(result): result is Lock => !(result instanceof StateError),
			);
			assert.equal(winners.length, 1, `second starter before step ${at}`);
			assert.equal(winners[0]!.isHeld(), true, `second starter before step ${at}`);
			fs.rmSync(folder(), {recursive: true});
			fs.mkdirSync(folder());
			if (!met) assert(at > 10, 'a takeover has more steps than that');
		}
	});

	it('is overcome when its taker was killed, whenever that was', async () => {
		const copies: string[] = [];
		leaveDead();
		await interceptFs(() => {
			const copy = path.join(aside(), String(copies.length));
			snapshot(folder(), copy);
			copies.push(copy);
		}, tryLock);
		assert(copies.length > 10);
		for (const [step, copy] of copies.entries()) {
			endHolders(copy);
			assert.equal((await take(path.join(copy, 'state.json.lock'))).isHeld(), true, `killed before step ${step + 1}`);
			assert.deepEqual(fs.readdirSync(copy), ['state.json.lock'], `killed before step ${step + 1}`);
		}
	});

	describe('between processes', () => {
		let children: Child[] = [];
		const start = async (): Promise<Child> => {
			const child = startChild('lock-child.ts');
			children.push(child);
			assert.equal(await child.next(), 'ready');
			return child;
		};
		afterEach(async () => {
			await Promise.all(children.map(child => child.end('SIGKILL')));
			children = [];
		});

		it('refuses a living holder, a stopped one too, and takes over from a killed one', async () => {
			const holder = await start();
			assert.equal(await holder.ask(`take ${lockFile()}`), 'won');
			const refusal = {code: 'STATE_LOCKED', message: new RegExp(`process ${holder.pid} on .* is running`)};
			await assert.rejects(take(), refusal);
			holder.signal('SIGSTOP');
			await assert.rejects(take(), refusal);
			assert.equal(await holder.end('SIGKILL'), 'SIGKILL');
			assert.equal((await take()).isHeld(), true);
		});

		it('has one winner among eight starters over a dead lock', async () => {
			const starters = await Promise.all(Array.from({length: 8}, start));
			for (let round = 0; round < 25; round++) {
				leaveDead();
				const answers = await Promise.all(starters.map(starter => starter.ask(`take ${lockFile()}`)));
				assert.equal(answers.filter(answer => answer === 'won').length, 1, `round ${round}: ${answers.join('\n')}`);
				await Promise.all(starters.map(starter => starter.ask('release')));
				assert.deepEqual(fs.readdirSync(folder()), [], `round ${round}`);
			}
		});
	});
});

/** Does something, and lets all go on that waited for it. */
async function turn(action: () => void): Promise<void> {
	action();
	await setImmediate();
}
