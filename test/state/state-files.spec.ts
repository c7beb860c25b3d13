import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {readState, realFile, replaceState, sweepTemporary} from '../../lib/state/state-files.ts';
import {formatState} from '../../lib/state/state-format.ts';
import {failAt, interceptFs} from '../support/intercept-fs.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

const generation = (version: number) =>
	Buffer.from(formatState({checkpoint: {binding: {}, sources: {}, snapshots: {}, sinks: {}}, version}));
const accept = () => {};

describe('state-files', () => {
	const folder = temporaryFolder();
	const file = () => path.join(folder(), 'state.json');
	const versions = () =>
		[file(), `${file()}.previous`].map(name => {
			const {stored} = readState(name, false);
			return stored?.version;
		});

	describe('realFile()', () => {
		it('is the same for all spellings', () => {
			fs.mkdirSync(path.join(folder(), 'real'));
			const real = path.join(folder(), 'real', 'state.json');
			fs.symlinkSync('real', path.join(folder(), 'linked'));
			assert.equal(realFile(path.join(folder(), 'linked', 'state.json')), real);
			assert.equal(realFile(path.join(folder(), 'real', '..', 'linked', 'state.json')), real);
			fs.writeFileSync(real, '');
			fs.symlinkSync(path.join('linked', 'state.json'), path.join(folder(), 'short'));
			assert.equal(realFile(path.join(folder(), 'short')), real);
		});

		it('makes missing folders', () => {
			const deep = path.join(folder(), 'a', 'b', 'state.json');
			assert.equal(realFile(deep), deep);
			assert.deepEqual(fs.readdirSync(path.dirname(deep)), []);
		});

		it('refuses what cannot be a state file', () => {
			assert.throws(() => realFile(folder()), {code: 'CONFIG', message: /expected a file for the state, got a folder/});
			assert.throws(() => realFile('/dev/null'), {code: 'CONFIG', message: /got a device/});
			fs.symlinkSync('unmounted', file());
			assert.throws(() => realFile(file()), {code: 'CONFIG', message: /symbolic link to a file that does not exist/});
		});
	});

	describe('replaceState()', () => {
		it('has the new generation on the disk before it takes the name of the old one', async () => {
			replaceState(file(), generation(1), 'remove', accept);
			const steps: string[] = [];
			await interceptFs(
				step => steps.push(step.replaceAll(folder(), '.').replace(/[0-9a-f]{16}/g, '#')),
				() => replaceState(file(), generation(2), 'replace', accept),
			);
			const order = [
				'fsyncSync ./state.json.#.tmp',
				'linkSync ./state.json -> ./state.json.previous.#.tmp',
				'renameSync ./state.json.previous.#.tmp -> ./state.json.previous',
				'renameSync ./state.json.#.tmp -> ./state.json',
				'fsyncSync .',
			];
			assert.deepEqual(
				steps.filter(step => /^(fsync|link|rename)/.test(step)),
				order,
			);
			assert.deepEqual(versions(), [2, 1]);
		});

		it('keeps a recovered generation, and removes one of a state before', () => {
			fs.writeFileSync(file(), 'damaged');
			fs.writeFileSync(`${file()}.previous`, generation(5));
			replaceState(file(), generation(6), 'keep', accept);
			assert.deepEqual(versions(), [6, 5]);
			replaceState(file(), generation(1), 'remove', accept);
			assert.deepEqual(versions(), [1, undefined]);
		});

		it('leaves the current generation and no other file, whichever step fails', async () => {
			for (let at = 1, refused = 0; ; at++) {
				fs.writeFileSync(file(), generation(2));
				fs.writeFileSync(`${file()}.previous`, generation(1));
				let steps = 0;
				const fail = failAt(at, 'ENOSPC');
				const announce = (step: string) => {
					steps += 1;
					fail(step);
				};
				try {
					await interceptFs(announce, () => replaceState(file(), generation(3), 'replace', accept));
					assert.deepEqual(versions(), [3, 2]);
				} catch (error) {
					assert.match(String(error), /ENOSPC: injected/);
					assert.equal(versions()[0], 2, `step ${at}`);
					refused += 1;
				}
				assert.deepEqual(fs.readdirSync(folder()), ['state.json', 'state.json.previous'], `step ${at}`);
				fs.unlinkSync(file());
				fs.unlinkSync(`${file()}.previous`);
				if (at <= steps) continue;
				assert(refused >= 10, `${refused} steps can fail`);
				return;
			}
		});

		it('keeps the generation before where there are no hard links', async () => {
			fs.writeFileSync(file(), generation(2));
			const noLinks = (step: string) => {
				if (step.startsWith('linkSync')) throw Object.assign(new Error('EPERM'), {code: 'EPERM'});
			};
			await interceptFs(noLinks, () => replaceState(file(), generation(3), 'replace', accept));
			assert.deepEqual(versions(), [3, 2]);
			assert.deepEqual(fs.readdirSync(folder()), ['state.json', 'state.json.previous']);
		});

		it('goes on behind a commit that was killed between its two renames', () => {
			fs.writeFileSync(file(), generation(2));
			fs.linkSync(file(), `${file()}.previous`);
			replaceState(file(), generation(3), 'replace', accept);
			assert.deepEqual(fs.readdirSync(folder()), ['state.json', 'state.json.previous']);
			assert.deepEqual(versions(), [3, 2]);
		});

		it('takes back a first generation whose name could not be made durable', async () => {
			const failFolder = (step: string) => {
				if (step === `fsyncSync ${folder()}`) throw new Error('no');
			};
			await assert.rejects(interceptFs(failFolder, () => replaceState(file(), generation(1), 'remove', accept)));
			assert.deepEqual(fs.readdirSync(folder()), []);
		});

		it('asks at the last moment whether it may', () => {
			replaceState(file(), generation(1), 'remove', accept);
			const refuse = () => {
				throw new Error('not ours');
			};
			assert.throws(() => replaceState(file(), generation(2), 'replace', refuse), /not ours/);
			assert.deepEqual(fs.readdirSync(folder()), ['state.json']);
			assert.deepEqual(versions(), [1, undefined]);
		});
	});

	it('sweepTemporary() removes its own temporary files only', () => {
		const own = ['state.json.0123456789abcdef.tmp', 'state.json.previous.0123456789abcdef.tmp'];
		const others = ['other.json.0123456789abcdef.tmp', 'state.json', 'state.json.backup.tmp', 'state.json.seen-1'];
		for (const name of [...own, ...others]) fs.writeFileSync(path.join(folder(), name), '');
		sweepTemporary(file());
		assert.deepEqual(fs.readdirSync(folder()), others);
	});

	describe('readState()', () => {
		it('names the file, what was found, and the way out', () => {
			fs.writeFileSync(file(), '');
			fs.writeFileSync(`${file()}.previous`, generation(7));
			const message =
				`${file()}: expected a state of rxaudit, got an empty file; nothing was changed. ` +
				'option recoverPrevious goes on from the generation before (version 7)';
			assert.throws(() => readState(file(), false), {code: 'STATE_DAMAGED', message});
			assert.deepEqual(readState(file(), true).stored?.version, 7);
		});

		it('says when there is no way out', () => {
			fs.writeFileSync(file(), 'x');
			const missing = {code: 'STATE_DAMAGED', message: /option recoverPrevious cannot help: .*\.previous is missing/};
			assert.throws(() => readState(file(), false), missing);
			assert.throws(() => readState(file(), true), missing);
			fs.writeFileSync(`${file()}.previous`, '');
			const empty = {code: 'STATE_DAMAGED', message: /cannot help: .*\.previous is an empty file/};
			assert.throws(() => readState(file(), true), empty);
		});

		it('recovers a missing file, but never a good one', () => {
			fs.writeFileSync(`${file()}.previous`, generation(7));
			assert.deepEqual(readState(file(), false), {stored: undefined, recovered: false});
			assert.equal(readState(file(), true).stored?.version, 7);
			fs.writeFileSync(file(), generation(8));
			assert.equal(readState(file(), true).stored?.version, 8);
		});
	});
});
