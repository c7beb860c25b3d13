import assert from 'node:assert/strict';
import fs from 'node:fs';
import {verifyArchive} from '../../../sinks/_archive/verify-archive.ts';
import {entriesOf} from '../../support/archive-runs.ts';
import {archiveUnderTest, first, idsOf, second} from '../../support/archive-under-test.ts';
import {sinkContext, sinkError} from '../../support/sink-batch.ts';

describe('the beginning of an object archive', () => {
	const {store, open, committed, contents, lines, spoolFolder} = archiveUnderTest();

	it('refuses a target with content that no state knows, and names the ways out', async () => {
		store().objects.set('anything', {content: Buffer.from('x'), generation: 0});
		await assert.rejects(open(), sinkError('TARGET_REFUSED', /not empty \(anything\).*--state.*\?mode=append/));
		assert.equal(store().objects.size, 1);
		assert.equal(fs.existsSync(spoolFolder()), false);
	});

	it('goes on behind the last entry when it is told to append', async () => {
		await committed();
		await committed(second, {mode: 'append'});
		assert.equal(entriesOf(store()).length, 2);
		assert.deepEqual(idsOf(lines()), [0, 1, 2, 3, 4, 5, 6]);
		assert.deepEqual((await verifyArchive('archive', store())).damage, []);
	});

	it('says in the manifest what a run without a state left, and leaves it alone', async () => {
		await committed();
		const dying = await open({mode: 'append'});
		await dying.write(first);
		await dying.flush();
		store().objects.delete('rxaudit.manifest/000000000001.entry');
		const context = sinkContext();
		const sink = await open({mode: 'append', context});
		await sink.write(second);
		await sink.flush();
		assert.equal(context.warnings.length, 1);
		assert.equal(entriesOf(store())[1]!.superseded!.length, 3);
		assert.equal([...store().objects.keys()].filter(name => name.includes('/000000000001-')).length, 6);
		const {damage, uncommitted} = await verifyArchive('archive', store());
		assert.deepEqual({damage, uncommitted}, {damage: [], uncommitted: []});
	});

	describe('behind a commit that it holds and another sink does not', () => {
		async function begun(locked: boolean) {
			const mark = await (await open()).flush();
			const dying = await open({}, mark);
			await dying.write(first);
			const prepared = await dying.prepare!();
			await dying.flush();
			store().locked = locked;
			const context = {...sinkContext(mark), prepared};
			return {sink: await open({context}), context, prepared};
		}

		it('takes back its entry, since other events may come', async () => {
			const {sink} = await begun(false);
			await sink.write(second);
			await sink.flush();
			assert.deepEqual(idsOf(lines()), [3, 4, 5, 6]);
			const {damage, uncommitted} = await verifyArchive('archive', store());
			assert.deepEqual({damage, uncommitted}, {damage: [], uncommitted: []});
		});

		it('needs the same events where that is locked, and says so', async () => {
			const {sink, context, prepared} = await begun(true);
			assert.match(context.warnings.join('\n'), /000000000000\.entry is locked.*the same events are to come again/);
			await sink.write(first);
			assert.deepEqual(await sink.flush(), prepared);
			assert.deepEqual(idsOf(lines()), [0, 1, 2]);
		});
	});

	it('knows what a dead run left also when the run that found it died before an entry could tell of it', async () => {
		const mark = await (await open()).flush();
		const dying = await open({}, mark);
		await dying.write(first);
		const prepared = await dying.prepare!();
		await dying.flush();
		store().objects.delete('rxaudit.manifest/000000000000.entry');
		const empty = await (await open({}, mark, prepared)).prepare!();
		const sink = await open({}, mark, empty);
		await sink.write(second);
		await sink.flush();
		assert.deepEqual(idsOf(lines()), [3, 4, 5, 6]);
		assert.equal(store().objects.size, entriesOf(store())[0]!.files!.length + 1);
	});

	it('refuses a target that does not end where the state says, and leaves it alone', async () => {
		const mark = await committed();
		const entry = 'rxaudit.manifest/000000000000.entry';
		const intact = new Map(store().objects);
		const next = {content: Buffer.from('x'), generation: 0};
		const cases: readonly [RegExp, () => void][] = [
			[/000000000000\.entry is missing/, () => store().objects.delete(entry)],
			[/000000000000\.entry is not what was written/, () => store().objects.set(entry, next)],
			[/000000000001\.entry is there/, () => store().objects.set('rxaudit.manifest/000000000001.entry', next)],
		];
		for (const [message, damage] of cases) {
			damage();
			const before = contents();
			await assert.rejects(open({}, mark), sinkError('TARGET_CHANGED', message));
			assert.deepEqual(contents(), before);
			store().objects.clear();
			for (const [name, held] of intact) store().objects.set(name, held);
		}
		await assert.rejects(open({}, {}), sinkError('TARGET_CHANGED', /no position/));
		const other = {...(mark as object), chain: {entries: 1, head: 'f'.repeat(64)}};
		await assert.rejects(open({}, other), sinkError('TARGET_CHANGED', /not what was written/));
	});
});
