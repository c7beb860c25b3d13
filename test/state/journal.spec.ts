import assert from 'node:assert/strict';
import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import type {Json} from '../../lib/model/event.ts';
import {openJournal} from '../../lib/state/journal.ts';
import {failAt, interceptFs} from '../support/intercept-fs.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

const accept = () => {};

describe('openJournal()', () => {
	const folder = temporaryFolder();
	const base = () => path.join(folder(), 'state.json');
	const generation = (number: number) => `${base()}.seen-${number}`;
	const reopen = () => openJournal(base(), accept);
	const textAt = async (mark: Json) => Buffer.from(await reopen().read(mark)).toString();

	it('gives back what was written, at any mark, after any restart', async () => {
		const step = fc.record({
			rewrite: fc.integer({min: 0, max: 4}).map(draw => draw === 0),
			restart: fc.boolean(),
			bytes: fc.uint8Array({maxLength: 60}),
		});
		await fc.assert(
			fc.asyncProperty(fc.array(step, {maxLength: 12}), async steps => {
				let journal = reopen();
				let content = Buffer.alloc(0);
				let mark: Json | undefined;
				const known: [Json, Buffer][] = [];
				for (const {rewrite, restart, bytes} of steps) {
					if (restart && mark !== undefined) {
						await journal.append(Buffer.from('never committed'));
						journal = reopen();
						assert.deepEqual(Buffer.from(await journal.read(mark)), content);
					}
					content = rewrite ? Buffer.from(bytes) : Buffer.concat([content, bytes]);
					mark = await (rewrite ? journal.rewrite(bytes) : journal.append(bytes));
					known.push([mark, content]);
				}
				for (const [mark, content] of known.reverse()) {
					assert.deepEqual(Buffer.from(await reopen().read(mark)), content);
				}
			}),
			{numRuns: 40},
		);
	});

	it('is a file beside the state, for its owner only, whose mark names no path', async () => {
		const mark = await reopen().append(Buffer.from('abc'));
		assert.deepEqual(fs.readdirSync(folder()), ['state.json.seen-1']);
		assert.equal(fs.statSync(generation(1)).mode & 0o777, 0o600);
		const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
		assert.deepEqual(mark, {file: 1, bytes: 3, sha256});
	});

	it('writes over what was not committed, and not before', async () => {
		const mark = await reopen().append(Buffer.from('kept'));
		const journal = reopen();
		await journal.read(mark);
		const pending = await journal.append(Buffer.from(' or not'));
		assert.equal(await textAt(mark), 'kept');
		assert.equal(await textAt(pending), 'kept or not');
		await journal.read(mark);
		assert.equal(await textAt(await journal.append(Buffer.from('!'))), 'kept!');
		await assert.rejects(reopen().read(pending), {code: 'STATE_DAMAGED'});
	});

	for (const [what, damage] of [
		['shorter', 'committe'],
		['different', 'cOmmitted'],
		['different and longer', 'cOmmitted and more'],
	] as const) {
		it(`refuses a file that is ${what}, and leaves it as it is`, async () => {
			const mark = await reopen().append(Buffer.from('committed'));
			fs.writeFileSync(generation(1), damage);
			const expected = {code: 'STATE_DAMAGED', message: /state\.json\.seen-1: expected .* nothing was changed/};
			await assert.rejects(reopen().read(mark), expected);
			assert.equal(fs.readFileSync(generation(1), 'utf8'), damage);
		});
	}

	it('refuses a file that is gone, and a mark of something else', async () => {
		const mark = await reopen().append(Buffer.from('committed'));
		fs.unlinkSync(generation(1));
		await assert.rejects(reopen().read(mark), {code: 'STATE_DAMAGED', message: /got no file/});
		await assert.rejects(reopen().read('AAAA'), {code: 'STATE_DAMAGED', message: /mark/});
	});

	for (const verb of ['append', 'rewrite'] as const) {
		it(`stays at the last mark when a step of ${verb}() fails, and goes on from there`, async () => {
			for (let at = 1, failed = true; failed; at++) {
				const journal = reopen();
				const first = await journal.append(Buffer.from('first '));
				failed = false;
				try {
					await interceptFs(failAt(at, 'ENOSPC'), () => journal[verb](Buffer.from('a long second part')));
					assert(at > 4);
				} catch (error) {
					assert.equal((error as {code?: unknown}).code, 'STATE_FAILED', String(error));
					assert.match(String(error), /ENOSPC.*; free space on its disk, and the same command goes on$/);
					failed = true;
				}
				if (!failed) return;
				assert.equal(await textAt(await journal.append(Buffer.from('2nd'))), 'first 2nd', `step ${at}`);
				assert.equal(await textAt(first), 'first ');
			}
		});
	}

	it('writes again what a failed sync may have lost, instead of syncing twice', async () => {
		const journal = reopen();
		await journal.append(Buffer.from('first '));
		const steps: string[] = [];
		let failures = 1;
		const announce = (step: string) => {
			steps.push(step.split(' ')[0]!);
			if (step.startsWith('fdatasync') && failures-- > 0) throw Object.assign(new Error('EIO'), {code: 'EIO'});
		};
		await interceptFs(announce, async () => {
			await assert.rejects(journal.append(Buffer.from('second')), {code: 'STATE_FAILED'});
			await journal.append(Buffer.from('second'));
		});
		const once = ['openSync', 'writeSync', 'fdatasyncSync', 'closeSync'];
		assert.deepEqual(steps, [...once, ...once]);
	});

	it('has a new generation on the disk with its name before it gives the mark', async () => {
		const steps: string[] = [];
		await interceptFs(
			step => steps.push(step.replaceAll(folder(), '.')),
			() => reopen().rewrite(Buffer.from('new')),
		);
		assert.deepEqual(
			steps.filter(step => step.startsWith('fsync')),
			['fsyncSync ./state.json.seen-1', 'fsyncSync .'],
		);
	});

	it('writes nothing when the state is no longer ours', async () => {
		let owned = true;
		const journal = openJournal(base(), () => {
			if (!owned) throw new Error('not ours');
		});
		const mark = await journal.append(Buffer.from('ours'));
		owned = false;
		await assert.rejects(journal.append(Buffer.from('theirs')), /not ours/);
		await assert.rejects(journal.rewrite(Buffer.from('theirs')), /not ours/);
		assert.deepEqual(fs.readdirSync(folder()), ['state.json.seen-1']);
		assert.equal(await textAt(mark), 'ours');
	});

	describe('keepOnly()', () => {
		it('deletes what no mark names, but not the generation in use', async () => {
			const journal = reopen();
			const first = await journal.append(Buffer.from('1'));
			await journal.rewrite(Buffer.from('2'));
			await journal.rewrite(Buffer.from('3'));
			journal.keepOnly([first]);
			assert.deepEqual(fs.readdirSync(folder()), ['state.json.seen-1', 'state.json.seen-3']);
		});

		it('deletes nothing when it meets a mark that it does not know', async () => {
			const journal = reopen();
			await journal.append(Buffer.from('1'));
			await journal.rewrite(Buffer.from('2'));
			journal.keepOnly(['AAAA']);
			assert.deepEqual(fs.readdirSync(folder()), ['state.json.seen-1', 'state.json.seen-2']);
		});

		it('knows the generations of a run before', async () => {
			fs.writeFileSync(generation(9), 'never committed');
			fs.writeFileSync(`${base()}.seen-backup`, '');
			const journal = reopen();
			const mark = await journal.rewrite(Buffer.from('x'));
			journal.keepOnly([mark]);
			assert.deepEqual(fs.readdirSync(folder()), ['state.json.seen-10', 'state.json.seen-backup']);
		});
	});
});
