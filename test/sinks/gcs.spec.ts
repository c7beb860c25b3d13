import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {parseTarget} from '../../lib/cli/flags/target.ts';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import type {OpenSink} from '../../lib/sink/sink.ts';
import gcs from '../../sinks/gcs.ts';
import {faultAt, type GcsServer, startGcsServer} from '../support/gcs-server.ts';
import {batchOf, sinkContext, sinkError} from '../support/sink-batch.ts';
import {temporaryFolder} from '../support/temporary-folder.ts';
import {testWorld} from '../support/world.ts';

const day = (date: number) => Date.UTC(2026, 0, date);
const first = batchOf([
	{id: 'a', timeMs: day(1)},
	{id: 'b', timeMs: day(2)},
	{id: 'c', timeMs: day(1)},
]);
const second = batchOf([{id: 'd', timeMs: day(2)}]);

describe('gcs', () => {
	const folder = temporaryFolder();
	let server: GcsServer;
	beforeEach(async () => {
		server = await startGcsServer();
	});
	afterEach(() => server.close());

	const options = (more: object = {}) => ({
		bucket: 'evidence',
		prefix: 'archive',
		apiEndpoint: server.url,
		spoolDir: folder(),
		maxAttempts: 2,
		retryBaseMs: 0,
		...more,
	});
	const open = async (resume?: Json, prepared?: Json): Promise<OpenSink> =>
		gcs(options()).open({...sinkContext(resume), prepared});
	const dataNames = () =>
		server.bucket
			.list()
			.map(({name}) => name)
			.filter(name => !name.endsWith('.entry'));
	const lines = () =>
		dataNames().flatMap(name => gunzipSync(server.bucket.get(name).bytes).toString().split('\n').slice(0, -1));

	describe('finds its place', () => {
		const target = (given: Parameters<typeof gcs>[0]) => gcs(given).target;

		it('in BUCKET/PREFIX, and in two options', async () => {
			assert.equal(target({bucket: 'evidence'}), 'evidence');
			assert.equal(target({bucket: 'evidence', prefix: 'a/b'}), 'evidence/a/b');
			assert.equal(target({bucket: 'evidence/a/b/'}), 'evidence/a/b');
			assert.equal(target({bucket: 'evidence/'}), 'evidence');
			assert.equal((await parseTarget('gcs:evidence/a/b', testWorld())).target, 'evidence/a/b');
			assert.equal(
				(await parseTarget('gcs:evidence?prefix=a%2Fb&chunk-bytes=262144', testWorld())).target,
				'evidence/a/b',
			);
		});

		for (const [given, expected] of [
			[{bucket: 'gs://evidence/a'}, /without gs:\/\//],
			[{bucket: 'Evidence'}, /lower-case/],
			[{bucket: ''}, /bucket/],
			[{bucket: 'evidence/a', prefix: 'b'}, /got both/],
			[{bucket: 'evidence', prefix: '/a'}, /names with \/ between them/],
			[{bucket: 'evidence', prefix: 'a/../b'}, /names with \/ between them/],
			[{bucket: 'evidence', prefix: 'a\nb'}, /names with \/ between them/],
			[{bucket: 'evidence', chunkBytes: 300_000}, /multiple of 262144/],
			[{bucket: 'evidence', maxWait: 'soon'}, /maxWait: expected a span/],
			[{bucket: 'evidence', apiEndpoint: 'http://example.com'}, /expected https/],
		] as const) {
			it(`and refuses ${JSON.stringify(given)}`, () => {
				assert.throws(
					() => gcs(given),
					(error: unknown) => {
						assert.ok(error instanceof ConfigError);
						assert.match(error.message, /^gcs: /);
						assert.match(error.message, expected);
						return true;
					},
				);
			});
		}
	});

	it('makes an object a day, which says what is in it, and an entry that lists them', async () => {
		const sink = await open();
		await sink.write(first);
		const {run} = (await sink.flush()) as {run: string};
		await sink.close();
		assert.deepEqual(
			server.bucket.list().map(({name}) => name),
			[
				`archive/rxaudit.manifest/${run}/000000000000.entry`,
				...['01', '02'].map(date => `archive/some-source/some-tenant/dt=2026-01-${date}/000000000000-${run}.ndjson.gz`),
			],
		);
		const {contentType, contentEncoding, metadata, bytes} = server.bucket.get(dataNames()[0]!);
		assert.deepEqual([contentType, contentEncoding], ['application/gzip', undefined]);
		const {sha256, ...facts} = metadata!;
		assert.match(sha256!, /^[0-9a-f]{64}$/);
		assert.deepEqual(facts, {
			entry: '0',
			run,
			events: '2',
			'first-time': '2026-01-01T00:00:00.000Z',
			'last-time': '2026-01-01T00:00:00.000Z',
			'first-id': 'a',
			'last-id': 'c',
		});
		assert.equal(gunzipSync(bytes).toString(), '{"id":"a"}\n{"id":"c"}\n');
		assert.deepEqual(fs.readdirSync(folder()), []);
		const {damage, chain} = await gcs.verify!(options());
		assert.deepEqual([damage, chain.entries], [[], 1]);
	});

	describe('after a kill behind prepare()', () => {
		/** Where the state has the mark and what was prepared, and some of it is in the bucket. */
		async function killed(failing?: number) {
			const sink = await open();
			const mark = await sink.flush();
			await sink.write(first);
			const prepared = await sink.prepare!();
			const requests = server.requests.length;
			if (failing !== undefined) {
				server.setFaults(faultAt('upload', {status: 400, reason: 'killed'}, failing, 99));
				await assert.rejects(sink.flush());
				server.setFaults(undefined);
			} else {
				await sink.flush();
			}
			await sink.close();
			return {mark, prepared, uploads: server.requests.slice(requests).filter(one => one === 'upload').length};
		}

		async function replay(mark: Json, prepared: Json): Promise<Json> {
			const sink = await open(mark, prepared);
			await sink.write(first);
			const state = await sink.flush();
			await sink.write(second);
			await sink.flush();
			await sink.close();
			return state;
		}

		async function assertExact(): Promise<void> {
			assert.deepEqual(
				lines().sort(),
				['a', 'b', 'c', 'd'].map(id => `{"id":"${id}"}`),
			);
			const {damage, uncommitted, chain} = await gcs.verify!(options());
			assert.deepEqual({damage, uncommitted, entries: chain.entries}, {damage: [], uncommitted: [], entries: 2});
			for (const {name} of server.bucket.list()) assert.equal(server.bucket.writesOf(name), 1, name);
		}

		it('knows that all of it is there, though the state does not', async () => {
			const {prepared} = await killed();
			assert.equal(await gcs(options()).holds!(prepared), true);
			const sink = await open(prepared);
			await sink.write(second);
			await sink.flush();
			await sink.close();
			await assertExact();
		});

		for (const [what, failing] of Object.entries({'nothing of it': 0, 'one object': 1, 'all but the entry': 2})) {
			it(`goes on when ${what} is there, and writes no object twice`, async () => {
				const {mark, prepared} = await killed(failing);
				const holds = await gcs(options()).holds!(prepared);
				assert.equal(holds, failing === 2);
				if (!holds) assert.deepEqual(await replay(mark, prepared), prepared);
				else {
					const sink = await open(prepared);
					await sink.write(second);
					await sink.flush();
					await sink.close();
				}
				await assertExact();
			});
		}
	});

	it('stops without a change where somebody else wrote the entry', async () => {
		const sink = await open();
		await sink.write(first);
		const {part} = (await sink.prepare!()) as {part: string};
		const entry = `archive/rxaudit.manifest/${part}/000000000000.entry`;
		server.bucket.put(entry, Buffer.from('theirs\n'), {}, {});
		await assert.rejects(sink.flush(), sinkError('TARGET_CHANGED', /000000000000\.entry was written by somebody else/));
		assert.equal(server.bucket.get(entry).bytes.toString(), 'theirs\n');
		await sink.close();
	});

	it('refuses events that a prefix holds already when there is no state, and takes them with mode=append', async () => {
		const sink = await open();
		await sink.write(first);
		await sink.flush();
		await sink.close();
		const again = await open();
		await assert.rejects(again.write(second), sinkError('TARGET_REFUSED', /gs:\/\/evidence\/archive is not empty/));
		await again.close();
		const appending = await gcs(options({mode: 'append'})).open(sinkContext());
		await appending.write(second);
		await appending.flush();
		await appending.close();
		assert.equal((await gcs.verify!(options())).chain.entries, 2);
	});

	it('refuses what overlooks conditions, and leaves nothing there', async () => {
		await server.close();
		server = await startGcsServer({ignoresConditions: true});
		await assert.rejects(open(), sinkError('TARGET_REFUSED', /overlooks ifGenerationMatch.*use Google itself/));
		assert.deepEqual(server.bucket.list(), []);
	});

	describe('fails clearly', () => {
		it('when there is no such bucket, before any event is taken', async () => {
			const sink = gcs(options({bucket: 'no-such-bucket'}));
			await assert.rejects(sink.open(sinkContext()), sinkError('TARGET_REFUSED', /no bucket gs:\/\/no-such-bucket/));
		});

		it('when the credentials are refused, at the beginning or later', async () => {
			const refused = {status: 401, reason: 'authError', message: 'Invalid Credentials'};
			server.setFaults(faultAt('list', refused, 0, 99));
			await assert.rejects(open(), AuthError);
			server.setFaults(undefined);
			const sink = await open();
			await sink.write(first);
			server.setFaults(faultAt('upload', refused, 0, 99));
			await assert.rejects(sink.flush(), AuthError);
			await sink.close();
		});

		it('when it may not write there', async () => {
			await server.close();
			server = await startGcsServer({denied: ['create']});
			const sink = await open();
			await sink.write(first);
			await assert.rejects(sink.flush(), /storage\.objects\.create access/);
			await sink.close();
		});

		it('where the folder for spools belongs to somebody else', async () => {
			const before = process.env['TMPDIR'];
			process.env['TMPDIR'] = folder();
			try {
				const {spoolDir: _, ...rest} = options();
				const sink = await gcs(rest).open(sinkContext());
				await sink.write(first);
				const [spools] = fs.readdirSync(folder());
				assert.equal(fs.statSync(path.join(folder(), spools!)).mode & 0o777, 0o700);
				await sink.close();
				fs.chmodSync(path.join(folder(), spools!), 0o755);
				await assert.rejects(gcs(rest).open(sinkContext()), sinkError('TARGET_REFUSED', /spoolDir/));
			} finally {
				if (before === undefined) delete process.env['TMPDIR'];
				else process.env['TMPDIR'] = before;
			}
		});
	});
});
