import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {parseTarget} from '../../lib/cli/flags/target.ts';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import type {OpenSink} from '../../lib/sink/sink.ts';
import s3 from '../../sinks/s3.ts';
import {awsEnvironment} from '../support/aws-environment.ts';
import {faultAt, type S3Server, startS3Server} from '../support/s3-server.ts';
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

describe('s3', () => {
	const folder = temporaryFolder();
	awsEnvironment();
	let server: S3Server;
	beforeEach(async () => {
		server = await startS3Server();
	});
	afterEach(() => server.close());

	const options = (more: object = {}) => ({
		bucket: 'evidence',
		prefix: 'archive',
		endpoint: server.url,
		spoolDir: folder(),
		maxAttempts: 2,
		retryBaseMs: 0,
		...more,
	});
	const open = async (resume?: Json, prepared?: Json): Promise<OpenSink> =>
		s3(options()).open({...sinkContext(resume), prepared});
	const dataNames = () =>
		server.bucket
			.list()
			.map(({key}) => key)
			.filter(name => !/\.entry$|conditional-write$/.test(name));
	const lines = () =>
		dataNames().flatMap(name => gunzipSync(server.bucket.get(name).bytes).toString().split('\n').slice(0, -1));

	describe('finds its place', () => {
		const target = (given: Parameters<typeof s3>[0]) => s3(given).target;

		it('in BUCKET/PREFIX, and in two options', async () => {
			assert.equal(target({bucket: 'evidence'}), 'evidence');
			assert.equal(target({bucket: 'evidence', prefix: 'a/b'}), 'evidence/a/b');
			assert.equal(target({bucket: 'evidence/a/b/'}), 'evidence/a/b');
			assert.equal(target({bucket: 'evidence/'}), 'evidence');
			assert.equal((await parseTarget('s3:evidence/a/b', testWorld())).target, 'evidence/a/b');
			assert.equal(
				(await parseTarget('s3:evidence?prefix=a%2Fb&endpoint=http:%2F%2F127.0.0.1&chunk-bytes=262144', testWorld()))
					.target,
				'evidence/a/b',
			);
		});

		for (const [given, expected] of [
			[{bucket: 's3://evidence/a'}, /without s3:\/\//],
			[{bucket: 'Evidence'}, /lower-case/],
			[{bucket: ''}, /bucket/],
			[{bucket: 'evidence/a', prefix: 'b'}, /got both/],
			[{bucket: 'evidence', prefix: '/a'}, /names with \/ between them/],
			[{bucket: 'evidence', prefix: 'a/../b'}, /names with \/ between them/],
			[{bucket: 'evidence', prefix: 'a\nb'}, /names with \/ between them/],
			[{bucket: 'evidence', chunkBytes: 300_000}, /chunkBytes: expected at least 5242880 at AWS/],
			[{bucket: 'evidence', maxWait: 'soon'}, /maxWait: expected a span/],
			[{bucket: 'evidence', endpoint: 'http://example.com'}, /expected https/],
		] as const) {
			it(`and refuses ${JSON.stringify(given)}`, () => {
				assert.throws(
					() => s3(given),
					(error: unknown) => {
						assert.ok(error instanceof ConfigError);
						assert.match(error.message, /^s3: /);
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
			server.bucket.list().flatMap(({key}) => (key.endsWith('conditional-write') ? [] : key)),
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
		const {damage, chain} = await s3.verify!(options());
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
				server.setFaults(faultAt('put', {status: 400, code: 'Killed'}, failing, 99));
				await assert.rejects(sink.flush());
				server.setFaults(undefined);
			} else {
				await sink.flush();
			}
			await sink.close();
			return {mark, prepared, uploads: server.requests.slice(requests).filter(one => one === 'put').length};
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
			const {damage, uncommitted, chain} = await s3.verify!(options());
			assert.deepEqual({damage, uncommitted, entries: chain.entries}, {damage: [], uncommitted: [], entries: 2});
			for (const {key} of server.bucket.list()) assert.equal(server.bucket.writesOf(key), 1, key);
		}

		it('knows that all of it is there, though the state does not', async () => {
			const {prepared} = await killed();
			assert.equal(await s3(options()).holds!(prepared), true);
			const sink = await open(prepared);
			await sink.write(second);
			await sink.flush();
			await sink.close();
			await assertExact();
		});

		for (const [what, failing] of Object.entries({'nothing of it': 0, 'one object': 1, 'all but the entry': 2})) {
			it(`goes on when ${what} is there, and writes no object twice`, async () => {
				const {mark, prepared} = await killed(failing);
				const holds = await s3(options()).holds!(prepared);
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
		server.bucket.put(entry, {bytes: Buffer.from('theirs\n')});
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
		await assert.rejects(again.write(second), sinkError('TARGET_REFUSED', /s3:\/\/evidence\/archive is not empty/));
		await again.close();
		const appending = await s3(options({mode: 'append'})).open(sinkContext());
		await appending.write(second);
		await appending.flush();
		await appending.close();
		assert.equal((await s3.verify!(options())).chain.entries, 2);
	});

	describe('tidies up uploads in parts that were left behind', () => {
		const object = (run: string) => `archive/dt=2026-01-01/000000000000-${run}.ndjson.gz`;

		it('of its own archive, and old ones; no others', async () => {
			const sink = await open();
			const state = (await sink.flush()) as {run: string};
			await sink.close();
			const others = ['archive/readme.txt', 'archive-of-others/000000000000-00000000.ndjson', object('11111111')];
			for (const key of [object(state.run), object('00000000'), ...others]) server.uploads.create(key, {}, undefined);
			for (const upload of server.uploads.list()) {
				if (upload.key !== object('11111111') && upload.key !== object(state.run)) upload.startedMs -= 25 * 3_600_000;
			}
			await (await open(state)).close();
			assert.deepEqual(
				server.uploads.list().map(({key}) => key),
				others,
			);
		});

		it('or says that it may not', async () => {
			await server.close();
			server = await startS3Server({denied: ['ListBucketMultipartUploads']});
			const warnings: string[] = [];
			const context = {...sinkContext(), warn: (message: string) => void warnings.push(message)};
			await (await s3(options()).open(context)).close();
			assert.match(warnings.join(), /cannot look for uploads in s3:\/\/evidence\/archive.*ListBucketMultipartUploads/);
		});
	});

	it('refuses a store that overlooks conditions, and leaves nothing there', async () => {
		await server.close();
		server = await startS3Server({ignoresConditions: ['put', 'complete', 'delete']});
		await assert.rejects(open(), sinkError('TARGET_REFUSED', /overlooks If-None-Match.*another store/));
		assert.deepEqual(server.bucket.list(), []);
	});

	describe('fails clearly', () => {
		it('when there is no such bucket, before any event is taken', async () => {
			const sink = s3(options({bucket: 'no-such-bucket'}));
			await assert.rejects(sink.open(sinkContext()), sinkError('TARGET_REFUSED', /no bucket s3:\/\/no-such-bucket/));
		});

		it('when the credentials are refused, at the beginning or later', async () => {
			const refused = {status: 403, code: 'InvalidAccessKeyId', message: 'It does not exist in our records.'};
			server.setFaults(faultAt('list', refused, 0, 99));
			await assert.rejects(open(), AuthError);
			server.setFaults(undefined);
			const sink = await open();
			await sink.write(first);
			server.setFaults(faultAt('put', refused, 0, 99));
			await assert.rejects(sink.flush(), AuthError);
			await sink.close();
		});

		it('when it may not write there', async () => {
			await server.close();
			server = await startS3Server({denied: ['PutObject']});
			await assert.rejects(open(), /s3:PutObject/);
		});

		it('where the folder for spools belongs to somebody else', async () => {
			const before = process.env['TMPDIR'];
			process.env['TMPDIR'] = folder();
			try {
				const {spoolDir: _, ...rest} = options();
				const sink = await s3(rest).open(sinkContext());
				await sink.write(first);
				const [spools] = fs.readdirSync(folder());
				assert.equal(fs.statSync(path.join(folder(), spools!)).mode & 0o777, 0o700);
				await sink.close();
				fs.chmodSync(path.join(folder(), spools!), 0o755);
				await assert.rejects(s3(rest).open(sinkContext()), sinkError('TARGET_REFUSED', /spoolDir/));
			} finally {
				if (before === undefined) delete process.env['TMPDIR'];
				else process.env['TMPDIR'] = before;
			}
		});
	});
});
