import assert from 'node:assert/strict';
import {createHash, randomBytes} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {buffer} from 'node:stream/consumers';
import {inspect} from 'node:util';
import {AuthError, ConfigError} from '../../../lib/model/errors.ts';
import type {ObjectStore, Spooled, StoredObject} from '../../../sinks/_objects/object-store.ts';
import {type Abilities, openBucket, type S3BucketOptions} from '../../../sinks/_s3/client.ts';
import {s3Objects} from '../../../sinks/_s3/objects.ts';
import {partSize} from '../../../sinks/_s3/upload.ts';
import {awsEnvironment, awsSecrets} from '../../support/aws-environment.ts';
import {
	faultAt,
	type S3Fault,
	type S3Operation,
	type S3Server,
	type S3ServerOptions,
	startS3Server,
} from '../../support/s3-server.ts';
import {storeKinds} from '../../support/s3-stores.ts';
import {sinkError} from '../../support/sink-batch.ts';
import {temporaryFolder} from '../../support/temporary-folder.ts';

const chunkBytes = 64 * 1024;
const name = 'dt=2026-01-02/000000000000-0a1b2c3d.ndjson.gz';
const stored = `archive/of/${name}`;
const status = (code: number, more: object = {}) => ({status: code, ...more});

describe('s3 objects', () => {
	const folder = temporaryFolder();
	const setVariables = awsEnvironment();
	let server: S3Server;
	let warnings: string[];
	let opened: ObjectStore[];

	async function restart(options: S3ServerOptions = {}): Promise<void> {
		await server?.close();
		server = await startS3Server({minPartBytes: chunkBytes, ...options});
	}
	beforeEach(async () => {
		await restart();
		[warnings, opened] = [[], []];
	});
	afterEach(async () => {
		for (const store of opened) await store.close?.();
		await server.close();
	});

	async function open(
		more: Partial<S3BucketOptions> & {readonly chunkBytes?: number} = {},
		can: Partial<Abilities> = {parts: true},
	): Promise<ObjectStore> {
		const bucket = await openBucket({
			bucket: 'evidence',
			prefix: 'archive/of',
			endpoint: server.url,
			region: undefined,
			maxAttempts: 3,
			retryBaseMs: 1,
			retryMaxMs: 1,
			maxWaitMs: 5_000,
			timeoutMs: 5_000,
			signal: new AbortController().signal,
			warn: message => void warnings.push(message),
			...more,
		});
		Object.assign(bucket.can, can);
		const store = s3Objects(bucket, {spoolFolder: folder(), chunkBytes, ...more});
		opened.push(store);
		return store;
	}

	/** Of some parts, where nothing else is said. */
	function spool(content = randomBytes(2.5 * chunkBytes)): Spooled & {content: Buffer} {
		const sha256 = createHash('sha256').update(content).digest('hex');
		const file = path.join(folder(), sha256);
		fs.writeFileSync(file, content);
		const metadata = {events: '7', 'first-id': 'ä€😀 %'};
		return {file, bytes: content.length, sha256, contentType: 'application/gzip', metadata, content};
	}
	const small = () => spool(Buffer.from('small'));

	function assertHolds({content, sha256}: {content: Buffer; sha256: string}, writes = 1, at = stored): void {
		const held = server.bucket.get(at);
		assert.ok(held.bytes.equals(content), 'the content is another');
		assert.equal(held.contentType, 'application/gzip');
		const {'first-id': id = '', ...metadata} = held.metadata!;
		assert.deepEqual(metadata, {events: '7', sha256});
		assert.equal(decodeURIComponent(id), 'ä€😀 %');
		assert.equal(held.checksum?.algorithm, 'sha256');
		assert.equal(server.bucket.writesOf(at), writes);
		assert.deepEqual(server.uploads.list(), [], 'parts were left behind');
	}

	const sizes: Record<string, () => ReturnType<typeof spool>> = {
		'a small object': small,
		'an empty object': () => spool(Buffer.alloc(0)),
		'an object of one chunk': () => spool(randomBytes(chunkBytes)),
		'an object of whole parts': () => spool(randomBytes(2 * chunkBytes)),
		'an object of parts and some': () => spool(),
	};
	for (const [what, make] of Object.entries(sizes)) {
		it(`stores, shows, reads and removes ${what}`, async () => {
			const store = await open();
			const spooled = make();
			assert.equal(await store.stat(name), undefined);
			assert.equal(await store.put(name, spooled), 'stored');
			assertHolds(spooled);
			const object = await store.stat(name);
			assert.deepEqual(object, {name, bytes: spooled.bytes, generation: server.bucket.get(stored).etag});
			assert.ok((await buffer(store.read(name))).equals(spooled.content));
			assert.equal(await store.isSame(object!, spooled), true);
			assert.equal(await store.isSame(object!, {...spooled, sha256: '0'.repeat(64)}), false);
			assert.equal(await store.put(name, spooled), 'stored');
			assertHolds(spooled);
			assert.equal(await store.remove(object!), 'removed');
			assert.equal(await store.remove(object!), 'removed');
			assert.equal(await store.stat(name), undefined);
			assert.deepEqual(warnings, []);
		});
	}

	it('takes names with any character, and metadata of any length', async () => {
		const store = await open();
		const names = ['a b', 'ä€😀', '%2F', '%', '#?&+=*', "it's", '~1', 'a:b;c,d@e!$()[]', '<&>', 'a\u0001b'].sort();
		for (const each of names) assert.equal(await store.put(`x/${each}`, spool(Buffer.from(each))), 'stored');
		const held = server.bucket.list().map(({key}) => key);
		assert.deepEqual(held.toSorted(), names.map(each => `archive/of/x/${each}`).toSorted());
		const listed: string[] = [];
		for await (const object of store.list('x/')) listed.push(`archive/of/${object.name}`);
		assert.deepEqual(listed, held);
		for (const each of names) assert.equal((await buffer(store.read(`x/${each}`))).toString(), each);

		const long = {'first-id': '😀'.repeat(128), 'last-id': '\ud83d'.repeat(256)};
		assert.equal(await store.put(name, {...small(), metadata: long}), 'stored');
		const kept = Object.entries(server.bucket.get(stored).metadata!);
		assert.ok(kept.flat().join('').length <= 2048, 'S3 takes no more');
		assert.match(decodeURIComponent(kept.find(([key]) => key === 'first-id')![1]), /^(😀){40,}$/u);
	});

	it('lists page by page what begins so, without what lies beside the prefix', async () => {
		await restart({listSize: 3});
		const store = await open();
		for (const at of ['archive/of', 'archive/of-others/a/1', 'archive/b']) {
			server.bucket.put(at, {bytes: Buffer.from('x')});
		}
		const names = Array.from({length: 7}, (_, index) => `a/${index}`);
		for (const each of [...names, 'b/1']) server.bucket.put(`archive/of/${each}`, {bytes: Buffer.from(each)});
		const listed = async (prefix: string) => {
			const objects: StoredObject[] = [];
			for await (const object of store.list(prefix)) objects.push(object);
			return objects;
		};
		assert.deepEqual(
			(await listed('a/')).map(object => object.name),
			names,
		);
		assert.deepEqual(await listed('a/6'), [await store.stat('a/6')]);
		assert.equal((await listed('')).length, 8);
		assert.deepEqual(await listed('c'), []);
	});

	describe('never writes over what is there', () => {
		for (const [what, make] of Object.entries(sizes)) {
			it(`with ${what}`, async () => {
				const store = await open();
				const theirs = server.bucket.put(stored, {bytes: Buffer.from('theirs')});
				assert.equal(await store.put(name, make()), 'taken');
				assert.equal(server.bucket.get(stored), theirs);
				assert.deepEqual(server.uploads.list(), []);
			});
		}

		it('and removes just the generation that it is told to', async () => {
			const store = await open();
			const before = server.bucket.put(stored, {bytes: Buffer.from('half')});
			const after = server.bucket.put(stored, {bytes: Buffer.from('more')});
			assert.equal(await store.remove({name, bytes: 4, generation: before.etag}), 'removed');
			assert.equal(server.bucket.get(stored), after);
		});

		it('with two writers at the same time, one of whom has the name', async () => {
			const stores = [await open(), await open()];
			const spools = [spool(), small()];
			const outcomes = await Promise.all(stores.map(async (store, index) => store.put(name, spools[index]!)));
			assert.deepEqual(outcomes.toSorted(), ['stored', 'taken']);
			assertHolds(spools[outcomes.indexOf('stored')]!);
		});
	});

	describe('knows what an object holds', () => {
		it('by the checksum of the store, whatever the object says of itself', async () => {
			const store = await open();
			const spooled = small();
			const checksum = {algorithm: 'sha256', value: Buffer.from(spooled.sha256, 'hex').toString('base64')};
			server.bucket.put(stored, {bytes: spooled.content, checksum, metadata: {sha256: '0'.repeat(64)}});
			const object = (await store.stat(name))!;
			server.setFaults(faultAt('get', status(500)));
			assert.equal(await store.isSame(object, spooled), true);
			assert.equal(await store.isSame(object, {...spooled, sha256: '0'.repeat(64)}), false);
			assert.equal(await store.put(name, spooled), 'stored', 'made by somebody else, but the same');
		});

		it('by reading it, where nothing says it', async () => {
			const store = await open();
			const spooled = spool();
			server.bucket.put(stored, {bytes: spooled.content});
			const object = (await store.stat(name))!;
			assert.equal(await store.isSame(object, spooled), true);
			assert.equal(await store.isSame(object, {...spooled, sha256: '0'.repeat(64)}), false);
			server.bucket.put(stored, {bytes: Buffer.concat([spooled.content.subarray(1), Buffer.from('x')])});
			assert.equal(await store.isSame(object, spooled), false, 'another generation');
		});

		it('by reading what it stored, in a store that shows no checksums', async () => {
			await restart({hidesChecksums: true});
			const store = await open();
			for (const spooled of [small(), spool()]) {
				assert.equal(await store.put(spooled.sha256, spooled), 'stored');
				assert.equal(server.requests.at(-1), 'get');
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
				const store = await open({}, can);
				for (const [what, make] of Object.entries(sizes)) {
					const spooled = make();
					assert.equal(await store.put(what, spooled), 'stored');
					assert.ok(server.bucket.get(`archive/of/${what}`).bytes.equals(spooled.content), what);
					assert.equal(await store.put(what, spooled), 'stored', 'again');
					const object = (await store.stat(what))!;
					assert.equal(await store.isSame(object, spooled), true, what);
					assert.equal(await store.isSame(object, {...spooled, sha256: '0'.repeat(64)}), false, what);
					assert.equal(await store.put(what, spool(randomBytes(spooled.bytes + 1))), 'taken');
					assert.equal(server.bucket.writesOf(`archive/of/${what}`), 1, what);
				}
				assert.equal(server.requests.includes('part'), can.parts);
			});

			it(`finds what is damaged there, one ${kind}`, async () => {
				await restart(options);
				const store = await open({}, can);
				for (const [index, make] of [small, spool].entries()) {
					const spooled = make();
					server.setFaults(faultAt(make === spool && can.parts ? 'complete' : 'put', 'corrupt'));
					assert.equal(await store.put(`${index}`, spooled), 'stored');
					assert.ok(server.bucket.get(`archive/of/${index}`).bytes.equals(spooled.content));
				}
			});
		}

		it('removes no generation but that which it is told to, where conditions of removals are overlooked', async () => {
			await restart({ignoresConditions: ['delete']});
			const store = await open();
			const before = server.bucket.put(stored, {bytes: Buffer.from('half')});
			const after = server.bucket.put(stored, {bytes: Buffer.from('more')});
			assert.equal(await store.remove({name, bytes: 4, generation: before.etag}), 'removed');
			assert.equal(server.bucket.get(stored), after);
		});

		it('sends nothing of a large spool that is not what was written there', async () => {
			const store = await open({}, {parts: false});
			const spooled = spool();
			fs.writeFileSync(spooled.file, Buffer.alloc(spooled.bytes));
			await assert.rejects(store.put(name, spooled), sinkError('SINK_FAILED', /is not what was written there/));
			assert.deepEqual(server.bucket.list(), []);
		});
	});

	describe('locks', () => {
		it('respects Object Lock', async () => {
			await restart({retentionMs: 3_600_000});
			const store = await open();
			const spooled = spool();
			assert.equal(await store.put(name, spooled), 'stored');
			assert.equal(await store.put(name, spooled), 'stored', 'once more');
			const object = (await store.stat(name))!;
			for (const other of [spool(), small()]) {
				assert.equal(await store.put(name, other), 'taken');
			}
			assert.equal(await store.remove(object), 'locked');
			assertHolds(spooled);
		});

		it('respects an account that may only add', async () => {
			await restart({denied: ['DeleteObject']});
			const store = await open();
			const spooled = spool();
			assert.equal(await store.put(name, spooled), 'stored');
			assert.equal(await store.remove((await store.stat(name))!), 'locked');
			assertHolds(spooled);
		});

		it('leaves a version behind, where the bucket has versions, and can have the name again', async () => {
			await restart({versioning: true, retentionMs: 3_600_000});
			const store = await open();
			const spooled = small();
			await store.put(name, spooled);
			assert.equal(await store.remove((await store.stat(name))!), 'removed');
			assert.equal(await store.stat(name), undefined);
			assert.ok(server.bucket.versionsOf(stored)[0]!.bytes.equals(spooled.content));
			const other = spool();
			assert.equal(await store.put(name, other), 'stored');
			assertHolds(other, 2);
		});

		it('says so when a damaged copy of its own cannot be removed', async () => {
			await restart({retentionMs: 3_600_000});
			const store = await open();
			server.setFaults(faultAt('put', 'corrupt'));
			await assert.rejects(store.put(name, small()), sinkError('SINK_FAILED', /what is stored is not what was sent/));
		});
	});

	describe('stores an object exactly once', () => {
		type Case = readonly [operation: S3Operation, fault: S3Fault, at?: number];
		const slowDown = status(503, {code: 'SlowDown', message: 'Please reduce your request rate.'});
		const conflict = status(409, {code: 'ConditionalRequestConflict', message: 'A conflicting operation occurred.'});
		const skewed = status(403, {code: 'RequestTimeTooSkewed', message: 'The difference is too large.'});
		const cases: readonly Case[] = [
			['put', 'cut'],
			['put', 'lost-reply'],
			['put', 'garbled'],
			['put', slowDown],
			['put', conflict],
			['put', skewed],
			['put', status(500)],
			['put', status(400, {code: 'RequestTimeout'})],
			['put', status(400, {code: 'BadDigest'})],
			['put', status(429, {headers: {'retry-after': '0'}})],
			['create', 'cut'],
			['create', slowDown],
			['part', 'cut'],
			['part', 'cut', 1],
			['part', 'lost-reply'],
			['part', 'garbled', 1],
			['part', 'lost-reply', 2],
			['part', slowDown, 1],
			['part', 'lost-upload', 1],
			['complete', 'cut'],
			['complete', 'lost-reply'],
			['complete', 'half'],
			['complete', slowDown],
			['complete', conflict],
			['complete', 'lost-upload'],
			['complete', status(200, {code: 'InternalError', message: 'We encountered an internal error.'})],
		];
		for (const [operation, fault, at = 0] of cases) {
			it(`when ${operation} ${at} meets ${inspect(fault, {breakLength: 999})}`, async () => {
				const store = await open();
				const spooled = operation === 'put' ? small() : spool();
				server.setFaults(faultAt(operation, fault, at));
				assert.equal(await store.put(name, spooled), 'stored');
				assertHolds(spooled);
			});
		}

		for (const operation of ['put', 'complete'] as const) {
			const make = operation === 'put' ? small : spool;
			it(`and sends it again when what ${operation} stored is damaged`, async () => {
				const store = await open();
				const spooled = make();
				server.setFaults(faultAt(operation, 'corrupt'));
				assert.equal(await store.put(name, spooled), 'stored');
				assertHolds(spooled, 2);
				assert.equal(server.requests.filter(one => one === 'delete').length, 1);
			});

			it(`and looks before it believes the answer to ${operation} that shows another checksum`, async () => {
				const store = await open();
				const spooled = make();
				server.setFaults(faultAt(operation, 'lie'));
				assert.equal(await store.put(name, spooled), 'stored');
				assertHolds(spooled);
				assert.equal(server.requests.at(-1), 'head');
			});
		}

		it('and repairs a damaged copy of its own whose answer was lost', async () => {
			for (const [index, make] of [small, spool].entries()) {
				const store = await open();
				const spooled = make();
				const each = `${index}/${name}`;
				await store.put(each, spooled);
				server.bucket.spoil(`archive/of/${each}`);
				assert.equal(await store.put(each, spooled), 'stored');
				assertHolds(spooled, 2, `archive/of/${each}`);
			}
		});

		it('and goes on in the middle: parts that the store has are not sent again', async () => {
			const store = await open();
			const spooled = spool(randomBytes(10 * chunkBytes));
			server.setFaults(faultAt('part', 'cut', 6));
			assert.equal(await store.put(name, spooled), 'stored');
			assertHolds(spooled);
			assert.equal(server.requests.filter(one => one === 'part').length, 11);
			assert.equal(server.requests.filter(one => one === 'create').length, 1);
		});

		it('and begins a new upload behind a conflict, as S3 wants it', async () => {
			const store = await open();
			const spooled = spool();
			server.setFaults(faultAt('complete', conflict));
			assert.equal(await store.put(name, spooled), 'stored');
			assertHolds(spooled);
			assert.equal(server.requests.filter(one => one === 'create').length, 2);
		});

		it('and counts failures in a row where it gets no further, not in all', async () => {
			const store = await open();
			const spooled = spool(randomBytes(6 * chunkBytes));
			server.setFaults((operation, index) => (operation === 'part' && index % 2 === 0 ? 'cut' : undefined));
			assert.equal(await store.put(name, spooled), 'stored');
			assertHolds(spooled);
		});

		it('in no more parts than S3 takes', () => {
			assert.equal(partSize(10_000 * chunkBytes, chunkBytes), chunkBytes);
			const bytes = 10_000 * chunkBytes + 1;
			assert.equal(Math.ceil(bytes / partSize(bytes, chunkBytes)), 10_000);
		});
	});

	it('aborts the parts of what it gives up', async () => {
		const store = await open();
		server.setFaults(faultAt('complete', status(400, {code: 'InvalidRequest'}), 0, 99));
		await assert.rejects(store.put(name, spool()), sinkError('SINK_FAILED', /InvalidRequest/));
		assert.deepEqual(server.uploads.list(), []);
		server.setFaults((operation, index) => {
			return operation === 'part' || (operation === 'abort' && index === 0) ? status(400) : undefined;
		});
		await assert.rejects(store.put(name, spool()), sinkError('SINK_FAILED', /400/));
		assert.match(warnings.at(-1)!, /cannot abort the upload of archive\/of\/.*the next run tries again/);
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
		assert.deepEqual([server.bucket.list(), server.uploads.list()], [[], []]);
	});

	it('reads on where a connection broke, in the generation where it began', async () => {
		const store = await open();
		const spooled = spool();
		await store.put(name, spooled);
		server.setFaults((operation, index) => {
			if (operation !== 'get' || index > 2) return undefined;
			return (['cut', 'half', status(503)] as const)[index];
		});
		assert.ok((await buffer(store.read(name))).equals(spooled.content));

		server.setFaults((operation, index) => {
			if (operation === 'get' && index === 1) server.bucket.put(stored, {bytes: Buffer.alloc(spooled.bytes)});
			return operation === 'get' && index === 0 ? 'half' : undefined;
		});
		await assert.rejects(buffer(store.read(name)), sinkError('SINK_FAILED', /PreconditionFailed/));
	});

	for (const operation of ['head', 'list', 'delete', 'get'] as const) {
		it(`tries ${operation} again, and gives up after maxAttempts`, async () => {
			const store = await open();
			await store.put(name, small());
			const object = (await store.stat(name))!;
			const call = async () => {
				if (operation === 'head') await store.stat(name);
				if (operation === 'list') for await (const _ of store.list(''));
				if (operation === 'delete') await store.remove(object);
				if (operation === 'get') await buffer(store.read(name));
			};
			server.setFaults(faultAt(operation, status(503), 0, 3));
			await assert.rejects(call(), sinkError('SINK_FAILED', /s3:\/\/evidence\/archive\/of.*503/));
			server.setFaults(faultAt(operation, status(503), 0, 2));
			await call();
			if (operation === 'delete') server.bucket.put(stored, {bytes: Buffer.from('small')});
			server.setFaults(faultAt(operation, operation === 'get' ? 'cut' : 'lost-reply'));
			await call();
			if (operation === 'list') {
				server.setFaults(faultAt(operation, 'half'));
				await call();
			}
		});
	}

	it('ends when tries do not get any further, however often they begin', async () => {
		const store = await open();
		server.setFaults((operation, index) => (operation === 'part' && index % 2 === 1 ? 'lost-upload' : undefined));
		await assert.rejects(store.put(name, spool()), sinkError('SINK_FAILED', /NoSuchUpload/));
		server.setFaults(faultAt('put', 'corrupt', 0, 99));
		await assert.rejects(store.put(name, small()), sinkError('SINK_FAILED', /not what was sent/));
	});

	it('waits as long as Retry-After says, but no longer than maxWait', async () => {
		const store = await open({maxWaitMs: 2_000});
		server.setFaults(faultAt('put', status(503, {headers: {'retry-after': '1'}})));
		const began = performance.now();
		await store.put(name, small());
		assert.ok(performance.now() - began >= 990, 'Retry-After was not obeyed');
		server.setFaults(faultAt('create', status(503, {headers: {'retry-after': '3'}})));
		await assert.rejects(store.put('other', spool()), sinkError('SINK_FAILED', /503/));
	});

	for (const operation of ['put', 'create', 'part', 'complete', 'head', 'list', 'get'] as const) {
		it(`does not hang when ${operation} gets no answer, and ends at once when the run gives up`, async () => {
			const giveUp = new AbortController();
			const store = await open({timeoutMs: 150, signal: giveUp.signal});
			const patient = await open({timeoutMs: 60_000, signal: giveUp.signal});
			const spooled = operation === 'put' ? small() : spool();
			const call = async ({put, stat, list, read}: ObjectStore) => {
				if (operation === 'head') return stat(name);
				if (operation === 'get') return buffer(read(name));
				if (operation !== 'list') return put(name, spooled);
				for await (const _ of list(''));
				return undefined;
			};
			if (operation === 'get') await store.put(name, spooled);
			server.setFaults(faultAt(operation, 'hang'));
			await call(store);
			if (operation !== 'get' && server.bucket.has(stored)) server.bucket.remove(stored);
			server.setFaults(faultAt(operation, 'hang', 0, 99));
			const before = server.requests.length;
			const calling = call(patient);
			while (server.requests.slice(before).at(-1) !== operation) await new Promise(resolve => setImmediate(resolve));
			giveUp.abort(new Error('stopped'));
			await assert.rejects(calling, /stopped/);
		});
	}

	describe('errors', () => {
		it('name a bucket that does not exist', async () => {
			const refused = sinkError('TARGET_REFUSED', /there is no bucket s3:\/\/no-such-bucket: .*aws s3 mb/);
			await assert.rejects(open({bucket: 'no-such-bucket'}), refused);
		});

		for (const denied of ['PutObject', 'GetObject', 'ListBucket'] as const) {
			it(`say which permission is missing: ${denied}`, async () => {
				await restart({denied: [denied]});
				await assert.rejects(
					async () => {
						const store = await open();
						await store.put(name, spool());
						await buffer(store.read(name));
					},
					(error: unknown) =>
						error instanceof AuthError && error.code === 'FORBIDDEN' && error.message.includes(denied),
				);
			});
		}

		it('are clear where the store cannot do it, or has the bucket elsewhere', async () => {
			const store = await open();
			server.setFaults(faultAt('put', status(501, {code: 'NotImplemented', message: 'A header you provided …'})));
			await assert.rejects(store.put(name, small()), sinkError('TARGET_REFUSED', /cannot do that.*If-None-Match/));
			const headers = {'x-amz-bucket-region': 'eu-west-3'};
			server.setFaults(
				faultAt('put', status(403, {code: 'AccessDenied', message: 'not authorized: s3:::retention'}), 0, 9),
			);
			await assert.rejects(store.put(name, small()), AuthError);
			server.setFaults(faultAt('list', status(301, {code: 'PermanentRedirect', headers}), 0, 99));
			await assert.rejects(open(), sinkError('TARGET_REFUSED', /in the region eu-west-3.*set region=eu-west-3/));
		});

		for (const operation of ['put', 'create', 'part', 'complete', 'list'] as const) {
			it(`are an AuthError on one line without a secret when ${operation} is refused`, async () => {
				const store = await open();
				const message = `The token has expired:\nhttps://x/?X-Amz-Signature=abc ${'ab1/'.repeat(80)}`;
				server.setFaults(faultAt(operation, status(400, {code: 'ExpiredToken', message}), 0, 99));
				const call = async () => {
					if (operation !== 'list') await store.put(name, operation === 'put' ? small() : spool());
					else for await (const _ of store.list(''));
				};
				await assert.rejects(call(), (error: unknown) => {
					assert.ok(error instanceof AuthError);
					assert.equal(error.code, 'UNAUTHORIZED');
					assert.match(error.message, /^s3: cannot (write|list) s3:\/\/evidence\/.*ExpiredToken.*aws sso login/);
					assert.doesNotMatch(error.message, /\n/);
					assert.doesNotMatch(inspect([error, warnings], {depth: 9}), /X-Amz-Signature|ab1|AKIA|http/);
					for (const secret of awsSecrets) assert.ok(!inspect(error, {depth: 9}).includes(secret));
					return true;
				});
			});
		}

		it('say that nothing listens', async () => {
			const store = await open();
			const {url} = server;
			await server.close();
			const gone = sinkError('SINK_FAILED', /nothing listens there \(ECONNREFUSED\)/);
			await assert.rejects(store.put(name, small()), gone);
			await assert.rejects(store.stat(name), gone);
			await assert.rejects(open({endpoint: url}), gone);
			server = await startS3Server();
		});
	});

	describe('credentials, region and endpoint', () => {
		it('come from the environment', async () => {
			setVariables({AWS_ENDPOINT_URL: server.url});
			const store = await open({endpoint: undefined});
			await store.put(name, small());
			const {authorization, 'x-amz-security-token': token} = server.lastHeaders();
			assert.match(authorization!, /Credential=AKIAEXAMPLE\/\d+\/eu-central-1\/s3\//);
			assert.equal(token, awsSecrets[1]);
			await open({region: 'eu-west-3'});
			assert.match(server.lastHeaders().authorization!, /\/eu-west-3\/s3\//);
		});

		it('that are missing are said so, before anything is sent', async () => {
			setVariables({AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined});
			await assert.rejects(open(), (error: unknown) => {
				assert.ok(error instanceof ConfigError);
				assert.match(error.message, /default chain found none/);
				return true;
			});
			assert.deepEqual(server.requests, []);
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
			assert.match(server.lastHeaders().authorization!, /\/us-east-1\/s3\//);
			await assert.rejects(open({endpoint: undefined}), /^ConfigError: s3: expected a region/);
		});

		it('that would travel in the clear are refused', async () => {
			const wayOut = /^ConfigError: s3: endpoint: expected https.*option insecure true allows it/;
			await assert.rejects(open({endpoint: 'http://storage.example.com'}), wayOut);
			setVariables({AWS_ENDPOINT_URL: 'http://storage.example.com'});
			await assert.rejects(open({endpoint: undefined}), /^ConfigError: s3: endpoint: expected https/);
		});

		it('travel in the clear where that is said to be right, and it is said once', async () => {
			await assert.rejects(open({endpoint: 'http://store.invalid:9000', insecure: true}), /the host is not known/);
			assert.deepEqual(warnings, [
				's3: http://store.invalid is plain http: what is stored and its session token can be read on the way there',
			]);
		});
	});
});
