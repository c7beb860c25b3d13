import assert from 'node:assert/strict';
import {createHash, randomBytes} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {buffer} from 'node:stream/consumers';
import {inspect} from 'node:util';
import {AuthError, ConfigError} from '../../../lib/model/errors.ts';
import {failureOf} from '../../../sinks/_gcs/errors.ts';
import {type GcsObjectsOptions, openGcsObjects} from '../../../sinks/_gcs/objects.ts';
import type {ObjectStore, Spooled, StoredObject} from '../../../sinks/_objects/object-store.ts';
import {faultAt, type GcsFault, type GcsOperation, type GcsServer, startGcsServer} from '../../support/gcs-server.ts';
import {sinkError} from '../../support/sink-batch.ts';
import {temporaryFolder} from '../../support/temporary-folder.ts';

const chunkBytes = 256 * 1024;
const name = 'dt=2026-01-02/000000000000-0a1b2c3d.ndjson.gz';
const stored = `archive/of/${name}`;
const status = (code: number, more: object = {}) => ({status: code, ...more});

describe('gcs objects', () => {
	const folder = temporaryFolder();
	let server: GcsServer;
	let warnings: string[];

	beforeEach(async () => {
		server = await startGcsServer();
		warnings = [];
	});
	afterEach(() => server.close());

	function open(more: Partial<GcsObjectsOptions> = {}): Promise<ObjectStore> {
		return openGcsObjects({
			bucket: 'evidence',
			prefix: 'archive/of',
			apiEndpoint: server.url,
			spoolFolder: folder(),
			chunkBytes,
			maxAttempts: 3,
			retryBaseMs: 1,
			retryMaxMs: 1,
			maxWaitMs: 5_000,
			timeoutMs: 5_000,
			signal: new AbortController().signal,
			warn: message => void warnings.push(message),
			...more,
		});
	}

	/** Of some chunks, or of one that is not full. */
	function spool(content = randomBytes(2.5 * chunkBytes)): Spooled & {content: Buffer} {
		const sha256 = createHash('sha256').update(content).digest('hex');
		const file = path.join(folder(), sha256);
		fs.writeFileSync(file, content);
		const metadata = {events: '7', 'first-id': 'ä€😀'};
		return {file, bytes: content.length, sha256, contentType: 'application/gzip', metadata, content};
	}

	function assertHolds({content, sha256}: {content: Buffer; sha256: string}, writes = 1, at = stored): void {
		const held = server.bucket.get(at);
		assert.ok(held.bytes.equals(content), 'the content is another');
		assert.equal(held.contentType, 'application/gzip');
		assert.deepEqual(held.metadata, {events: '7', 'first-id': 'ä€😀', sha256});
		assert.equal(server.bucket.writesOf(at), writes);
	}

	const sizes: Record<string, () => ReturnType<typeof spool>> = {
		'a small object': () => spool(Buffer.from('small')),
		'an empty object': () => spool(Buffer.alloc(0)),
		'an object of one chunk': () => spool(randomBytes(chunkBytes)),
		'an object of whole chunks': () => spool(randomBytes(2 * chunkBytes)),
		'an object of chunks and some': () => spool(),
	};
	for (const [what, make] of Object.entries(sizes)) {
		it(`stores, shows, reads and removes ${what}`, async () => {
			const store = await open();
			const spooled = make();
			assert.equal(await store.stat(name), undefined);
			assert.equal(await store.put(name, spooled), 'stored');
			assertHolds(spooled);
			const object = await store.stat(name);
			const {generation} = server.bucket.get(stored);
			assert.deepEqual(object, {name, bytes: spooled.bytes, generation});
			assert.ok((await buffer(store.read(name))).equals(spooled.content));
			assert.equal(await store.isSame(object!, spooled), true);
			assert.equal(await store.isSame(object!, {...spooled, sha256: '0'.repeat(64)}), false);
			assert.equal(await store.put(name, spooled), 'stored');
			assert.equal(server.bucket.writesOf(stored), 1);
			assert.equal(await store.remove(object!), 'removed');
			assert.equal(await store.remove(object!), 'removed');
			assert.equal(await store.stat(name), undefined);
			assert.deepEqual(warnings, []);
		});
	}

	it('takes names with any character', async () => {
		const store = await open();
		const names = ['a b', 'ä€😀', '%2F', '%', '#?&+=*', "it's", '~1', 'a:b;c,d@e!$()[]'].sort();
		for (const each of names) assert.equal(await store.put(`x/${each}`, spool(Buffer.from(each))), 'stored');
		assert.deepEqual(
			server.bucket.list().map(held => held.name),
			names.map(each => `archive/of/x/${each}`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
		);
		for (const each of names) assert.equal((await buffer(store.read(`x/${each}`))).toString(), each);
	});

	it('lists page by page what begins so, without what lies beside the prefix', async () => {
		await server.close();
		server = await startGcsServer({listSize: 3});
		const store = await open();
		for (const at of ['archive/of', 'archive/of-others/a/1', 'archive/b']) {
			server.bucket.put(at, Buffer.from('x'), {}, {});
		}
		const names = Array.from({length: 7}, (_, index) => `a/${index}`);
		for (const each of [...names, 'b/1']) server.bucket.put(`archive/of/${each}`, Buffer.from(each), {}, {});
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
				const theirs = server.bucket.put(stored, Buffer.from('theirs'), {}, {});
				assert.equal(await store.put(name, make()), 'taken');
				assert.equal(server.bucket.get(stored), theirs);
			});
		}

		it('removes just the generation that it is told to', async () => {
			const store = await open();
			const before = server.bucket.put(stored, Buffer.from('half'), {}, {});
			const after = server.bucket.put(stored, Buffer.from('more'), {}, {});
			assert.equal(await store.remove({name, bytes: 4, generation: before.generation}), 'removed');
			assert.equal(server.bucket.get(stored), after);
		});

		it('takes an object of the same length and checksum for another one when it does not say that it is this', async () => {
			const spooled = spool(Buffer.from('content'));
			server.bucket.put(stored, spooled.content, {}, {});
			assert.equal(await (await open()).put(name, spooled), 'taken');
		});
	});

	it('knows the content of an object that does not say what it is by reading it', async () => {
		const store = await open();
		const spooled = spool();
		server.bucket.put(stored, spooled.content, {}, {});
		const object = (await store.stat(name))!;
		assert.equal(await store.isSame(object, spooled), true);
		assert.equal(await store.isSame(object, {...spooled, sha256: '0'.repeat(64)}), false);
		server.bucket.put(stored, spooled.content, {}, {});
		assert.equal(await store.isSame(object, spooled), false, 'another generation');
	});

	describe('locks', () => {
		for (const [why, options] of Object.entries({
			'a retention policy': {retentionMs: 3_600_000},
			'an account that may only add': {denied: ['delete'] as const},
		})) {
			it(`respects ${why}`, async () => {
				await server.close();
				server = await startGcsServer(options);
				const store = await open();
				const spooled = spool();
				assert.equal(await store.put(name, spooled), 'stored');
				assert.equal(await store.put(name, spooled), 'stored', 'once more');
				const object = (await store.stat(name))!;
				for (const other of [spool(), spool(Buffer.from('small'))]) {
					assert.equal(await store.put(name, other), 'taken');
				}
				assert.equal(await store.remove(object), 'locked');
				assertHolds(spooled);
			});
		}

		it('says so when a damaged copy of its own cannot be removed', async () => {
			await server.close();
			server = await startGcsServer({retentionMs: 3_600_000});
			const store = await open();
			server.setFaults(faultAt('upload', 'corrupt'));
			await assert.rejects(
				store.put(name, spool(Buffer.from('small'))),
				sinkError('SINK_FAILED', /what is stored has the checksum/),
			);
		});
	});

	describe('stores an object exactly once', () => {
		type Case = readonly [operation: GcsOperation, fault: GcsFault, at?: number];
		const small: readonly Case[] = [
			['upload', 'cut'],
			['upload', 'lost-reply'],
			['upload', 'half'],
			['upload', 'garble'],
			['upload', status(503)],
			['upload', status(500)],
			['upload', status(408)],
			['upload', status(429, {retryAfter: '0'})],
			['upload', status(403, {reason: 'rateLimitExceeded'})],
		];
		const large: readonly Case[] = [
			['start', 'cut'],
			['start', 'lost-reply'],
			['start', status(503)],
			['chunk', 'cut'],
			['chunk', 'cut', 1],
			['chunk', 'lost-reply'],
			['chunk', 'lost-reply', 1],
			['chunk', status(503), 1],
			['chunk', status(429), 1],
			['chunk', 'garble', 1],
			['chunk', 'lost-session', 1],
			['chunk', status(404), 1],
			['finish', 'cut'],
			['finish', 'lost-reply'],
			['finish', 'garble'],
			['finish', 'half'],
			['finish', status(503)],
			['finish', 'lost-session'],
		];
		for (const [operation, fault, at = 0] of [...small, ...large]) {
			it(`when ${operation} ${at} meets ${inspect(fault, {breakLength: 999})}`, async () => {
				// the client does not notice that half an answer is all that comes
				const store = await open(fault === 'half' ? {timeoutMs: 200} : {});
				const spooled = operation === 'upload' ? spool(randomBytes(chunkBytes)) : spool();
				server.setFaults(faultAt(operation, fault, at));
				assert.equal(await store.put(name, spooled), 'stored');
				assertHolds(spooled);
			});
		}

		for (const [operation, fault] of [
			['upload', 'corrupt'],
			['upload', 'lie'],
			['finish', 'corrupt'],
			['finish', 'lie'],
		] as const) {
			it(`and sends it again when the answer to ${operation} shows another checksum (${fault})`, async () => {
				const store = await open();
				const spooled = operation === 'upload' ? spool(Buffer.from('small')) : spool();
				server.setFaults(faultAt(operation, fault));
				assert.equal(await store.put(name, spooled), 'stored');
				assertHolds(spooled, 2);
				assert.equal(server.requests.filter(one => one === 'delete').length, 1);
			});
		}

		it('and repairs a damaged copy of its own whose answer was lost', async () => {
			const store = await open();
			const spooled = spool();
			await store.put(name, spooled);
			server.bucket.spoil(stored);
			assert.equal(await store.put(name, spooled), 'stored');
			assertHolds(spooled, 2);
		});

		it('and goes on in the middle: what the store has is not sent again', async () => {
			const store = await open();
			const spooled = spool(randomBytes(10 * chunkBytes));
			server.setFaults(faultAt('chunk', 'cut', 6));
			assert.equal(await store.put(name, spooled), 'stored');
			assertHolds(spooled);
			assert.equal(server.requests.filter(one => one === 'chunk').length, 10);
			assert.equal(server.requests.filter(one => one === 'start').length, 1);
		});

		it('and counts failures in a row where it gets no further, not in all', async () => {
			const store = await open();
			const spooled = spool(randomBytes(10 * chunkBytes));
			server.setFaults((operation, index) => (operation === 'chunk' && index % 2 === 0 ? 'cut' : undefined));
			assert.equal(await store.put(name, spooled), 'stored');
			assertHolds(spooled);
		});

		it('with two writers at the same time, one of whom has the name', async () => {
			const stores = [await open(), await open()];
			const spools = [spool(), spool(Buffer.from('small'))];
			const outcomes = await Promise.all(stores.map(async (store, index) => store.put(name, spools[index]!)));
			assert.deepEqual(outcomes.toSorted(), ['stored', 'taken']);
			assertHolds(spools[outcomes.indexOf('stored')]!);
		});
	});

	it('reads on where a connection broke, in the generation where it began', async () => {
		const store = await open({timeoutMs: 200});
		const spooled = spool();
		await store.put(name, spooled);
		server.setFaults((operation, index) => {
			if (operation !== 'media' || index > 2) return undefined;
			return (['cut', 'half', status(503)] as const)[index];
		});
		assert.ok((await buffer(store.read(name))).equals(spooled.content));

		server.setFaults((operation, index) => {
			if (operation === 'media' && index === 1) server.bucket.put(stored, spooled.content, {}, {});
			return operation === 'media' && index === 0 ? 'half' : undefined;
		});
		await assert.rejects(buffer(store.read(name)), sinkError('SINK_FAILED', /No such object/));
	});

	for (const operation of ['stat', 'list', 'delete', 'media'] as const) {
		it(`tries ${operation} again, and gives up after maxAttempts`, async () => {
			const store = await open();
			await store.put(name, spool(Buffer.from('small')));
			const object = (await store.stat(name))!;
			const call = async () => {
				if (operation === 'stat') await store.stat(name);
				if (operation === 'list') for await (const _ of store.list(''));
				if (operation === 'delete') await store.remove(object);
				if (operation === 'media') await buffer(store.read(name));
			};
			server.setFaults(faultAt(operation, status(503), 0, 3));
			await assert.rejects(call(), sinkError('SINK_FAILED', /gs:\/\/evidence\/archive\/of.*503/));
			server.setFaults(faultAt(operation, status(503), 0, 2));
			await call();
			if (operation === 'delete') server.bucket.put(stored, Buffer.from('small'), {}, {});
			server.setFaults(faultAt(operation, operation === 'media' ? 'cut' : 'lost-reply'));
			await call();
		});
	}

	it('ends when tries do not get any further, however often they begin', async () => {
		const store = await open();
		server.setFaults((operation, index) => (operation === 'chunk' && index % 2 === 1 ? 'lost-session' : undefined));
		await assert.rejects(store.put(name, spool()), sinkError('SINK_FAILED', /session is gone/));
		server.setFaults(faultAt('upload', 'lie', 0, 99));
		await assert.rejects(store.put(name, spool(Buffer.from('small'))), sinkError('SINK_FAILED', /checksum/));
	});

	it('waits as long as Retry-After says, but no longer than maxWait', async () => {
		const store = await open({maxWaitMs: 2_000});
		server.setFaults(faultAt('upload', status(429, {retryAfter: '1'})));
		const began = performance.now();
		await store.put(name, spool(Buffer.from('small')));
		assert.ok(performance.now() - began >= 990, 'Retry-After was not obeyed');
		server.setFaults(faultAt('start', status(503, {retryAfter: '3'})));
		await assert.rejects(store.put('other', spool()), sinkError('SINK_FAILED', /503/));
	});

	for (const operation of ['upload', 'start', 'chunk', 'finish', 'stat', 'list', 'media'] as const) {
		it(`does not hang when ${operation} gets no answer, and ends at once when the run gives up`, async () => {
			const giveUp = new AbortController();
			const store = await open({timeoutMs: 150, signal: giveUp.signal});
			const patient = await open({timeoutMs: 60_000, signal: giveUp.signal});
			const spooled = operation === 'upload' ? spool(Buffer.from('small')) : spool();
			const call = async ({put, stat, list, read}: ObjectStore) => {
				if (operation === 'stat') return stat(name);
				if (operation === 'media') return buffer(read(name));
				if (operation !== 'list') return put(name, spooled);
				for await (const _ of list(''));
				return undefined;
			};
			if (operation === 'media') await store.put(name, spooled);
			server.setFaults(faultAt(operation, 'hang'));
			await call(store);
			if (operation !== 'media' && server.bucket.has(stored)) server.bucket.remove(stored, {});
			server.setFaults(faultAt(operation, 'hang', 0, 99));
			const before = server.requests.length;
			const calling = call(patient);
			while (server.requests.slice(before).at(-1) !== operation) await new Promise(resolve => setImmediate(resolve));
			giveUp.abort(new Error('stopped'));
			await assert.rejects(calling, /stopped/);
		});
	}

	describe('errors', () => {
		it('name a bucket that does not exist, whatever is asked first', async () => {
			const store = await open({bucket: 'no-such-bucket'});
			const refused = sinkError('TARGET_REFUSED', /there is no bucket gs:\/\/no-such-bucket: .*buckets create/);
			await assert.rejects(store.stat(name), refused);
			await assert.rejects(store.put(name, spool()), refused);
			await assert.rejects(store.put(name, spool(Buffer.from('small'))), refused);
			await assert.rejects(buffer(store.read(name)), refused);
			await assert.rejects(async () => {
				for await (const _ of store.list(''));
			}, refused);
		});

		for (const denied of ['create', 'get', 'list'] as const) {
			it(`say which permission is missing: ${denied}`, async () => {
				await server.close();
				server = await startGcsServer({denied: [denied]});
				const store = await open();
				await assert.rejects(
					async () => {
						await store.put(name, spool());
						await buffer(store.read(name));
						for await (const _ of store.list(''));
					},
					(error: unknown) =>
						error instanceof AuthError &&
						error.code === 'FORBIDDEN' &&
						error.message.includes(`storage.objects.${denied}`),
				);
			});
		}

		for (const [operation, make] of [
			['upload', () => spool(Buffer.from('small'))],
			['start', () => spool()],
			['chunk', () => spool()],
		] as const) {
			it(`are an AuthError on one line without a secret when ${operation} is answered 401`, async () => {
				const store = await open();
				const message = 'Invalid Credentials\nAuthorization: Bearer ya29.secret';
				server.setFaults(faultAt(operation, status(401, {reason: 'authError', message}), 0, 99));
				await assert.rejects(store.put(name, make()), (error: unknown) => {
					assert.ok(error instanceof AuthError);
					assert.equal(error.code, 'UNAUTHORIZED');
					assert.match(error.message, /^gcs: cannot write gs:\/\/evidence\/.*gcloud auth application-default login/);
					assert.doesNotMatch(error.message, /\n/);
					assert.doesNotMatch(inspect(error, {depth: 9}), /ya29|upload_id/);
					return true;
				});
			});
		}

		it('never show the address of an upload', async () => {
			const store = await open();
			server.setFaults(faultAt('chunk', 'cut', 0, 99));
			await assert.rejects(store.put(name, spool()), (error: unknown) => {
				assert.doesNotMatch(inspect([error, warnings], {depth: 9}), /upload_id|http:/);
				return true;
			});
			assert.equal(warnings.length, 2);
			const uri = 'https://storage.googleapis.com/upload?upload_id=1';
			for (const told of [new Error(`request to ${uri} failed`), {code: 400, message: `see ${uri}`}]) {
				assert.match(failureOf(told).message, /^(request to|see) \[address\]/);
			}
		});

		it('say that nothing listens', async () => {
			const {url} = server;
			await server.close();
			const store = await open({apiEndpoint: url});
			await assert.rejects(store.stat(name), sinkError('SINK_FAILED', /nothing listens there \(ECONNREFUSED\)/));
			await assert.rejects(store.put(name, spool()), sinkError('SINK_FAILED', /ECONNREFUSED/));
			server = await startGcsServer();
		});

		it('say when the spool cannot be read', async () => {
			const spooled = spool();
			fs.rmSync(spooled.file);
			await assert.rejects((await open()).put(name, spooled), /ENOENT/);
		});
	});

	describe('credentials and endpoints', () => {
		const names = ['GOOGLE_APPLICATION_CREDENTIALS', 'METADATA_SERVER_DETECTION', 'HOME', 'STORAGE_EMULATOR_HOST'];
		const before = new Map(names.map(each => [each, process.env[each]]));
		afterEach(() => {
			for (const [each, value] of before) {
				if (value === undefined) delete process.env[each];
				else process.env[each] = value;
			}
		});

		it('are sent to loopback never', async () => {
			process.env['GOOGLE_APPLICATION_CREDENTIALS'] = path.join(folder(), 'missing.json');
			const store = await open();
			await store.put(name, spool());
			await store.stat(name);
			assert.equal(server.lastHeaders()['authorization'], undefined);
		});

		it('that are missing are said so, before anything is sent', async () => {
			delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
			process.env['METADATA_SERVER_DETECTION'] = 'none';
			process.env['HOME'] = folder();
			await assert.rejects(open({apiEndpoint: undefined}), (error: unknown) => {
				assert.ok(error instanceof ConfigError);
				assert.match(error.message, /default chain found none; run gcloud auth application-default login/);
				return true;
			});
		});

		for (const content of [undefined, '-----BEGIN PRIVATE KEY-----', '{"private_key": "BEGIN PRIVATE"}']) {
			it(`in a file that holds ${content ?? 'nothing, since it is missing'}`, async () => {
				const file = path.join(folder(), 'key.json');
				if (content !== undefined) fs.writeFileSync(file, content);
				process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file;
				await assert.rejects(open({apiEndpoint: undefined}), (error: unknown) => {
					assert.ok(error instanceof ConfigError);
					assert.ok(error.message.includes(`GOOGLE_APPLICATION_CREDENTIALS names ${file}`));
					assert.doesNotMatch(inspect(error), /BEGIN PRIVATE/);
					return true;
				});
			});
		}

		it('come from STORAGE_EMULATOR_HOST, whose paths are other ones', async () => {
			process.env['STORAGE_EMULATOR_HOST'] = server.url;
			const store = await open({apiEndpoint: undefined});
			const spooled = spool();
			assert.equal(await store.put(name, spooled), 'stored');
			assert.ok((await buffer(store.read(name))).equals(spooled.content));
			assert.equal(await store.isSame((await store.stat(name))!, spooled), true);
			await assert.rejects(open({apiEndpoint: 'http://127.0.0.1:1'}), /they differ/);
		});

		it('that would travel in the clear are refused', async () => {
			const wayOut = /^ConfigError: gcs: endpoint: expected https.*option insecure true allows it/;
			await assert.rejects(open({apiEndpoint: 'http://storage.example.com'}), wayOut);
		});

		it('are not sent to an emulator, so that it may be any host without TLS', async () => {
			process.env['STORAGE_EMULATOR_HOST'] = 'http://storage.invalid';
			await open({apiEndpoint: undefined});
		});
	});
});
