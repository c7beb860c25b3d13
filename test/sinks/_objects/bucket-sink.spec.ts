import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {makeTarget} from '../../../lib/cli/flags/sinks.ts';
import {AuthError, ConfigError} from '../../../lib/model/errors.ts';
import type {Json} from '../../../lib/model/event.ts';
import type {SinkFactory} from '../../../lib/sink/define-sink.ts';
import type {OpenSink} from '../../../lib/sink/sink.ts';
import {awsEnvironment} from '../../support/aws-environment.ts';
import {bucketKinds, type BucketServer, isProbe} from '../../support/buckets.ts';
import {batchOf, sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';
import {faultAt} from '../../support/store-server.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {testWorld} from '../../support/world.ts';

const day = (date: number) => Date.UTC(2026, 0, date);
const first = batchOf([
	{id: 'a', timeMs: day(1)},
	{id: 'b', timeMs: day(2)},
	{id: 'c', timeMs: day(1)},
]);
const second = batchOf([{id: 'd', timeMs: day(2)}]);
const chunks = {gcs: /multiple of 262144/, s3: /chunkBytes: expected at least 5242880 at AWS/} as const;

for (const [name, kind] of Object.entries(bucketKinds)) {
	const {scheme, endpoint} = kind;
	const create = kind.sink as unknown as SinkFactory;
	describe(name, () => {
		const folder = temporaryFolder();
		awsEnvironment();
		let server: BucketServer;
		beforeEach(async () => {
			server = await kind.start();
		});
		afterEach(() => server.close());

		const options = (more: object = {}) => ({
			bucket: 'evidence',
			prefix: 'archive',
			[endpoint]: server.url,
			spoolDir: folder(),
			maxAttempts: 2,
			retryBaseMs: 0,
			...more,
		});
		const sink = (more: object = {}) => create(options(more));
		const open = async (resume?: Json, prepared?: Json): Promise<OpenSink> =>
			sink().open({...sinkContext(resume), prepared});
		const verify = async () => create.verify!(options());
		const names = () => server.bucket.list().flatMap(held => (isProbe(held.name) ? [] : held.name));
		const dataNames = () => names().filter(each => !each.endsWith('.entry'));
		const lines = () =>
			dataNames().flatMap(each => gunzipSync(server.bucket.get(each).bytes).toString().split('\n').slice(0, -1));

		it('finds its place in BUCKET/PREFIX, and in two options', async () => {
			const target = (given: Record<string, unknown>) => create(given).target;
			assert.equal(target({bucket: 'evidence'}), 'evidence');
			assert.equal(target({bucket: 'evidence', prefix: 'a/b'}), 'evidence/a/b');
			assert.equal(target({bucket: 'evidence/a/b/'}), 'evidence/a/b');
			assert.equal(target({bucket: 'evidence/'}), 'evidence');
			assert.equal((await makeTarget(`${name}:evidence/a/b`, testWorld())).target, 'evidence/a/b');
			const query = `${endpoint.replace('E', '-e')}=http:%2F%2F127.0.0.1&prefix=a%2Fb&chunk-bytes=262144`;
			assert.equal((await makeTarget(`${name}:evidence?${query}`, testWorld())).target, 'evidence/a/b');
		});

		for (const [given, expected] of [
			[{bucket: `${scheme}://evidence/a`}, new RegExp(`without ${scheme}://`)],
			[{bucket: 'Evidence'}, /lower-case/],
			[{bucket: ''}, /bucket/],
			[{bucket: 'evidence/a', prefix: 'b'}, /got both/],
			[{bucket: 'evidence', prefix: '/a'}, /names with \/ between them/],
			[{bucket: 'evidence', prefix: 'a/../b'}, /names with \/ between them/],
			[{bucket: 'evidence', prefix: 'a\nb'}, /names with \/ between them/],
			[{bucket: 'evidence', chunkBytes: 300_000}, chunks[name as keyof typeof chunks]],
			[{bucket: 'evidence', maxWait: 'soon'}, /maxWait: expected a span/],
			[{bucket: 'evidence', [endpoint]: 'http://example.com'}, /expected https/],
		] as const) {
			it(`refuses ${JSON.stringify(given)}`, () => {
				assert.throws(
					() => create(given),
					(error: unknown) => {
						assert.ok(error instanceof ConfigError && error.message.startsWith(`${name}: `));
						assert.match(error.message, expected);
						return true;
					},
				);
			});
		}

		it('makes an object a day, which says what is in it, and an entry that lists them', async () => {
			const opened = await open();
			await opened.write(first);
			const {run} = (await opened.flush()) as {run: string};
			await opened.close();
			assert.deepEqual(names(), [
				`archive/_rxaudit.manifest/${run}/000000000000.entry`,
				...['01', '02'].map(date => `archive/some-source/some-tenant/dt=2026-01-${date}/000000000000-${run}.ndjson.gz`),
			]);
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
		});

		const failings = {'nothing of it': 0, 'one object': 1, 'all but the entry': 2, 'all of it': 3};
		for (const [what, failing] of Object.entries(failings)) {
			it(`goes on behind a kill when ${what} is there, and writes no object twice`, async () => {
				const dying = await open();
				const mark = await dying.flush();
				await dying.write(first);
				const prepared = await dying.prepare!();
				server.setFaults(faultAt('put', {status: 400, code: 'Killed'}, failing, 99));
				await dying.flush().then(
					() => assert.equal(failing, 3),
					() => assert.notEqual(failing, 3),
				);
				server.setFaults(undefined);
				await dying.close();
				const holds = await sink().holds!(prepared);
				assert.equal(holds, failing >= 2);
				const opened = await (holds ? open(prepared) : open(mark, prepared));
				if (!holds) {
					await opened.write(first);
					assert.deepEqual(await opened.flush(), prepared);
				}
				await opened.write(second);
				await opened.flush();
				await opened.close();
				assert.deepEqual(
					lines().sort(),
					['a', 'b', 'c', 'd'].map(id => `{"id":"${id}"}`),
				);
				const {damage, uncommitted, chain} = await verify();
				assert.deepEqual({damage, uncommitted, entries: chain.entries}, {damage: [], uncommitted: [], entries: 2});
				for (const each of names()) assert.equal(server.bucket.writesOf(each), 1, each);
			});
		}

		it('refuses what overlooks conditions, and leaves nothing there', async () => {
			await server.close();
			server = await kind.start({ignoresConditions: true});
			await assert.rejects(open(), sinkError('TARGET_REFUSED', kind.wayOut.unconditional));
			assert.deepEqual(server.bucket.list(), []);
		});

		describe('fails clearly', () => {
			it('when there is no such bucket, before any event is taken', async () => {
				const noBucket = new RegExp(`no bucket ${scheme}://no-such-bucket`);
				const opening = sink({bucket: 'no-such-bucket'}).open(sinkContext());
				await assert.rejects(opening, sinkError('TARGET_REFUSED', noBucket));
			});

			it('when the credentials are refused, at the beginning or later', async () => {
				server.setFaults(faultAt('list', kind.refusal.fault, 0, 99));
				await assert.rejects(open(), AuthError);
				server.setFaults(undefined);
				const opened = await open();
				await opened.write(first);
				server.setFaults(faultAt('put', kind.refusal.fault, 0, 99));
				await assert.rejects(opened.flush(), AuthError);
				await opened.close();
			});

			it('when it may not write there', async () => {
				await server.close();
				server = await kind.start({mayNot: ['write']});
				const writing = async () => {
					const opened = await open();
					await opened.write(first);
					try {
						await opened.flush();
					} finally {
						await opened.close();
					}
				};
				await assert.rejects(writing(), new RegExp(kind.permissions.write));
			});
		});

		it('makes its spools in a folder of this user, and refuses one that is open to others', async () => {
			const before = process.env['TMPDIR'];
			process.env['TMPDIR'] = folder();
			try {
				const opened = await sink({spoolDir: undefined}).open(sinkContext());
				await opened.write(first);
				const spools = path.join(folder(), fs.readdirSync(folder())[0]!);
				assert.equal(fs.statSync(spools).mode & 0o777, 0o700);
				await opened.close();
				fs.chmodSync(spools, 0o755);
				await assert.rejects(sink({spoolDir: undefined}).open(sinkContext()), sinkError('TARGET_REFUSED', /spoolDir/));
			} finally {
				if (before === undefined) delete process.env['TMPDIR'];
				else process.env['TMPDIR'] = before;
			}
		});
	});
}
