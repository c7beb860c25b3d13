import assert from 'node:assert/strict';
import {AuthError} from '../../../lib/model/errors.ts';
import {openBucket} from '../../../sinks/_s3/client.ts';
import {probeStore} from '../../../sinks/_s3/probe.ts';
import s3 from '../../../sinks/s3.ts';
import {awsEnvironment} from '../../support/aws-environment.ts';
import {type S3Server, type S3ServerOptions, startS3Server, storeKinds} from '../../support/s3-server.ts';
import {sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';
import {faultAt} from '../../support/store-server.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

const abilities: Readonly<Record<string, {parts: boolean; checksums: boolean}>> = {
	'as at AWS': {parts: true, checksums: true},
	'like Ceph RGW': {parts: false, checksums: false},
	'like moto': {parts: true, checksums: true},
	'without checksums': {parts: true, checksums: true},
	'that believes checksums': {parts: true, checksums: false},
};

describe('probeStore', () => {
	awsEnvironment();
	let server: S3Server;
	afterEach(() => server.close());

	async function open(options: S3ServerOptions) {
		server = await startS3Server(options);
		const run = {signal: new AbortController().signal, warn() {}};
		const waits = {maxAttempts: 3, retryBaseMs: 1, retryMaxMs: 1, maxWaitMs: 5_000, timeoutMs: 5_000};
		const place = {bucket: 'evidence', prefix: 'archive', endpoint: server.url, region: undefined};
		return openBucket({...place, ...waits, ...run});
	}
	const names = () => server.bucket.list().map(({name}) => name);

	for (const [kind, options] of Object.entries(storeKinds)) {
		it(`finds out what a store ${kind} can do, each time, and leaves one small object`, async () => {
			const bucket = await open(options);
			for (let time = 0; time < 3; time++) assert.deepEqual(await probeStore(bucket), abilities[kind]);
			const [condition, checked] = [
				'archive/_rxaudit.manifest/conditional-write',
				'archive/_rxaudit.manifest/checked-write',
			];
			assert.deepEqual(names(), options.believesChecksums ? [checked, condition] : [condition]);
			assert.deepEqual(server.uploads.list(), []);
		});
	}

	it('finds the same for two runs that look at the same time', async () => {
		const bucket = await open({});
		const found = await Promise.all([probeStore(bucket), probeStore(bucket), probeStore(bucket)]);
		for (const each of found) assert.deepEqual(each, {parts: true, checksums: true});
	});

	it('refuses a store that overlooks the condition of PutObject', async () => {
		const bucket = await open({ignoresConditions: ['put']});
		await assert.rejects(probeStore(bucket), sinkError('TARGET_REFUSED', /overlooks If-None-Match.*another store/));
	});

	it('says at the beginning that nothing may be written, or that conditions are not known at all', async () => {
		await assert.rejects(probeStore(await open({denied: ['PutObject']})), AuthError);
		await server.close();
		const bucket = await open({});
		server.setFaults(faultAt('put', {status: 501, code: 'NotImplemented'}, 0, 9));
		await assert.rejects(probeStore(bucket), sinkError('TARGET_REFUSED', /the store cannot do that/));
	});

	it('takes a store that has no uploads in parts for one that wants one request for each object', async () => {
		const bucket = await open({});
		server.setFaults(faultAt('begin', {status: 501, code: 'NotImplemented'}, 0, 9));
		assert.deepEqual(await probeStore(bucket), {parts: false, checksums: true});
	});

	for (const operation of ['put', 'begin', 'part', 'complete'] as const) {
		it(`is not misled by a lost answer to ${operation}`, async () => {
			const bucket = await open({});
			server.setFaults(faultAt(operation, 'lost-reply'));
			const {checksums} = await probeStore(bucket);
			assert.equal(checksums, true);
			assert.deepEqual(names(), ['archive/_rxaudit.manifest/conditional-write']);
		});
	}
});

describe('the beginning of an archive in s3', () => {
	awsEnvironment();
	const folder = temporaryFolder();
	let server: S3Server;
	beforeEach(async () => {
		server = await startS3Server();
	});
	afterEach(() => server.close());
	const options = () => ({bucket: 'evidence/archive', endpoint: server.url, spoolDir: folder()});

	describe('tidies up uploads in parts that were left behind', () => {
		const object = (run: string) => `archive/dt=2026-01-01/000000000000-${run}.ndjson.gz`;

		it('of its own archive, and old ones; no others', async () => {
			const sink = await s3(options()).open(sinkContext());
			const state = (await sink.flush()) as {run: string};
			await sink.close();
			const others = ['archive/readme.txt', 'archive-of-others/000000000000-00000000.ndjson', object('11111111')];
			for (const key of [object(state.run), object('00000000'), ...others]) server.uploads.create(key, {}, undefined);
			for (const upload of server.uploads.list()) {
				if (upload.key !== object('11111111') && upload.key !== object(state.run)) upload.startedMs -= 25 * 3_600_000;
			}
			await (await s3(options()).open(sinkContext(state))).close();
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
});
