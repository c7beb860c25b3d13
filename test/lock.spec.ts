import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {StateError} from '../lib/errors.ts';
import {thisProcess} from '../lib/holder.ts';
import {acquireLock, type Lock} from '../lib/lock.ts';
import {startChild, type Child} from './support/child.ts';
import {interceptFs} from './support/intercept-fs.ts';
import {endHolders, snapshot} from './support/snapshot.ts';
import {temporaryFolder} from './support/temporary-folder.ts';

/** The nonce of a lock of a process that has ended. */
const deadNonce = '0123456789abcdef';

describe('acquireLock()', () => {
	const folder = temporaryFolder();
	const aside = temporaryFolder();
	const lockFile = () => path.join(folder(), 'state.json.lock');

	const leaveDead = (file = lockFile()) => {
		const record = {rxaudit: 'lock', ...thisProcess(), startTime: 'another', nonce: deadNonce};
		fs.writeFileSync(file, JSON.stringify(record));
	};
	const tryLock = (): Lock | StateError => {
		try {
			return acquireLock(lockFile());
		} catch (error) {
			if (!(error instanceof StateError)) throw error;
			return error;
		}
	};

	it('names host, boot, process and its start, for its owner only', () => {
		const lock = acquireLock(lockFile());
		const {nonce, ...record} = JSON.parse(fs.readFileSync(lockFile(), 'utf8')) as Record<string, unknown>;
		assert.deepEqual(record, {rxaudit: 'lock', ...thisProcess()});
		assert.match(String(nonce), /^[0-9a-f]{16}$/);
		assert.equal(fs.statSync(lockFile()).mode & 0o777, 0o600);
		assert.deepEqual(fs.readdirSync(folder()), ['state.json.lock']);
		lock.release();
		lock.release();
		assert.deepEqual(fs.readdirSync(folder()), []);
	});

	it('refuses a second one in the same process', () => {
		acquireLock(lockFile());
		assert.throws(() => acquireLock(lockFile()), {
			code: 'STATE_LOCKED',
			message: new RegExp(`${lockFile()}: in use by process ${process.pid} on .*this very process`),
		});
		assert.deepEqual(fs.readdirSync(folder()), ['state.json.lock']);
	});

	it('refuses another host, naming it, the process and the file to delete', () => {
		const record = {...thisProcess(), rxaudit: 'lock', host: 'elsewhere', pid: 77, nonce: deadNonce};
		fs.writeFileSync(lockFile(), JSON.stringify(record));
		assert.throws(() => acquireLock(lockFile()), {
			code: 'STATE_LOCKED',
			message: /process 77 on elsewhere, which cannot be seen from here; .* delete this file/,
		});
	});

	for (const content of ['', '{"rxaudit":"lock"}', 'somebody']) {
		it(`refuses a lock that is not one of ours: ${JSON.stringify(content)}`, () => {
			fs.writeFileSync(lockFile(), content);
			assert.throws(() => acquireLock(lockFile()), {code: 'STATE_LOCKED', message: /something else; delete it/});
			assert.equal(fs.readFileSync(lockFile(), 'utf8'), content);
		});
	}

	it('refuses what can be neither taken nor read', () => {
		fs.symlinkSync('nothing', lockFile());
		assert.throws(() => acquireLock(lockFile()), {code: 'STATE_LOCKED'});
	});

	it('does not remove a lock that is no longer ours', () => {
		const lock = acquireLock(lockFile());
		fs.unlinkSync(lockFile());
		assert.equal(lock.isHeld(), false);
		const next = acquireLock(lockFile());
		lock.release();
		assert.equal(next.isHeld(), true);
	});

	it('takes over a dead lock, and sweeps what killed starters left', () => {
		leaveDead();
		leaveDead(`${lockFile()}.${deadNonce}`);
		leaveDead(`${lockFile()}.${deadNonce}.${deadNonce}`);
		fs.writeFileSync(`${lockFile()}.${deadNonce}.tmp`, '');
		assert.equal(acquireLock(lockFile()).isHeld(), true);
		assert.deepEqual(fs.readdirSync(folder()), ['state.json.lock']);
	});

	it('has one winner, whenever a second starter comes in between', async () => {
		for (let at = 1, met = true; met; at++) {
			leaveDead();
			met = false;
			let seen = 0;
			const results: (Lock | StateError)[] = [];
			const outer = await interceptFs(() => {
				if (++seen !== at) return;
				met = true;
				results.push(tryLock());
			}, tryLock);
			results.push(outer);
			const winners = results.filter((result): result is Lock => !(result instanceof StateError));
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
			assert.equal(acquireLock(path.join(copy, 'state.json.lock')).isHeld(), true, `killed before step ${step + 1}`);
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
			assert.throws(() => acquireLock(lockFile()), refusal);
			holder.signal('SIGSTOP');
			assert.throws(() => acquireLock(lockFile()), refusal);
			assert.equal(await holder.end('SIGKILL'), 'SIGKILL');
			assert.equal(acquireLock(lockFile()).isHeld(), true);
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
