import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import type {SinkFactory} from '../../lib/sink/define-sink.ts';
import {AuditError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import type {Batch, OpenSink} from '../../lib/sink/sink.ts';
import {awsEnvironment} from '../support/aws-environment.ts';
import {type BucketKind, bucketKinds, type BucketServer, isProbe} from '../support/buckets.ts';
import {startGcsServer} from '../support/gcs-server.ts';
import {startS3Server, storeKinds} from '../support/s3-server.ts';
import {query, quoted} from '../support/duckdb.ts';
import type {StoreOperation} from '../support/store-server.ts';
import {batchOf, sinkContext} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {batches, textsOf} from '../../lib/testing/describe-sink.ts';

/** For each kind of store that a sink may meet, how one starts. */
const stores: Readonly<Record<keyof typeof bucketKinds, Readonly<Record<string, () => Promise<BucketServer>>>>> = {
	gcs: {'as at Google': async () => startGcsServer()},
	s3: Object.fromEntries(
		Object.entries(storeKinds).map(([kind, options]) => [
			kind,
			async () => startS3Server({minPartBytes: 1, ...options}),
		]),
	),
};

describe('conformance of sinks of objects', () => {
	for (const name of ['gcs', 's3'] as const) {
		for (const [kind, start] of Object.entries(stores[name])) {
			describe(`${name}, in a store ${kind}`, () => describeBucketSink(bucketKinds[name], start));
		}
	}
});

function describeBucketSink(kind: BucketKind, start: () => Promise<BucketServer>): void {
	awsEnvironment();
	const folder = temporaryFolder();
	let server: BucketServer;
	beforeEach(async () => {
		server = await start();
	});
	afterEach(() => server.close());

	const create = kind.sink as unknown as SinkFactory;
	const options = () => ({
		bucket: 'evidence/archive',
		[kind.endpoint]: server.url,
		spoolDir: folder(),
		...(kind.sink.name === 's3' ? {chunkBytes: 64} : {}),
	});
	/** All objects of the archive. */
	const objects = () => server.bucket.list().filter(({name}) => !isProbe(name));
	const sink = () => create(options());
	const open = (resume?: Json, prepared?: Json): Promise<OpenSink> => sink().open({...sinkContext(resume), prepared});

	async function writeAll(opened: OpenSink, some: readonly Batch[]): Promise<void> {
		for (const batch of some) assert.deepEqual((await opened.write(batch)) ?? [], []);
	}

	/** The objects of events hold just these, and the manifest says so. */
	async function assertHolds(some: readonly Batch[]): Promise<void> {
		const data = objects().filter(({name}) => name.endsWith('.ndjson.gz'));
		const texts = data.flatMap(({bytes}) => gunzipSync(bytes).toString().split('\n').slice(0, -1));
		assert.deepEqual(texts.sort(), textsOf(some).sort());
		if (texts.length === 0) return;
		const {damage, uncommitted} = await create.verify!(options());
		assert.deepEqual({damage, uncommitted}, {damage: [], uncommitted: []});
		const records: unknown[] = [];
		for await (const read of create.read!(options())) records.push(...read);
		assert.deepEqual(records.map(record => JSON.stringify(record)).sort(), textsOf(some).sort());
	}

	it('touches nothing before a commit, and says what a commit will return before anything of it is there', async () => {
		assert.equal(sink().name, create.name);
		const opened = await open();
		await writeAll(opened, batches);
		const prepared = await opened.prepare!();
		assert.deepEqual(objects(), []);
		assert.deepEqual(JSON.parse(JSON.stringify(prepared)), prepared);
		assert.deepEqual(await opened.flush(), prepared);
		await assertHolds(batches);
		await opened.close();
		assert.equal(await sink().holds!(prepared), true);
		assert.deepEqual(fs.readdirSync(folder()), [], 'no spool is left');
	});

	it('writes Parquet where it is told to, under the same manifest, and binds the state to that', async () => {
		const asParquet = create({...options(), format: 'parquet'});
		assert.deepEqual(asParquet.layout, {...sink().layout, format: 'parquet'});
		assert.deepEqual(asParquet.accepts, [{format: 'audit'}, {format: 'selected'}]);
		const opened = await asParquet.open(sinkContext());
		const days = [1, 2].map(day => batchOf([{id: `${day}`, timeMs: Date.UTC(2026, 0, day)}]));
		await writeAll(opened, days);
		await opened.flush();
		await opened.close();
		const data = objects().filter(({name}) => name.endsWith('.parquet'));
		assert.deepEqual(
			data.map(({contentType}) => contentType),
			data.map(() => 'application/vnd.apache.parquet'),
		);
		const files = data.map(({bytes}, index) => {
			const file = path.join(folder(), `${index}.parquet`);
			fs.writeFileSync(file, bytes);
			return quoted(file);
		});
		const rows = await query(`SELECT id FROM read_parquet([${files.join(', ')}]) ORDER BY id`);
		assert.deepEqual(rows, [{id: '1'}, {id: '2'}]);
		const {damage, uncommitted, sources} = await create.verify!({...options(), format: 'parquet'});
		assert.deepEqual({damage, uncommitted}, {damage: [], uncommitted: []});
		assert.equal(sources['some-source:some-tenant']!.events, 2);
		const records: unknown[] = [];
		for await (const read of create.read!({...options(), format: 'parquet'})) records.push(...read);
		assert.deepEqual(records, [{id: '1'}, {id: '2'}]);
	});

	it('keeps the order of events within an object, and no bytes of a batch when its write has resolved', async () => {
		const opened = await open();
		const ids = Array.from({length: 50}, (_, id) => `${id}`);
		for (const id of ids) {
			const batch = batchOf([{id}]);
			const lent = {...batch, lines: Uint8Array.from(batch.lines)};
			await opened.write(lent);
			lent.lines.fill(0x20);
		}
		await opened.flush();
		await opened.close();
		const [object] = objects().filter(({name}) => name.endsWith('.gz'));
		assert.equal(gunzipSync(object!.bytes).toString(), ids.map(id => `{"id":"${id}"}\n`).join(''));
	});

	it('takes a flush without a write, and an empty batch', async () => {
		const opened = await open();
		const first = await opened.flush();
		await opened.write(batchOf([]));
		assert.deepEqual(await opened.flush(), first);
		await opened.close();
		await (await open(first)).close();
		assert.deepEqual(objects(), []);
	});

	it('goes on exactly behind each commit, whatever was written after it before the end', async () => {
		let mark: Json | undefined;
		for (const [index, batch] of batches.entries()) {
			const opened = await open(mark);
			await opened.write(batch);
			mark = await opened.flush();
			await assertHolds(batches.slice(0, index + 1));
			await writeAll(opened, batches);
			await opened.close();
			await opened.close();
		}
		await assertHolds(batches);
	});

	it('rejects a flush that fails, and everything behind it; the next run is exact', async () => {
		const opened = await open();
		const mark = await opened.flush();
		await opened.write(batches[0]!);
		const prepared = await opened.prepare!();
		const isWrite = (operation: StoreOperation) => ['put', 'begin', 'complete'].includes(operation);
		server.setFaults(operation => (isWrite(operation) ? {status: 400} : undefined));
		const isOurs = (error: unknown) => error instanceof AuditError;
		await assert.rejects(opened.flush(), isOurs);
		await assert.rejects(opened.write(batches[2]!), isOurs);
		await assert.rejects(opened.flush(), isOurs);
		await opened.close();
		server.setFaults(undefined);
		assert.equal(await sink().holds!(prepared), false);
		const again = await open(mark, prepared);
		await again.write(batches[0]!);
		assert.deepEqual(await again.flush(), prepared);
		await writeAll(again, batches.slice(1));
		await again.flush();
		await again.close();
		await assertHolds(batches);
	});

	for (const when of ['at once', 'in turn'] as const) {
		it(`lets one of two writers with copies of one state go on, ${when}, and neither damage the archive`, async () => {
			const before = await open();
			await before.write(batches[0]!);
			const mark = await before.flush();
			await before.close();
			const writers = [await open(mark), await open(mark)];
			const random = () => ({id: randomUUID(), timeMs: Date.UTC(2026, 0, 31)});
			const theirs = writers.map(() => batchOf(Array.from({length: 50}, random)));
			const flush = async (at: number) => {
				await writers[at]!.write(theirs[at]!);
				return writers[at]!.flush();
			};
			const [first, second] =
				when === 'at once'
					? await Promise.allSettled([flush(0), flush(1)])
					: [...(await Promise.allSettled([flush(0)])), ...(await Promise.allSettled([flush(1)]))];
			for (const writer of writers) await writer.close();
			const lost = [first, second].filter(outcome => outcome!.status === 'rejected');
			assert.equal(lost.length, 1);
			const {reason} = lost[0]! as {reason: unknown};
			assert.ok(reason instanceof AuditError && reason.code === 'TARGET_CHANGED', String(reason));
			await assertHolds([batches[0]!, theirs[first!.status === 'fulfilled' ? 0 : 1]!]);
		});
	}
}
