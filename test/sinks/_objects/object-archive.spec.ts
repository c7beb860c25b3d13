import assert from 'node:assert/strict';
import fs from 'node:fs';
import {formats} from '../../../sinks/_files/compression.ts';
import {join} from 'node:path';
import fc from 'fast-check';
import {verifyArchive} from '../../../sinks/_objects/verify-archive.ts';
import {type ArchiveState, entriesOf, entryOfMark, linesOf, runArchive} from '../../support/archive-runs.ts';
import {archiveUnderTest, first, firstDay, dayMs, idsOf, pagesOf, second} from '../../support/archive-under-test.ts';
import {type MemoryObjects, memoryObjects} from '../../support/memory-objects.ts';
import {failFs, restoreFs} from '../../support/patch-fs.ts';
import {batchOf, sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';

class Killed extends Error {}

describe('object archive', () => {
	const {store, open, committed, contents, lines, spoolFolder} = archiveUnderTest();
	afterEach(restoreFs);

	it('makes an object of each partition and an entry that lists them, at each commit', async () => {
		const sink = await open({layout: 'all/{source}/{date}/{hour}'});
		await sink.write(first);
		await sink.write(second);
		await sink.flush();
		await sink.write(pagesOf([1])[0]!);
		const {run} = (await sink.flush()) as {run: string};
		await sink.close();
		const line = (id: number) => `{"id":${id},"version":0}\n`;
		const named = (day: number, entry: number) =>
			`all/some-source/2026-01-0${day}/00/00000000000${entry}-${run}.ndjson`;
		const manifest = [...contents().keys()].filter(name => name.startsWith('_rxaudit.manifest/'));
		assert.match(run, /^[0-9a-f]{8}$/);
		assert.deepEqual(
			manifest,
			[0, 1].map(entry => entryOfMark({part: run}, entry)),
		);
		assert.deepEqual(Object.fromEntries([...contents()].filter(([name]) => !manifest.includes(name))), {
			[named(1, 0)]: line(0) + line(3) + line(6),
			[named(1, 1)]: line(0),
			[named(2, 0)]: line(1) + line(4),
			[named(3, 0)]: line(2) + line(5),
		});
		const {sources} = entriesOf(store())[0]!;
		assert.deepEqual(sources, {
			'some-source:some-tenant': {
				events: 7,
				first: '2026-01-01T00:00:00.000Z',
				last: '2026-01-03T00:00:00.000Z',
				days: {'2026-01-01': 3, '2026-01-02': 2, '2026-01-03': 2},
			},
		});
	});

	describe('where two states begin at the same time with events of one source', () => {
		const both = async () => {
			const sinks = [await open(), await open()] as const;
			for (const sink of sinks) await sink.write(first);
			return sinks;
		};
		const meanwhile = sinkError(
			'TARGET_REFUSED',
			/was written to by another run meanwhile.*some-source:some-tenant.*--state/,
		);

		it('refuses the one that commits later, and nothing of it is there', async () => {
			const [one, other] = await both();
			await one.flush();
			const held = contents();
			await assert.rejects(async () => other.flush(), meanwhile);
			assert.deepEqual(contents(), held);
			assert.deepEqual(idsOf(lines()), [0, 1, 2]);
		});

		it('takes back the commit of one that finds the other only behind its own entry', async () => {
			const [one, other] = await both();
			const {put} = store();
			store().put = async (name, spooled) => {
				store().put = put;
				await other.flush(); // between the look and the first object
				return put(name, spooled);
			};
			await assert.rejects(async () => one.flush(), meanwhile);
			assert.deepEqual(idsOf(lines()), [0, 1, 2]);
			const {damage} = await verifyArchive('archive', store(), {});
			assert.deepEqual(damage, []);
		});

		it('lets both go on where that is asked for', async () => {
			const [one, other] = [await open({mode: 'append'}), await open({mode: 'append'})];
			for (const sink of [one, other]) await sink.write(first);
			for (const sink of [one, other]) await sink.flush();
			assert.deepEqual(idsOf(lines()), [0, 0, 1, 1, 2, 2]);
		});
	});

	it('tells the store what is in an object', async () => {
		const long = `${'x'.repeat(255)}😀`;
		const ids = ['b', 'a', long];
		const {run} = (await committed(
			batchOf(ids.map((id, index) => ({id, timeMs: firstDay + (index === 1 ? 0 : 1000)}))),
			{format: formats.gzip},
		)) as {run: string};
		const {spooled} = store().objects.get(`2026-01-01/000000000000-${run}.ndjson.gz`)!;
		const {contentType, metadata, sha256} = spooled!;
		assert.deepEqual(
			{contentType, metadata},
			{
				contentType: 'application/gzip',
				metadata: {
					entry: '0',
					run,
					events: '3',
					'first-time': '2026-01-01T00:00:00.000Z',
					'last-time': '2026-01-01T00:00:01.000Z',
					'first-id': 'b',
					'last-id': `${'x'.repeat(255)}\ufffd`,
					sha256,
				},
			},
		);
	});

	it('keeps what a dead run left in mind until an entry can tell of it', async () => {
		const mark = await (await open()).flush();
		const dying = await open({}, mark);
		await dying.write(first);
		const prepared = await dying.prepare!();
		await dying.flush();
		store().objects.delete(entryOfMark(mark, 0));
		store().locked = true;
		const sink = await open({}, mark, prepared);
		await sink.write(batchOf([]));
		const empty = await sink.flush();
		assert.equal(store().objects.size, 3);
		const again = await open({}, empty);
		await again.write(second);
		await again.flush();
		const {superseded, files} = entriesOf(store())[0]!;
		assert.equal(superseded!.length, 3);
		assert.ok(files!.every(({path}) => path.includes('~1.')));
		assert.deepEqual(idsOf(lines()), [3, 4, 5, 6]);
	});

	it('sees another writer before it has put anything, where it can', async () => {
		const mark = await (await open()).flush();
		const sink = await open({}, mark);
		await sink.write(second);
		const other = await open({}, mark);
		await other.write(first);
		await other.flush();
		const before = contents();
		await assert.rejects(sink.prepare!(), sinkError('TARGET_CHANGED', /somebody else/));
		assert.deepEqual(contents(), before);
	});

	it('overwrites nothing under its names that no dead run of its state can have put', async () => {
		const mark = await (await open()).flush();
		const {run} = mark as {run: string};
		const name = `2026-01-01/000000000000-${run}.ndjson`;
		store().objects.set(name, {content: Buffer.from('x'), generation: 0});
		const sink = await open({}, mark);
		await sink.write(first);
		await assert.rejects(sink.flush(), sinkError('TARGET_CHANGED', new RegExp(`${name} is there`)));
		assert.equal(contents().get(name), 'x');
		assert.equal(entriesOf(store()).length, 0);
	});

	describe('killed at any step, again and again', () => {
		/** Runs it to its end, killing the n-th life at its n-th number of steps; each life may see other texts. */
		async function survive(sizes: number[], perCommit: number, kills: readonly number[], versions: readonly number[]) {
			let left = Infinity;
			const bucket = memoryObjects(spoolFolder(), () => {
				if (left-- <= 0) throw new Killed();
			});
			let state: ArchiveState | undefined;
			const save = (saved: ArchiveState) => {
				if (left-- <= 0) throw new Killed();
				state = JSON.parse(JSON.stringify(saved)) as ArchiveState;
				if (left-- <= 0) throw new Killed();
			};
			let reached = 0;
			for (const [life, steps] of [...kills, Infinity].entries()) {
				left = steps;
				const batches = pagesOf(sizes, versions[life] ?? 0);
				bucket.locked = (versions[life] ?? 0) > 3;
				try {
					await runArchive({store: bucket, batches, perCommit, state, save});
				} catch (error) {
					if (!(error instanceof Killed) && !(error instanceof Error && error.cause instanceof Killed)) throw error;
					reached++;
					left = Infinity;
					if (entriesOf(bucket).length > 0) assert.deepEqual((await verifyArchive('archive', bucket)).damage, []);
				}
			}
			left = Infinity;
			return {bucket, reached};
		}

		async function check(bucket: MemoryObjects, events: number): Promise<void> {
			assert.deepEqual(
				idsOf(linesOf(bucket)),
				Array.from({length: events}, (_, id) => id),
			);
			const {damage, uncommitted, sources} = await verifyArchive('archive', bucket);
			assert.deepEqual({damage, uncommitted}, {damage: [], uncommitted: []});
			assert.equal(sources['some-source:some-tenant']?.events ?? 0, events);
		}

		it('holds every event once, in the same bytes as without a kill', async () => {
			const sizes = [2, 0, 3, 5, 1];
			const {bucket: undisturbed} = await survive(sizes, 2, [], []);
			const data = ({objects}: MemoryObjects) =>
				[...objects]
					.filter(([name]) => name.includes('.ndjson'))
					.map(([name, {content}]) => `${name.replace(/-[0-9a-f]{8}/, '')} ${content.toString('hex')}`);
			for (let steps = 0; ; steps++) {
				const {bucket, reached} = await survive(sizes, 2, [steps, steps >> 1], []);
				await check(bucket, 11);
				assert.deepEqual(data(bucket), data(undisturbed), `killed at step ${steps}`);
				if (reached === 0) break;
			}
		});

		it('also when each life gets other texts, and when nothing can be removed', async () => {
			await fc.assert(
				fc.asyncProperty(
					fc.array(fc.nat({max: 4}), {minLength: 1, maxLength: 6}),
					fc.integer({min: 1, max: 3}),
					fc.array(fc.nat({max: 40}), {maxLength: 6}),
					fc.array(fc.nat({max: 5}), {minLength: 7, maxLength: 7}),
					async (sizes, perCommit, kills, versions) => {
						const events = sizes.reduce((sum, size) => sum + size, 0);
						const {bucket} = await survive(sizes, perCommit, kills, versions);
						if (events > 0) await check(bucket, events);
						if (versions.some(version => version > 3)) return;
						const listed = entriesOf(bucket).flatMap(({files = []}) => files.map(({path}) => path));
						const entries = entriesOf(bucket).length;
						assert.equal(bucket.objects.size, listed.length + entries, 'nothing else is there');
					},
				),
				{numRuns: 100},
			);
		});
	});

	it('keeps few files open, however many partitions there are', async () => {
		const count = 300;
		const batch = batchOf(
			Array.from({length: 2 * count}, (_, id) => ({
				id: `${id}`,
				timeMs: firstDay + (id % count) * dayMs,
				text: JSON.stringify({id}),
			})),
		);
		const openFiles = () =>
			fs
				.readdirSync('/proc/self/fd')
				.flatMap(fd => (fs.existsSync(`/proc/self/fd/${fd}`) ? fs.readlinkSync(`/proc/self/fd/${fd}`) : []))
				.filter(path => path.startsWith(spoolFolder())).length;
		for (const compression of ['gzip', 'none'] as const) {
			store().objects.clear();
			const sink = await open({format: formats[compression]});
			await sink.write(batch);
			await sink.write(batch);
			assert.equal(openFiles(), 16);
			await sink.flush();
			await sink.close();
			assert.equal(openFiles(), 0);
			const held = compression === 'gzip' ? linesOf(store()) : lines();
			assert.equal(held.length, 4 * count);
			assert.deepEqual(new Set(idsOf(held)).size, 2 * count);
			assert.equal(store().objects.size, count + 1);
		}
	});

	it('leaves no spool behind, and sweeps those of runs that died', async () => {
		await committed();
		const sink = await open({mode: 'append'});
		await sink.write(first);
		assert.ok(fs.readdirSync(spoolFolder()).length > 0);
		await sink.close();
		await sink.close();
		assert.deepEqual(fs.readdirSync(spoolFolder()), []);
		const stale = join(spoolFolder(), '.rxaudit-00000000-1-000000000000-0.tmp');
		fs.writeFileSync(stale, '');
		fs.utimesSync(stale, 0, 0);
		await (await open({mode: 'append'})).close();
		assert.deepEqual(fs.readdirSync(spoolFolder()), []);
	});

	it('rejects what it has no time for', async () => {
		const sink = await open();
		await assert.rejects(sink.write({...first, events: [], records: []}), sinkError('TARGET_REFUSED', /dead letters/));
		await sink.close();
	});

	it('does nothing more once a write has failed', async () => {
		const sink = await open();
		failFs('writeSync', 'EIO');
		await assert.rejects(sink.write(first), sinkError('SINK_FAILED', /EIO/));
		restoreFs();
		await assert.rejects(sink.write(first), sinkError('SINK_FAILED', /EIO/));
		await assert.rejects(sink.flush(), sinkError('SINK_FAILED', /EIO/));
		await sink.close();
		assert.equal(store().objects.size, 0);
	});

	it('waits for space on a full disk', async () => {
		const context = sinkContext();
		failFs('writeSync', 'ENOSPC', 2);
		await committed(first, {maxAttempts: 3, context});
		assert.equal(context.warnings.length, 2);
		assert.deepEqual(idsOf(lines()), [0, 1, 2]);
	});
});
