import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {inspect} from 'node:util';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import {partSize} from '../../sinks/_s3/upload.ts';
import {awsSecrets} from '../support/aws-environment.ts';
import {bucketKinds, storeUnderTest} from '../support/buckets.ts';
import {type S3ServerOptions, startS3Server, storeKinds} from '../support/s3-server.ts';
import {sinkError} from '../../lib/testing/sink-batch.ts';
import {faultAt} from '../support/store-server.ts';

const {chunkBytes} = bucketKinds.s3;
const name = 'dt=2026-01-02/000000000000-0a1b2c3d.ndjson.gz';
const stored = `archive/of/${name}`;
const status = (code: number, more: object = {}) => ({status: code, ...more});

/** What is particular to S3; the rest: test/sinks/_objects/bucket-{objects,sink}.spec.ts. */
describe('s3', () => {
	const {server, warnings, folder, setVariables, restart, open, spool} = storeUnderTest(
		bucketKinds.s3,
		async (options: S3ServerOptions = {}) => startS3Server({minPartBytes: chunkBytes, ...options}),
	);
	const small = () => spool(Buffer.from('small'));
	const sizes = {
		small,
		empty: () => spool(Buffer.alloc(0)),
		'of one chunk': () => spool(randomBytes(chunkBytes)),
		'of whole parts': () => spool(randomBytes(2 * chunkBytes)),
		'of parts and some': () => spool(),
	};

	function assertHolds({content}: {content: Buffer}, writes = 1): void {
		assert.ok(server().bucket.get(stored).bytes.equals(content), 'the content is another');
		assert.equal(server().bucket.get(stored).checksum?.algorithm, 'sha256');
		assert.equal(server().bucket.writesOf(stored), writes);
		assert.deepEqual(server().uploads.list(), [], 'parts were left behind');
	}

	it('takes metadata of any length', async () => {
		const long = {'first-id': '😀'.repeat(128), 'last-id': '\ud83d'.repeat(256)};
		assert.equal(await (await open()).put(name, {...small(), metadata: long}), 'stored');
		const kept = Object.entries(server().bucket.get(stored).metadata!);
		assert.ok(kept.flat().join('').length <= 2048, 'S3 takes no more');
		assert.match(decodeURIComponent(kept.find(([key]) => key === 'first-id')![1]), /^(😀){40,}$/u);
	});

	it('reads a listing again that came in half', async () => {
		const store = await open();
		server().setFaults(faultAt('list', 'half'));
		for await (const _ of store.list(''));
		assert.equal(server().requests.filter(one => one === 'list').length, 3);
	});

	describe('knows what an object holds', () => {
		it('by the checksum of the store, whatever the object says of itself', async () => {
			const store = await open();
			const spooled = small();
			const checksum = {algorithm: 'sha256', value: Buffer.from(spooled.sha256, 'hex').toString('base64')};
			server().bucket.put(stored, {bytes: spooled.content, checksum, metadata: {sha256: '0'.repeat(64)}});
			const object = (await store.stat(name))!;
			server().setFaults(faultAt('read', status(500)));
			assert.equal(await store.isSame(object, spooled), true);
			assert.equal(await store.isSame(object, {...spooled, sha256: '0'.repeat(64)}), false);
			assert.equal(await store.put(name, spooled), 'stored', 'made by somebody else, but the same');
		});

		it('by reading what it stored, in a store that shows no checksums', async () => {
			await restart({hidesChecksums: true});
			const store = await open();
			for (const spooled of [small(), spool()]) {
				assert.equal(await store.put(spooled.sha256, spooled), 'stored');
				assert.equal(server().requests.at(-1), 'read');
			}
		});

		it('where it was sent in parts of another size', async () => {
			const spooled = spool();
			await (await open()).put(name, spooled);
			const store = await open({chunkBytes: 2 * chunkBytes});
			assert.equal(await store.put(name, spooled), 'stored');
			assertHolds(spooled);
		});
	});

	describe('in a store that is not as Amazon has it', () => {
		for (const [kind, options] of Object.entries(storeKinds)) {
			const can = {parts: options.ignoresConditions === undefined, checksums: options.believesChecksums !== true};

			it(`stores each size exactly once, one ${kind}`, async () => {
				await restart(options);
				const store = await open({can});
				for (const [what, make] of Object.entries(sizes)) {
					const spooled = make();
					assert.equal(await store.put(what, spooled), 'stored');
					assert.ok(server().bucket.get(`archive/of/${what}`).bytes.equals(spooled.content), what);
					assert.equal(await store.put(what, spooled), 'stored', 'again');
					const object = (await store.stat(what))!;
					assert.equal(await store.isSame(object, spooled), true, what);
					assert.equal(await store.isSame(object, {...spooled, sha256: '0'.repeat(64)}), false, what);
					assert.equal(await store.put(what, spool(randomBytes(spooled.bytes + 1))), 'taken');
					assert.equal(server().bucket.writesOf(`archive/of/${what}`), 1, what);
				}
				assert.equal(server().requests.includes('part'), can.parts);
			});

			it(`finds what is damaged there, one ${kind}`, async () => {
				await restart(options);
				const store = await open({can});
				for (const [index, make] of [small, spool].entries()) {
					const spooled = make();
					server().setFaults(faultAt(make === spool && can.parts ? 'complete' : 'put', 'corrupt'));
					assert.equal(await store.put(`${index}`, spooled), 'stored');
					assert.ok(server().bucket.get(`archive/of/${index}`).bytes.equals(spooled.content));
				}
			});
		}

		it('removes no generation but that which it is told to, where conditions of removals are overlooked', async () => {
			await restart({ignoresConditions: ['delete']});
			const store = await open();
			const before = server().bucket.put(stored, {bytes: Buffer.from('half')});
			const after = server().bucket.put(stored, {bytes: Buffer.from('more')});
			assert.equal(await store.remove({name, bytes: 4, generation: before.generation}), 'removed');
			assert.equal(server().bucket.get(stored), after);
		});

		it('sends nothing of a large spool that is not what was written there', async () => {
			const store = await open({can: {parts: false}});
			const spooled = spool();
			fs.writeFileSync(spooled.file, Buffer.alloc(spooled.bytes));
			await assert.rejects(store.put(name, spooled), sinkError('SINK_FAILED', /is not what was written there/));
			assert.deepEqual(server().bucket.list(), []);
		});
	});

	it('leaves a version behind, where the bucket has versions, and can have the name again', async () => {
		await restart({versioning: true, retentionMs: 3_600_000});
		const store = await open();
		const spooled = small();
		await store.put(name, spooled);
		assert.equal(await store.remove((await store.stat(name))!), 'removed');
		assert.equal(await store.stat(name), undefined);
		assert.ok(server().bucket.versionsOf(stored)[0]!.bytes.equals(spooled.content));
		const other = spool();
		assert.equal(await store.put(name, other), 'stored');
		assertHolds(other, 2);
	});

	it('begins a new upload behind a conflict, as S3 wants it', async () => {
		const store = await open();
		const spooled = spool();
		server().setFaults(faultAt('complete', status(409, {code: 'ConditionalRequestConflict'})));
		assert.equal(await store.put(name, spooled), 'stored');
		assertHolds(spooled);
		assert.equal(server().requests.filter(one => one === 'begin').length, 2);
	});

	it('sends no more parts than S3 takes', () => {
		assert.equal(partSize(10_000 * chunkBytes, chunkBytes), chunkBytes);
		const bytes = 10_000 * chunkBytes + 1;
		assert.equal(Math.ceil(bytes / partSize(bytes, chunkBytes)), 10_000);
	});

	it('aborts the parts of what it gives up', async () => {
		const store = await open();
		server().setFaults(faultAt('complete', status(400, {code: 'InvalidRequest'}), 0, 99));
		await assert.rejects(store.put(name, spool()), sinkError('SINK_FAILED', /InvalidRequest/));
		assert.deepEqual(server().uploads.list(), []);
		server().setFaults((operation, index) => {
			return operation === 'part' || (operation === 'abort' && index === 0) ? status(400) : undefined;
		});
		await assert.rejects(store.put(name, spool()), sinkError('SINK_FAILED', /400/));
		assert.match(warnings().at(-1)!, /cannot abort the upload of archive\/of\/.*the next run tries again/);
	});

	it('sends nothing of a spool that is not what was written there', async () => {
		const store = await open();
		for (const make of [small, spool]) {
			const spooled = make();
			fs.writeFileSync(spooled.file, Buffer.alloc(spooled.bytes));
			await assert.rejects(store.put(name, spooled), sinkError('SINK_FAILED', /is not what was written there/));
		}
		const missing = spool();
		fs.rmSync(missing.file);
		await assert.rejects(store.put(name, missing), /ENOENT/);
		assert.deepEqual([server().bucket.list(), server().uploads.list()], [[], []]);
	});

	it('says it clearly where the store cannot do it, or has the bucket elsewhere', async () => {
		const store = await open();
		server().setFaults(faultAt('put', status(501, {code: 'NotImplemented', message: 'A header you provided …'})));
		await assert.rejects(store.put(name, small()), sinkError('TARGET_REFUSED', /cannot do that.*If-None-Match/));
		const headers = {'x-amz-bucket-region': 'eu-west-3'};
		server().setFaults(
			faultAt('put', status(403, {code: 'AccessDenied', message: 'not authorized: s3:::retention'}), 0, 9),
		);
		await assert.rejects(store.put(name, small()), AuthError);
		server().setFaults(faultAt('list', status(301, {code: 'PermanentRedirect', headers}), 0, 99));
		await assert.rejects(open(), sinkError('TARGET_REFUSED', /in the region eu-west-3.*set region=eu-west-3/));
	});

	describe('credentials, region and endpoint', () => {
		it('come from the environment', async () => {
			setVariables({AWS_ENDPOINT_URL: server().url});
			const store = await open({url: undefined});
			await store.put(name, small());
			const {authorization, 'x-amz-security-token': token} = server().lastHeaders();
			assert.match(authorization!, /Credential=AKIAEXAMPLE\/\d+\/eu-central-1\/s3\//);
			assert.equal(token, awsSecrets[1]);
			await open({region: 'eu-west-3'});
			assert.match(server().lastHeaders().authorization!, /\/eu-west-3\/s3\//);
		});

		it('that are missing are said so, before anything is sent', async () => {
			setVariables({AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined});
			await assert.rejects(open(), (error: unknown) => {
				assert.ok(error instanceof ConfigError);
				assert.match(error.message, /default chain found none/);
				return true;
			});
			assert.deepEqual(server().requests, []);
		});

		it('of a process that fails are not shown', async () => {
			const config = path.join(folder(), 'config');
			fs.writeFileSync(config, `[default]\ncredential_process = /bin/false ${awsSecrets[0]}\n`);
			setVariables({AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_CONFIG_FILE: config});
			await assert.rejects(open(), (error: unknown) => {
				assert.ok(error instanceof ConfigError);
				assert.ok(!inspect(error, {depth: 9}).includes(awsSecrets[0]));
				return true;
			});
		});

		it('need a region at AWS, and none elsewhere', async () => {
			setVariables({AWS_REGION: undefined});
			await open();
			assert.match(server().lastHeaders().authorization!, /\/us-east-1\/s3\//);
			await assert.rejects(open({url: undefined}), /^ConfigError: s3: expected a region/);
		});

		it('that would travel in the clear are refused, wherever the address is from', async () => {
			setVariables({AWS_ENDPOINT_URL: 'http://storage.example.com'});
			await assert.rejects(open({url: undefined}), /^ConfigError: s3: option endpoint: expected https/);
		});

		it('travel in the clear where that is said to be right, and it is said once', async () => {
			await assert.rejects(open({url: 'http://store.invalid:9000', insecure: true}), /the host is not known/);
			assert.deepEqual(warnings(), [
				's3: http://store.invalid is plain http: what is stored and its session token can be read on the way there',
			]);
		});
	});
});
