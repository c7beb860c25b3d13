import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {fileState, peekState} from '../../lib/state/file-state.ts';
import {formatState} from '../../lib/state/state-format.ts';
import type {Checkpoint, StateStore} from '../../lib/state/state.ts';
import {crashesOf, restore} from '../support/crashes.ts';
import {failAt, interceptFs} from '../support/intercept-fs.ts';
import {patchFs, restoreFs} from '../support/patch-fs.ts';
import {commitUpTo, journalAt} from '../support/state-scenario.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

const checkpoint = (page: number): Checkpoint => ({binding: {}, sources: {api: {page}}, snapshots: {}, sinks: {}});
const quietly = () => {};

describe('fileState()', () => {
	const folder = temporaryFolder();
	const file = () => path.join(folder(), 'state.json');
	const names = () => fs.readdirSync(folder());
	const contents = () => Object.fromEntries(names().map(name => [name, fs.readFileSync(path.join(folder(), name))]));
	const until = (version: number) => commitUpTo(version, fileState(file()), quietly);

	/** Loads the state with its journal, as a new run would, and checks that they belong together. */
	const restart = async (name = file(), options = {}): Promise<number> => {
		const store = fileState(name, options);
		try {
			const stored = await store.load();
			if (stored === undefined) return 0;
			const {version, checkpoint} = stored;
			assert.deepEqual(checkpoint.sources, {api: {page: version}});
			assert.equal(Buffer.from(await store.journal!.read(checkpoint.journal!)).toString(), journalAt(version));
			return version;
		} finally {
			await store.close?.();
		}
	};

	it('has nothing at first, and then what was committed', async () => {
		const store = fileState(file());
		assert.equal(await store.load(), undefined);
		assert.equal(await store.commit(checkpoint(1), 0), 1);
		assert.equal(await store.commit(checkpoint(2), 1), 2);
		await store.close?.();
		assert.deepEqual(await fileState(file()).load(), {checkpoint: checkpoint(2), version: 2});
		assert.equal(fs.statSync(file()).mode & 0o777, 0o600);
	});

	it('can be used without load(), and again after close()', async () => {
		const store = fileState(file());
		await store.commit(checkpoint(1), 0);
		await store.close?.();
		await store.close?.();
		assert.deepEqual(names(), ['state.json']);
		assert.equal((await store.load())?.version, 1);
	});

	it('refuses a second store on any spelling of its path, until it is closed', async () => {
		fs.mkdirSync(path.join(folder(), 'real'));
		fs.symlinkSync('real', path.join(folder(), 'linked'));
		const first = fileState(path.join(folder(), 'real', 'state.json'));
		const second = fileState(path.relative('.', path.join(folder(), 'linked', 'state.json')));
		await first.load();
		await assert.rejects(second.load(), {code: 'STATE_LOCKED'});
		await assert.rejects(second.commit(checkpoint(1), 0), {code: 'STATE_LOCKED'});
		await first.close?.();
		assert.equal(await second.load(), undefined);
	});

	it('makes missing folders, and says when it cannot', async () => {
		await fileState(path.join(folder(), 'a', 'b', 'state.json')).commit(checkpoint(1), 0);
		await assert.rejects(fileState(folder()).load(), {code: 'CONFIG'});
		await assert.rejects(fileState(path.join(folder(), 'a/b/state.json/state')).load(), {code: 'CONFIG'});
		await assert.rejects(fileState(path.join(folder(), 'x'.repeat(255))).load(), {code: 'CONFIG'});
		const denied = interceptFs(failAt(1, 'EACCES'), () => fileState(path.join(folder(), 'new/state.json')).load());
		await assert.rejects(denied, {code: 'CONFIG', message: /new\/state\.json: cannot open the state: EACCES/});
	});

	describe('compare-and-set', () => {
		it('refuses another version than the stored one', async () => {
			const store = fileState(file());
			await store.commit(checkpoint(1), 0);
			await assert.rejects(store.commit(checkpoint(9), 0), {code: 'STATE_CONFLICT', message: /version 0, got 1/});
			await assert.rejects(store.commit(checkpoint(9), 2), {code: 'STATE_CONFLICT'});
			assert.equal(await store.commit(checkpoint(2), 1), 2);
		});

		it('fences a store whose lock somebody removed', async () => {
			await until(1);
			const stopped = fileState(file());
			const stored = await stopped.load();
			await stopped.journal!.read(stored!.checkpoint.journal!);
			fs.unlinkSync(`${file()}.lock`);
			await assert.rejects(stopped.commit(checkpoint(9), 1), {code: 'STATE_CONFLICT', message: /lock/});
			await until(2);
			await assert.rejects(stopped.commit(checkpoint(9), 1), {code: 'STATE_CONFLICT'});
			await assert.rejects(stopped.journal!.append(Buffer.from('x')), {code: 'STATE_CONFLICT'});
			await stopped.close?.();
			assert.equal(await restart(), 2);
		});

		for (const [what, content] of [
			['another version', formatState({checkpoint: checkpoint(9), version: 2})],
			['another state of the same version', formatState({checkpoint: checkpoint(9), version: 1})],
			['a missing file', undefined],
		] as const) {
			it(`does not write over ${what}`, async () => {
				const store = fileState(file());
				await store.commit(checkpoint(1), 0);
				if (content === undefined) fs.unlinkSync(file());
				else fs.writeFileSync(file(), content);
				await assert.rejects(store.commit(checkpoint(2), 1), {code: 'STATE_CONFLICT', message: /somebody else/});
				assert.equal(fs.existsSync(file()) ? fs.readFileSync(file(), 'utf8') : undefined, content);
				assert.deepEqual(
					names().filter(name => name.endsWith('.tmp')),
					[],
				);
			});
		}
	});

	describe('damage', () => {
		const damages: Record<string, (bytes: Buffer) => Buffer> = {
			empty: () => Buffer.alloc(0),
			truncated: bytes => bytes.subarray(0, -1),
			'flipped bit': bytes => ((bytes[bytes.length >> 1]! ^= 4), bytes),
			'newer format': bytes => Buffer.from(bytes.toString().replace('"format":1', '"format":2')),
			foreign: () => Buffer.from('{"page":7}\n'),
		};
		for (const [what, damage] of Object.entries(damages)) {
			it(`refuses a state that is ${what}, changes nothing, and recovers the one before`, async () => {
				await until(4);
				fs.writeFileSync(file(), damage(fs.readFileSync(file())));
				const before = contents();
				const expected = {code: 'STATE_DAMAGED', message: /state\.json: .*option recoverPrevious goes on .*version 3/};
				await assert.rejects(fileState(file()).load(), expected);
				await assert.rejects(fileState(file()).commit(checkpoint(1), 0), expected);
				assert.deepEqual(contents(), before);
				assert.equal(await restart(file(), {recoverPrevious: true}), 3);
			});
		}

		it('keeps the recovered generation until there is a good one', async () => {
			await until(4);
			fs.writeFileSync(file(), '');
			await commitUpTo(4, fileState(file(), {recoverPrevious: true}), quietly);
			assert.equal(await restart(), 4);
			fs.writeFileSync(file(), '');
			assert.equal(await restart(file(), {recoverPrevious: true}), 3);
		});

		it('has no use for the generation before while the current one is good', async () => {
			await until(4);
			assert.equal(await restart(file(), {recoverPrevious: true}), 4);
		});

		it('does not take the generation of a state before for its own', async () => {
			await until(4);
			fs.unlinkSync(file());
			await until(1);
			assert.deepEqual(names(), ['state.json', 'state.json.seen-3']);
		});
	});

	it('keeps a journal as long as one of the two generations names it', async () => {
		const journals = () => names().filter(name => name.includes('.seen-'));
		await until(2);
		assert.deepEqual(journals(), ['state.json.seen-1']);
		await until(3);
		assert.deepEqual(journals(), ['state.json.seen-1', 'state.json.seen-2']);
		await until(4);
		assert.deepEqual(journals(), ['state.json.seen-2']);
	});

	describe('peekState()', () => {
		afterEach(restoreFs);

		it('sees what load() gives, under the lock of another, and makes nothing', async () => {
			assert.equal(await peekState(path.join(folder(), 'none', 'state.json')), undefined);
			assert.deepEqual(names(), []);
			await until(3);
			const holder = fileState(file());
			const stored = await holder.load();
			const before = names();
			assert.deepEqual(await peekState(file()), stored);
			fs.symlinkSync('state.json', path.join(folder(), 'linked'));
			assert.deepEqual(await peekState(path.join(folder(), 'linked')), stored);
			fs.rmSync(path.join(folder(), 'linked'));
			assert.deepEqual(names(), before);
			await holder.close?.();
		});

		it('refuses a journal that a pending checkpoint names and that is not what was committed', async () => {
			const store = fileState(file());
			const next = {...checkpoint(1), journal: {file: 7, bytes: 1, sha256: ''}};
			await store.commit({...checkpoint(1), pending: {pages: 1, checkpoint: next}}, 0);
			await store.close?.();
			await assert.rejects(peekState(file()), {code: 'STATE_DAMAGED', message: /seen-7: expected the journal/});
		});

		it('looks again where a run has replaced state and journal meanwhile', async () => {
			await until(2);
			const later = path.join(folder(), 'later.json');
			await commitUpTo(4, fileState(later), quietly);
			patchFs('openSync', original => (...args: never[]) => {
				if (String(args[0]).endsWith('state.json.seen-1')) {
					fs.renameSync(later, file());
					fs.renameSync(`${later}.seen-2`, `${file()}.seen-2`);
					fs.rmSync(`${file()}.seen-1`);
				}
				return original(...(args as unknown as [string, string]));
			});
			assert.equal((await peekState(file()))?.version, 4);
		});
	});

	describe('a failing disk', () => {
		for (const [code, advice] of [
			['ENOSPC', /ENOSPC.*; free space on its disk, and the same command goes on$/],
			['EDQUOT', /EDQUOT.*; free space on its disk, and the same command goes on$/],
			['EIO', /EIO: injected fault, \w+[^;]*$/],
		] as const) {
			it(`says what to do about ${code}`, async () => {
				const store = fileState(file());
				await store.load();
				await assert.rejects(
					interceptFs(failAt(1, code), () => store.commit(checkpoint(1), 0)),
					(error: Error) => advice.test(error.message),
				);
				await store.close?.();
			});
		}

		it('leaves version and state as they were, whichever step fails, and the next try counts', async () => {
			for (let at = 1, failures = 0; ; at++) {
				const store = fileState(file());
				const version = (await store.load())?.version ?? 0;
				let steps = 0;
				const fail = failAt(at);
				const commit = () => store.commit(checkpoint(version + 1), version);
				const announce = (step: string) => {
					steps += 1;
					fail(step);
				};
				try {
					assert.equal(await interceptFs(announce, commit), version + 1);
				} catch (error) {
					assert.equal((error as {code?: unknown}).code, 'STATE_FAILED', String(error));
					assert.equal(await loadedVersion(store, file()), version, `step ${at}`);
					assert.equal(await store.commit(checkpoint(version + 1), version), version + 1, `step ${at}`);
					failures += 1;
				}
				assert.equal(await loadedVersion(store, file()), version + 1);
				assert.deepEqual(
					names().filter(name => name.endsWith('.tmp')),
					[],
					`step ${at}`,
				);
				await store.close?.();
				if (at <= steps) continue;
				assert(failures >= 10, `${failures} steps can fail`);
				return;
			}
		});
	});

	it('leaves the old version or the new one, with its journal, at whatever instant a crash comes', async () => {
		let committed = 0;
		let survived = 0;
		const copyBeside = (now = committed) => ({print: `${now}`, restore: () => void (survived = now)});
		const crashes = await crashesOf(
			folder(),
			() => commitUpTo(4, fileState(file()), version => (committed = version)),
			() => copyBeside(),
		);
		assert(crashes.length > 40);
		for (const crash of crashes) {
			restore(folder(), crash);
			const version = await restart();
			const {step, kept} = crash;
			assert(version === survived || version === survived + 1, `${version} after ${survived}: ${step}, ${kept} kept`);
			await until(version + 1);
			assert.equal(await restart(), version + 1, step);
			const left = version === 0 ? ['state.json'] : ['state.json', 'state.json.previous'];
			const besidesJournals = names().filter(name => !name.includes('.seen-'));
			assert.deepEqual(besidesJournals, left, step);
			assert(names().length - left.length <= 2, `at most two journals: ${names()}`);
		}
	});
});

/** What a new run would find, without asking for the lock. */
async function loadedVersion(store: StateStore, file: string): Promise<number> {
	await store.close?.();
	const other = fileState(file);
	const stored = await other.load();
	await other.close?.();
	await store.load();
	return stored?.version ?? 0;
}
