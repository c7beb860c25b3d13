import assert from 'node:assert/strict';
import {IdentityJournal} from '../../lib/run/identity-journal.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';

const megabyte = 1_000_000;

function identitiesOf(number: number): Buffer {
	return Buffer.alloc(megabyte, number + 1);
}

for (const kind of ['a journal of the store', 'the checkpoint itself'] as const) {
	describe(`IdentityJournal in ${kind}`, () => {
		/** With a megabyte of each, these are more than what is not thinned out: 4 MiB, and 1 MiB where all is rewritten. */
		const runs = kind === 'the checkpoint itself' ? 2 : 5;

		function worldOf() {
			const steps: string[] = [];
			const store = memoryStore({step: name => void steps.push(name)});
			const journal = kind === 'the checkpoint itself' ? undefined : store.journal;
			const open = (mark?: IdentityJournal['mark'], bytes = 0) => new IdentityJournal(journal, mark, bytes);
			const contentOf = async ({mark}: IdentityJournal) =>
				journal ? journal.read(mark!) : Buffer.from(mark as string, 'base64');
			return {steps, open, contentOf};
		}

		it('adds to what was there', async () => {
			const {open, contentOf, steps} = worldOf();
			const first = open();
			await first.append([Buffer.from('a'), Buffer.from('b')], entries => entries, {});
			const second = open(first.mark, 2);
			await second.append([Buffer.from('c')], entries => entries, {});
			assert.equal(Buffer.from(await contentOf(second)).toString(), 'abc');
			assert.equal(steps.filter(step => step === 'rewrite').length, kind === 'the checkpoint itself' ? 0 : 1);
		});

		it('has a mark from its beginning, and writes nothing where nothing is new', async () => {
			const {open, steps} = worldOf();
			const journal = open();
			await journal.append([], entries => entries, {});
			assert.notEqual(journal.mark, undefined);
			const before = steps.length;
			await journal.append([], entries => entries, {});
			assert.equal(steps.length, before);
		});

		it('is thinned out when it is large, over runs that each add less than there was', async () => {
			const {open, contentOf} = worldOf();
			const asked: [bytes: number, snapshots: unknown][] = [];
			const keepLast = (entries: Uint8Array, snapshots: unknown) => {
				asked.push([entries.length, snapshots]);
				return entries.slice(-200);
			};
			let journal = open();
			let bytes = 0;
			for (let number = 0; number <= runs; number++) {
				await journal.append([identitiesOf(number)], keepLast, {dedupe: number});
				bytes = (await contentOf(journal)).length;
				journal = open(journal.mark, bytes);
			}
			assert.deepEqual(asked, [[runs * megabyte, {dedupe: runs - 1}]], 'all of them, as of this checkpoint');
			const last = identitiesOf(runs - 1).subarray(0, 200);
			assert.deepEqual(Buffer.from(await contentOf(journal)), Buffer.concat([last, identitiesOf(runs)]));
		});

		it('is thinned out within a long run', async () => {
			const {open, contentOf} = worldOf();
			const journal = open();
			let thinned = 0;
			const keep = (entries: Uint8Array) => (thinned++, entries.slice(-200));
			for (let number = 0; number < 11; number++) {
				await journal.append([identitiesOf(number)], keep, {});
				assert.ok((await contentOf(journal)).length <= runs * megabyte);
			}
			assert.equal(thinned, Math.floor(11 / runs));
		});
	});
}
