import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {buffer} from 'node:stream/consumers';
import {inspect} from 'node:util';
import {ConfigError} from '../../lib/model/errors.ts';
import {failureOf} from '../../sinks/_gcs/errors.ts';
import {bucketKinds, storeUnderTest} from '../support/buckets.ts';
import {startGcsServer} from '../support/gcs-server.ts';

const name = 'dt=2026-01-02/000000000000-0a1b2c3d.ndjson.gz';

/** What is particular to Google; the rest: test/sinks/_objects/bucket-{objects,sink}.spec.ts. */
describe('gcs', () => {
	const {server, folder, open, spool} = storeUnderTest(bucketKinds.gcs, startGcsServer);

	it('takes an object of the same length and checksum for another one when it does not say that it is this', async () => {
		const spooled = spool(Buffer.from('content'));
		server().bucket.put(`archive/of/${name}`, {bytes: spooled.content});
		assert.equal(await (await open()).put(name, spooled), 'taken');
	});

	it('never shows an address that the client tells of', () => {
		const uri = 'https://storage.googleapis.com/upload?upload_id=1';
		for (const told of [new Error(`request to ${uri} failed`), {code: 400, message: `see ${uri}`}]) {
			assert.match(failureOf(told).message, /^(request to|see) \[address\]/);
		}
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
			assert.equal(server().lastHeaders()['authorization'], undefined);
		});

		it('that are missing are said so, before anything is sent', async () => {
			delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
			process.env['METADATA_SERVER_DETECTION'] = 'none';
			process.env['HOME'] = folder();
			await assert.rejects(open({url: undefined}), (error: unknown) => {
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
				await assert.rejects(open({url: undefined}), (error: unknown) => {
					assert.ok(error instanceof ConfigError);
					assert.ok(error.message.includes(`GOOGLE_APPLICATION_CREDENTIALS names ${file}`));
					assert.doesNotMatch(inspect(error), /BEGIN PRIVATE/);
					return true;
				});
			});
		}

		it('come from STORAGE_EMULATOR_HOST, whose paths are other ones', async () => {
			process.env['STORAGE_EMULATOR_HOST'] = server().url;
			const store = await open({url: undefined});
			const spooled = spool();
			assert.equal(await store.put(name, spooled), 'stored');
			assert.ok((await buffer(store.read(name))).equals(spooled.content));
			assert.equal(await store.isSame((await store.stat(name))!, spooled), true);
			await assert.rejects(open({url: 'http://127.0.0.1:1'}), /they differ/);
		});

		it('are not sent to an emulator, so that it may be any host without TLS', async () => {
			process.env['STORAGE_EMULATOR_HOST'] = 'http://storage.invalid';
			await open({url: undefined});
		});
	});
});
