import assert from 'node:assert/strict';
import fs from 'node:fs';
import {emptyChain} from '../../../lib/sink/manifest.ts';
import {verifyArchive} from '../../../sinks/_objects/verify-archive.ts';
import {entriesOf, entryOfMark} from '../../support/archive-runs.ts';
import {archiveUnderTest, first, idsOf, second} from '../../support/archive-under-test.ts';
import {sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';

describe('the beginning of an object archive', () => {
	const {store, open, committed, contents, lines, spoolFolder} = archiveUnderTest();

	it('refuses a target with content that no state knows, and names the ways out', async () => {
		store().objects.set('anything', {content: Buffer.from('x'), generation: 0});
		await assert.rejects(
			open(),
			sinkError('TARGET_REFUSED', /holds anything, which is no part of an archive.*\?mode=append/),
		);
		assert.equal(store().objects.size, 1);
		assert.equal(fs.existsSync(spoolFolder()), false);
	});

	it('begins a part of its own beside those of others, and refuses a source that others hold', async () => {
		await committed();
		const context = sinkContext();
		const sink = await open({context});
		const again = sinkError(
			'TARGET_REFUSED',
			/holds events of some-source:some-tenant already.*--state.*\?mode=append/,
		);
		await assert.rejects(sink.write(second), again);
		await sink.close();
		await assert.rejects(
			(await open({}, await (await open()).flush())).write(second),
			again,
			'a state alone is no proof',
		);
		assert.equal(entriesOf(store()).length, 1);
		const other = {...second, source: {...second.source, tenant: 'other-tenant'}};
		await committed(other);
		await committed(second, {mode: 'append'});
		const {damage, parts, chain} = await verifyArchive('archive', store());
		assert.deepEqual([damage, parts.map(({entries}) => entries)], [[], [1, 1, 1]]);
		assert.deepEqual(chain, {entries: 3, head: ''});
		assert.equal(lines().length, first.records.length + 2 * second.records.length);
		assert.deepEqual(context.warnings, []);
	});

	it('goes on in an archive from before there were parts, which is one still', async () => {
		const begun = {run: '0123abcd', chain: emptyChain, line: '', leftovers: []};
		const old = await open({}, begun);
		await old.write(first);
		const {part: _part, ...mark} = (await old.flush()) as {part: string; run: string};
		await old.close();
		const sink = await open({}, mark);
		await sink.write(second);
		await sink.flush();
		assert.ok(store().objects.has('_rxaudit.manifest/000000000001.entry'));
		const {damage, parts} = await verifyArchive('archive', store());
		assert.deepEqual([damage, parts.map(({part, entries}) => [part, entries])], [[], [['', 2]]]);
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
		store().objects.delete(entryOfMark(mark, 0));
		const empty = await (await open({}, mark, prepared)).prepare!();
		const sink = await open({}, mark, empty);
		await sink.write(second);
		await sink.flush();
		assert.deepEqual(idsOf(lines()), [3, 4, 5, 6]);
		assert.equal(store().objects.size, entriesOf(store())[0]!.files!.length + 1);
	});

	it('refuses a target that does not end where the state says, and leaves it alone', async () => {
		const mark = await committed();
		const entry = entryOfMark(mark, 0);
		const intact = new Map(store().objects);
		const next = {content: Buffer.from('x'), generation: 0};
		const cases: readonly [RegExp, () => void][] = [
			[/000000000000\.entry is missing/, () => store().objects.delete(entry)],
			[/000000000000\.entry is not what was written/, () => store().objects.set(entry, next)],
			[/000000000001\.entry is there/, () => store().objects.set(entryOfMark(mark, 1), next)],
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
