import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import fs from 'node:fs';
import {buffer} from 'node:stream/consumers';
import {inspect} from 'node:util';
import {AuthError} from '../../../lib/model/errors.ts';
import type {ObjectStore, StoredObject} from '../../../sinks/_objects/object-store.ts';
import {awsSecrets} from '../../support/aws-environment.ts';
import {bucketKinds, type BucketServer, type BucketTraits, type Deed, storeUnderTest} from '../../support/buckets.ts';
import {sinkError} from '../../../lib/testing/sink-batch.ts';
import {faultAt, type StoreFault, type StoreOperation} from '../../support/store-server.ts';

const name = 'dt=2026-01-02/000000000000-0a1b2c3d.ndjson.gz';
const stored = `archive/of/${name}`;
const status = (code: number, more: object = {}): StoreFault => ({status: code, ...more});

/** What goes wrong with which request of one object, and the n-th of its kind, without the object being stored twice. */
type Case = readonly [operation: StoreOperation, fault: StoreFault, at?: number];
const common: readonly Case[] = [
	['put', 'cut'],
	['put', 'lost-reply'],
	['put', 'garble'],
	['put', status(503)],
	['put', status(500)],
	['put', status(429, {retryAfter: '0'})],
	['begin', 'cut'],
	['begin', status(503)],
	['part', 'cut'],
	['part', 'cut', 1],
	['part', 'lost-reply'],
	['part', 'lost-reply', 1],
	['part', 'garble', 1],
	['part', 'lost-session', 1],
	['part', status(503), 1],
	['complete', 'cut'],
	['complete', 'lost-reply'],
	['complete', 'half'],
	['complete', 'lost-session'],
	['complete', status(503)],
];
const conflict = status(409, {code: 'ConditionalRequestConflict', message: 'A conflicting operation occurred.'});
const particular: Readonly<Record<keyof typeof bucketKinds, readonly Case[]>> = {
	gcs: [
		['put', 'half'],
		['put', status(408)],
		['put', status(403, {code: 'rateLimitExceeded'})],
		['begin', 'lost-reply'],
		['part', status(404), 1],
		['part', status(429), 1],
		['complete', 'garble'],
	],
	s3: [
		['put', status(503, {code: 'SlowDown', message: 'Please reduce your request rate.'})],
		['put', conflict],
		['put', status(403, {code: 'RequestTimeTooSkewed', message: 'The difference is too large.'})],
		['put', status(400, {code: 'RequestTimeout'})],
		['put', status(400, {code: 'BadDigest'})],
		['part', 'lost-reply', 2],
		['complete', conflict],
		['complete', status(200, {code: 'InternalError', message: 'We encountered an internal error.'})],
	],
};

for (const [sink, kind] of Object.entries(bucketKinds)) {
	const {chunkBytes, scheme} = kind;
	describe(`objects of a bucket, ${sink}`, () => {
		const {server, warnings, restart, open, spool} = storeUnderTest<BucketServer, BucketTraits>(kind, kind.start);
		const small = () => spool(Buffer.from('small'));
		const spoolFor = (operation: StoreOperation) => (operation === 'put' ? spool(randomBytes(chunkBytes)) : spool());
		const bytesOf = (content: string) => ({bytes: Buffer.from(content)});
		const count = (operation: StoreOperation) => server().requests.filter(one => one === operation).length;

		function assertHolds({content, sha256}: {content: Buffer; sha256: string}, writes = 1, at = stored): void {
			const held = server().bucket.get(at);
			assert.ok(held.bytes.equals(content), 'the content is another');
			assert.equal(held.contentType, 'application/gzip');
			const {'first-id': id = '', ...metadata} = held.metadata!;
			assert.deepEqual(metadata, {events: '7', sha256});
			assert.equal(sink === 's3' ? decodeURIComponent(id) : id, 'ä€😀 %');
			assert.equal(server().bucket.writesOf(at), writes);
			const {uploads} = server() as {readonly uploads?: {list(): unknown[]}};
			assert.deepEqual(uploads?.list() ?? [], [], 'parts were left');
		}

		const sizes: Record<string, () => ReturnType<typeof spool>> = {
			'a small object': small,
			'an empty object': () => spool(Buffer.alloc(0)),
			'an object of one chunk': () => spool(randomBytes(chunkBytes)),
			'an object of whole chunks': () => spool(randomBytes(2 * chunkBytes)),
			'an object of chunks and some': () => spool(),
		};
		for (const [what, make] of Object.entries(sizes)) {
			it(`stores, shows, reads and removes ${what}, and never writes over it`, async () => {
				const store = await open();
				const spooled = make();
				assert.equal(await store.stat(name), undefined);
				assert.equal(await store.put(name, spooled), 'stored');
				assertHolds(spooled);
				const object = await store.stat(name);
				const {generation} = server().bucket.get(stored);
				assert.deepEqual(object, {name, bytes: spooled.bytes, generation});
				assert.ok((await buffer(store.read(name))).equals(spooled.content));
				assert.equal(await store.isSame(object!, spooled), true);
				assert.equal(await store.isSame(object!, {...spooled, sha256: '0'.repeat(64)}), false);
				assert.equal(await store.put(name, spooled), 'stored', 'again');
				assertHolds(spooled);
				assert.equal(await store.remove(object!), 'removed');
				assert.equal(await store.remove(object!), 'removed');
				assert.equal(await store.stat(name), undefined);
				const theirs = server().bucket.put(stored, bytesOf('theirs'));
				assert.equal(await store.put(name, spooled), 'taken');
				assert.equal(server().bucket.get(stored), theirs);
				assert.deepEqual(warnings(), []);
			});
		}

		it('takes names with any character', async () => {
			const store = await open();
			const names = ['a b', 'ä€😀', '%2F', '%', '#?&+=*', "it's", '~1', 'a:b;c,d@e!$()[]'];
			if (sink === 's3') names.push('<&>', 'a\u0001b');
			for (const each of names) assert.equal(await store.put(`x/${each}`, spool(Buffer.from(each))), 'stored');
			const held = server()
				.bucket.list()
				.map(each => each.name);
			assert.deepEqual(held.toSorted(), names.map(each => `archive/of/x/${each}`).sort());
			const listed: string[] = [];
			for await (const object of store.list('x/')) listed.push(`archive/of/${object.name}`);
			assert.deepEqual(listed, held);
			for (const each of names) assert.equal((await buffer(store.read(`x/${each}`))).toString(), each);
		});

		it('lists page by page what begins so, without what lies beside the prefix', async () => {
			await restart({listSize: 3});
			const store = await open();
			for (const at of ['archive/of', 'archive/of-others/a/1', 'archive/b']) server().bucket.put(at, bytesOf('x'));
			const names = Array.from({length: 7}, (_, index) => `a/${index}`);
			for (const each of [...names, 'b/1']) server().bucket.put(`archive/of/${each}`, bytesOf(each));
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

		it('removes just the generation that it is told to', async () => {
			const store = await open();
			const before = server().bucket.put(stored, bytesOf('half'));
			const after = server().bucket.put(stored, bytesOf('more'));
			assert.equal(await store.remove({name, bytes: 4, generation: before.generation}), 'removed');
			assert.equal(server().bucket.get(stored), after);
		});

		it('knows the content of an object that does not say what it is by reading it', async () => {
			const store = await open();
			const spooled = spool();
			server().bucket.put(stored, {bytes: spooled.content});
			const object = (await store.stat(name))!;
			assert.equal(await store.isSame(object, spooled), true);
			assert.equal(await store.isSame(object, {...spooled, sha256: '0'.repeat(64)}), false);
			server().bucket.put(stored, {bytes: Buffer.concat([spooled.content.subarray(1), Buffer.from('x')])});
			assert.equal(await store.isSame(object, spooled), false, 'another generation');
		});

		describe('locks', () => {
			const locks: Readonly<Record<string, BucketTraits>> = {
				'a retention policy': {retentionMs: 3_600_000},
				'an account that may only add': {mayNot: ['remove']},
			};
			for (const [why, traits] of Object.entries(locks)) {
				it(`respects ${why}`, async () => {
					await restart(traits);
					const store = await open();
					const spooled = spool();
					assert.equal(await store.put(name, spooled), 'stored');
					assert.equal(await store.put(name, spooled), 'stored', 'once more');
					for (const other of [spool(), small()]) assert.equal(await store.put(name, other), 'taken');
					assert.equal(await store.remove((await store.stat(name))!), 'locked');
					assertHolds(spooled);
				});
			}

			it('says so when a damaged copy of its own cannot be removed', async () => {
				await restart({retentionMs: 3_600_000});
				const store = await open();
				server().setFaults(faultAt('put', 'corrupt'));
				await assert.rejects(store.put(name, small()), sinkError('SINK_FAILED', /what is stored is not what was sent/));
			});
		});

		describe('stores an object exactly once', () => {
			for (const [operation, fault, at = 0] of [...common, ...particular[sink as keyof typeof particular]]) {
				it(`when ${operation} ${at} meets ${inspect(fault, {breakLength: 999})}`, async () => {
					// the client of Google does not notice that half an answer is all that comes
					const store = await open(fault === 'half' ? {timeoutMs: 200} : {});
					const spooled = spoolFor(operation);
					server().setFaults(faultAt(operation, fault, at));
					assert.equal(await store.put(name, spooled), 'stored');
					assertHolds(spooled);
				});
			}

			for (const operation of ['put', 'complete'] as const) {
				it(`and sends it again when what ${operation} stored is damaged`, async () => {
					const store = await open();
					const spooled = spoolFor(operation);
					server().setFaults(faultAt(operation, 'corrupt'));
					assert.equal(await store.put(name, spooled), 'stored');
					assertHolds(spooled, 2);
					assert.equal(count('delete'), 1);
				});

				it(`and does not believe an answer to ${operation} that shows another checksum`, async () => {
					const store = await open();
					const spooled = spoolFor(operation);
					server().setFaults(faultAt(operation, 'lie'));
					assert.equal(await store.put(name, spooled), 'stored');
					// S3 shows checksums to whoever looks, so that a look is enough
					assertHolds(spooled, sink === 's3' ? 1 : 2);
					assert.equal(server().requests.at(-1), sink === 's3' ? 'stat' : operation);
				});
			}

			it('and repairs a damaged copy of its own whose answer was lost', async () => {
				const store = await open();
				for (const [index, spooled] of [small(), spool()].entries()) {
					const each = `${index}/${name}`;
					await store.put(each, spooled);
					server().bucket.spoil(`archive/of/${each}`);
					assert.equal(await store.put(each, spooled), 'stored');
					assertHolds(spooled, 2, `archive/of/${each}`);
				}
			});

			it('and goes on in the middle: what the store has is not sent again', async () => {
				const store = await open();
				const spooled = spool(randomBytes(10 * chunkBytes));
				server().setFaults(faultAt('part', 'cut', 6));
				assert.equal(await store.put(name, spooled), 'stored');
				assertHolds(spooled);
				assert.equal(count('part') + (sink === 's3' ? 0 : count('complete')), 11);
				assert.equal(count('begin'), 1);
			});

			it('and counts failures in a row where it gets no further, not in all', async () => {
				const store = await open();
				const spooled = spool(randomBytes(6 * chunkBytes));
				server().setFaults((operation, index) => (operation === 'part' && index % 2 === 0 ? 'cut' : undefined));
				assert.equal(await store.put(name, spooled), 'stored');
				assertHolds(spooled);
			});

			it('with two writers at the same time, one of whom has the name', async () => {
				const stores = [await open(), await open()];
				const spools = [spool(), small()];
				const outcomes = await Promise.all(stores.map(async (store, index) => store.put(name, spools[index]!)));
				assert.deepEqual(outcomes.toSorted(), ['stored', 'taken']);
				assertHolds(spools[outcomes.indexOf('stored')]!);
			});
		});

		it('reads on where a connection broke, in the generation where it began', async () => {
			const store = await open({timeoutMs: 200});
			const spooled = spool();
			await store.put(name, spooled);
			server().setFaults((operation, index) => {
				return operation === 'read' ? (['cut', 'half', status(503)] as const)[index] : undefined;
			});
			assert.ok((await buffer(store.read(name))).equals(spooled.content));
			server().setFaults((operation, index) => {
				if (operation === 'read' && index === 1) server().bucket.put(stored, {bytes: Buffer.alloc(spooled.bytes)});
				return operation === 'read' && index === 0 ? 'half' : undefined;
			});
			const other = /No such object|PreconditionFailed/;
			await assert.rejects(buffer(store.read(name)), sinkError('SINK_FAILED', other));
		});

		/** Asks for something in one request of this kind, or in several of which it is one. */
		async function ask(store: ObjectStore, operation: StoreOperation, object?: StoredObject): Promise<unknown> {
			if (operation === 'stat') return store.stat(name);
			if (operation === 'read') return buffer(store.read(name));
			if (operation === 'delete') return store.remove(object!);
			if (operation !== 'list') return store.put(name, spoolFor(operation));
			for await (const _ of store.list(''));
			return undefined;
		}

		for (const operation of ['stat', 'list', 'delete', 'read'] as const) {
			it(`tries ${operation} again, and gives up after maxAttempts`, async () => {
				const store = await open();
				await store.put(name, small());
				const object = (await store.stat(name))!;
				server().setFaults(faultAt(operation, status(503), 0, 3));
				const failed = new RegExp(`${scheme}://evidence/archive/of.*503`);
				await assert.rejects(ask(store, operation, object), sinkError('SINK_FAILED', failed));
				server().setFaults(faultAt(operation, status(503), 0, 2));
				await ask(store, operation, object);
				if (operation === 'delete') server().bucket.put(stored, bytesOf('small'));
				server().setFaults(faultAt(operation, operation === 'read' ? 'cut' : 'lost-reply'));
				await ask(store, operation, object);
			});
		}

		it('ends when tries do not get any further, however often they begin', async () => {
			const store = await open();
			server().setFaults((operation, index) => (operation === 'part' && index % 2 === 1 ? 'lost-session' : undefined));
			await assert.rejects(store.put(name, spool()), sinkError('SINK_FAILED', /session is gone|NoSuchUpload/));
			server().setFaults(faultAt('put', 'corrupt', 0, 99));
			await assert.rejects(store.put(name, small()), sinkError('SINK_FAILED', /not what was sent/));
		});

		it('waits as long as Retry-After says, but no longer than maxWait', async () => {
			const store = await open({maxWaitMs: 2_000});
			server().setFaults(faultAt('put', status(503, {retryAfter: '1'})));
			const began = performance.now();
			await store.put(name, small());
			assert.ok(performance.now() - began >= 990, 'Retry-After was not obeyed');
			server().setFaults(faultAt('begin', status(503, {retryAfter: '3'})));
			await assert.rejects(store.put('other', spool()), sinkError('SINK_FAILED', /503/));
		});

		for (const operation of ['put', 'begin', 'part', 'complete', 'stat', 'list', 'read'] as const) {
			it(`does not hang when ${operation} gets no answer, and ends at once when the run gives up`, async () => {
				const giveUp = new AbortController();
				const store = await open({timeoutMs: 150, signal: giveUp.signal});
				const patient = await open({timeoutMs: 60_000, signal: giveUp.signal});
				if (operation === 'read') await store.put(name, spool());
				server().setFaults(faultAt(operation, 'hang'));
				await ask(store, operation);
				if (operation !== 'read' && server().bucket.has(stored)) server().bucket.remove(stored);
				server().setFaults(faultAt(operation, 'hang', 0, 99));
				const before = server().requests.length;
				const calling = ask(patient, operation);
				while (server().requests.slice(before).at(-1) !== operation)
					await new Promise(resolve => setImmediate(resolve));
				giveUp.abort(new Error('stopped'));
				await assert.rejects(calling, /stopped/);
			});
		}

		describe('errors', () => {
			it('name a bucket that does not exist, whatever is asked first', async () => {
				const noBucket = new RegExp(`there is no bucket ${scheme}://no-such-bucket: .*${kind.wayOut.noBucket.source}`);
				for (const operation of ['stat', 'put', 'begin', 'read', 'list'] as const) {
					const asked = async () => ask(await open({bucket: 'no-such-bucket'}), operation);
					await assert.rejects(asked(), sinkError('TARGET_REFUSED', noBucket));
				}
			});

			for (const denied of ['write', 'read', 'list'] as const satisfies readonly Deed[]) {
				it(`say which permission is missing: to ${denied}`, async () => {
					await restart({mayNot: [denied]});
					const all = async () => {
						const store = await open();
						for (const operation of ['begin', 'read', 'list'] as const) await ask(store, operation);
					};
					await assert.rejects(all(), (error: unknown) => {
						assert.ok(error instanceof AuthError && error.code === 'FORBIDDEN');
						assert.ok(error.message.includes(kind.permissions[denied]), error.message);
						return true;
					});
				});
			}

			for (const operation of ['put', 'begin', 'part', 'complete', 'list'] as const) {
				it(`are an AuthError on one line without a secret when ${operation} is refused`, async () => {
					const store = await open();
					server().setFaults(faultAt(operation, kind.refusal.fault, 0, 99));
					await assert.rejects(ask(store, operation), (error: unknown) => {
						assert.ok(error instanceof AuthError && error.code === 'UNAUTHORIZED');
						assert.match(error.message, new RegExp(`^${sink}: cannot (write|list) ${scheme}://evidence/`));
						assert.match(error.message, kind.refusal.wayOut);
						assert.doesNotMatch(error.message, /\n/);
						const shown = inspect([error, warnings()], {depth: 9});
						assert.doesNotMatch(shown, /ya29|upload_id|X-Amz-Signature|ab1|AKIA|http:/);
						for (const secret of awsSecrets) assert.ok(!shown.includes(secret));
						return true;
					});
				});
			}

			it('never show the address of an upload', async () => {
				const store = await open();
				server().setFaults(faultAt('part', 'cut', 0, 99));
				await assert.rejects(store.put(name, spool()), (error: unknown) => {
					assert.doesNotMatch(inspect([error, warnings()], {depth: 9}), /upload_?id|http:/i);
					return true;
				});
				assert.equal(warnings().length, 2);
			});

			it('say that nothing listens, and when the spool cannot be read', async () => {
				const store = await open();
				const missing = spool();
				fs.rmSync(missing.file);
				await assert.rejects(store.put(name, missing), /ENOENT/);
				await server().close();
				const gone = sinkError('SINK_FAILED', /nothing listens there \(ECONNREFUSED\)/);
				await assert.rejects(store.stat(name), gone);
				await assert.rejects(store.put(name, small()), gone);
			});

			it('refuse an address where credentials would travel in the clear', async () => {
				const wayOut = new RegExp(
					`^ConfigError: ${sink}: option \\w*[eE]ndpoint: expected https.*option insecure true allows it`,
				);
				await assert.rejects(open({url: 'http://storage.example.com'}), wayOut);
			});
		});
	});
}
