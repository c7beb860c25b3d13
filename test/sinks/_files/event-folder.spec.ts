import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type {Json} from '../../../lib/model/event.ts';
import type {Batch} from '../../../lib/sink/sink.ts';
import filesystem from '../../../sinks/filesystem.ts';
import {patchFs, restoreFs} from '../../support/patch-fs.ts';
import {batchOf, sinkContext} from '../../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

/** A common record whose own text has a set, in some order. */
function withSet(set: readonly unknown[], id = '1'): Batch {
	const own = JSON.stringify({id, set});
	const batch = batchOf([{id, text: JSON.stringify({id, action: 'x', raw: own})}]);
	const records = batch.records.map(record => ({...record, text: Buffer.from(own)}));
	return {...batch, records, source: {...batch.source, unorderedLists: true}};
}

describe('one file per event, of a source with unordered lists', () => {
	const folder = temporaryFolder();
	const file = () => path.join(folder(), '2026/01/02/1.json');
	const open = (durability: 'process' | 'power' = 'process') =>
		filesystem({dir: folder(), durability}).open(sinkContext());
	const eventsOf = (state: Json) => (state as {events?: Json}).events;
	const textOf = ({lines}: Batch) => Buffer.from(lines).toString().trimEnd();

	afterEach(restoreFs);

	for (const durability of ['process', 'power'] as const) {
		it(`takes another order for the same, and leaves the first as it is (${durability})`, async () => {
			const first = withSet(['a', 'b', {c: [1, 2]}]);
			const again = withSet([{c: [2, 1]}, 'b', 'a']);
			assert.notEqual(textOf(first), textOf(again));
			const sink = await open(durability);
			assert.deepEqual(await sink.write(first), []);
			assert.deepEqual(await sink.write(again), []);
			assert.equal(eventsOf(await sink.flush()), 2);
			await sink.close();
			const before = fs.statSync(file());
			const next = await open(durability);
			assert.deepEqual(await next.write(again), []);
			assert.equal(eventsOf(await next.flush()), 1);
			await next.close();
			assert.equal(fs.readFileSync(file(), 'utf8'), textOf(first));
			assert.deepEqual([fs.statSync(file()).ino, fs.statSync(file()).mtimeMs], [before.ino, before.mtimeMs]);
		});
	}

	it('hands other content back, in whatever order, and so for a source whose lists have an order', async () => {
		const first = withSet(['a', 'b']);
		const other = withSet(['b', 'c']);
		const ordered = {...withSet(['b', 'a']), source: batchOf([]).source};
		const sink = await open();
		await sink.write(first);
		for (const batch of [other, withSet(['a']), withSet(['a', 'a', 'b']), ordered]) {
			const rejected = (await sink.write(batch)) ?? [];
			assert.deepEqual(
				rejected.map(({id, text}) => [id, text]),
				[['1', batch.records[0]!.text]],
			);
			assert.match(rejected[0]!.reason, /1\.json exists with other content$/);
		}
		assert.equal(fs.readFileSync(file(), 'utf8'), textOf(first));
		fs.writeFileSync(file(), 'x'.repeat(textOf(first).length));
		assert.equal((await sink.write(first))?.length, 1, 'what somebody else wrote need not even be JSON');
	});

	it('looks into lists only where the bytes differ', async () => {
		const sink = await open();
		const first = withSet(['a', 'b']);
		await sink.write(first);
		let parsed = 0;
		const parse = JSON.parse;
		JSON.parse = (...args: Parameters<typeof parse>) => {
			parsed++;
			return parse(...args) as unknown;
		};
		let read = 0;
		patchFs('readFileSync', original => (...args: Parameters<typeof original>) => {
			read++;
			return original(...args);
		});
		try {
			await sink.write(withSet(['c'], '2'));
			assert.deepEqual({parsed, read}, {parsed: 0, read: 0}, 'a new one');
			await sink.write(first);
			assert.deepEqual({parsed, read}, {parsed: 0, read: 1}, 'the same bytes');
			await sink.write(withSet(['longer']));
			assert.deepEqual({parsed, read}, {parsed: 0, read: 1}, 'another length');
			await sink.write(withSet(['b', 'a']));
			assert.equal(read, 2);
			assert.ok(parsed > 0);
		} finally {
			JSON.parse = parse;
		}
	});
});
