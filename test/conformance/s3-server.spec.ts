import {type CompletedPart, S3} from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import {createHash, randomBytes} from 'node:crypto';
import {Readable} from 'node:stream';
import {awsEnvironment} from '../support/aws-environment.ts';
import {type S3Server, type S3ServerOptions, startS3Server} from '../support/s3-server.ts';
import {faultAt} from '../support/store-server.ts';

const minPartBytes = 1000;
const at = {Bucket: 'evidence', Key: 'a/b c'};
const sha256 = (...bytes: Buffer[]) => createHash('sha256').update(Buffer.concat(bytes)).digest();

/** The stand-in does what Amazon documents of S3, for Amazon's own client as it is by default. */
describe('conformance of the stand-in for Amazon S3', () => {
	awsEnvironment();
	let server: S3Server;
	let client: S3;
	const start = async (options: S3ServerOptions = {}) => {
		await server?.close();
		server = await startS3Server({minPartBytes, ...options});
		client = new S3({endpoint: server.url, forcePathStyle: true, maxAttempts: 1});
	};
	beforeEach(() => start());
	afterEach(() => server.close());

	const refused = (status: number, code: string) => (error: unknown) => {
		const {name, $metadata} = error as {name: string; $metadata: {httpStatusCode: number}};
		assert.deepEqual([$metadata.httpStatusCode, name], [status, code]);
		return true;
	};

	it('keeps bytes, type and metadata, and gives all of it or a range', async () => {
		const content = randomBytes(1000);
		const {ETag} = await client.putObject({...at, Body: content, ContentType: 'text/x', Metadata: {x: 'y'}});
		assert.equal(ETag, `"${createHash('md5').update(content).digest('hex')}"`);
		const head = await client.headObject(at);
		assert.deepEqual(
			[head.ContentLength, head.ContentType, head.Metadata, head.ETag],
			[1000, 'text/x', {x: 'y'}, ETag],
		);
		const read = await client.getObject(at);
		assert.deepEqual(Buffer.from(await read.Body!.transformToByteArray()), content);
		const part = await client.getObject({...at, Range: 'bytes=990-'});
		assert.deepEqual(Buffer.from(await part.Body!.transformToByteArray()), content.subarray(990));
		assert.equal(part.ContentRange, 'bytes 990-999/1000');
		await assert.rejects(client.getObject({...at, Range: 'bytes=1000-'}), refused(416, 'InvalidRange'));
		await assert.rejects(client.getObject({...at, IfMatch: '"other"'}), refused(412, 'PreconditionFailed'));
		await assert.rejects(client.getObject({...at, Key: 'none'}), refused(404, 'NoSuchKey'));
		await assert.rejects(client.headObject({...at, Key: 'none'}), refused(404, 'NotFound'));
		await assert.rejects(client.putObject({...at, Bucket: 'other', Body: 'x'}), refused(404, 'NoSuchBucket'));
	});

	it('keeps to If-None-Match and If-Match', async () => {
		const none = {...at, IfNoneMatch: '*'};
		const {ETag} = await client.putObject({...none, Body: '1'});
		await assert.rejects(client.putObject({...none, Body: '2'}), refused(412, 'PreconditionFailed'));
		await assert.rejects(client.putObject({...at, IfMatch: '"x"', Body: '2'}), refused(412, 'PreconditionFailed'));
		await assert.rejects(client.putObject({...at, Key: 'none', IfMatch: ETag, Body: '2'}), refused(404, 'NoSuchKey'));
		await client.putObject({...at, IfMatch: ETag, Body: '2'});
		await assert.rejects(client.deleteObject({...at, IfMatch: ETag}), refused(412, 'PreconditionFailed'));
		const now = (await client.headObject(at)).ETag;
		await client.deleteObject({...at, IfMatch: now});
		await assert.rejects(client.deleteObject({...at, IfMatch: now}), refused(404, 'NoSuchKey'));
		await client.deleteObject(at);
		assert.equal(server.bucket.writesOf(at.Key), 2);
	});

	it('refuses bytes that are not those of their checksum, of each kind', async () => {
		const content = Buffer.from('123456789');
		for (const [algorithm, sum] of Object.entries({
			CRC32: 'y/Q5Jg==', // these two: the check values of their catalogue
			CRC32C: '4waSgw==',
			SHA1: createHash('sha1').update(content).digest('base64'),
			SHA256: sha256(content).toString('base64'),
		})) {
			const given = {...at, Body: content, [`Checksum${algorithm}`]: sum};
			const answer = (await client.putObject(given)) as unknown as Record<string, unknown>;
			assert.equal(answer[`Checksum${algorithm}`], sum);
			const shown = (await client.headObject({...at, ChecksumMode: 'ENABLED'})) as unknown as Record<string, unknown>;
			assert.equal(shown[`Checksum${algorithm}`], sum);
			await assert.rejects(client.putObject({...given, Body: '123456780'}), refused(400, 'BadDigest'));
		}
		await assert.rejects(client.putObject({...at, Body: 'x', ContentMD5: 'AAAA'}), refused(400, 'BadDigest'));
		assert.equal(server.bucket.get(at.Key).bytes.toString(), '123456789');
	});

	it('reads chunks with trailers, as the client sends a stream', async () => {
		const content = randomBytes(200_000);
		const stream = Readable.from([content.subarray(0, 70_000), content.subarray(70_000)], {objectMode: false});
		await client.putObject({...at, Body: stream, ContentLength: content.length});
		assert.equal(server.lastHeaders()['x-amz-content-sha256'], 'STREAMING-UNSIGNED-PAYLOAD-TRAILER');
		const {bytes, checksum, contentEncoding} = server.bucket.get(at.Key);
		assert.ok(bytes.equals(content));
		assert.deepEqual([checksum?.algorithm, contentEncoding], ['crc32', undefined]);
		const authorization = server.lastHeaders().authorization!;
		const send = (trailer: string) =>
			fetch(`${server.url}/evidence/raw`, {
				method: 'PUT',
				body: `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${trailer}\r\n\r\n`,
				headers: {authorization, 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'},
			});
		assert.equal((await send('AAAAAA==')).status, 400);
		assert.equal((await send('NhCmhg==')).status, 200);
		assert.equal(server.bucket.get('raw').bytes.toString(), 'hello');
		const wrong = {authorization, 'x-amz-content-sha256': '0'.repeat(64)};
		const answer = await fetch(`${server.url}/evidence/raw`, {method: 'PUT', body: 'x', headers: wrong});
		assert.match(await answer.text(), /XAmzContentSHA256Mismatch/);
		assert.equal((await fetch(`${server.url}/evidence/raw`)).status, 403, 'not signed');
	});

	it('takes an upload in parts, whose checksum is that of their checksums', async () => {
		const parts = [randomBytes(1000), randomBytes(1500), randomBytes(7)];
		const {UploadId} = await client.createMultipartUpload({...at, ChecksumAlgorithm: 'SHA256', Metadata: {x: 'y'}});
		const upload = {...at, UploadId};
		const Parts: CompletedPart[] = [];
		for (const [index, Body] of parts.entries()) {
			const part = {PartNumber: index + 1, ChecksumSHA256: sha256(Body).toString('base64')};
			const wrong = {...part, ChecksumSHA256: sha256().toString('base64')};
			await assert.rejects(client.uploadPart({...upload, ...wrong, Body}), refused(400, 'BadDigest'));
			Parts.push({...part, ETag: (await client.uploadPart({...upload, ...part, Body})).ETag});
		}
		const listed = await client.listMultipartUploads({Bucket: at.Bucket, Prefix: 'a/'});
		assert.deepEqual(
			listed.Uploads?.map(({Key, UploadId: id}) => [Key, id]),
			[[at.Key, UploadId]],
		);
		assert.equal(server.bucket.has(at.Key), false);
		const complete = (list: CompletedPart[], more: object = {}) =>
			client.completeMultipartUpload({...upload, MultipartUpload: {Parts: list}, ...more});
		await assert.rejects(complete(Parts.toReversed()), refused(400, 'InvalidPartOrder'));
		await assert.rejects(complete([{...Parts[0]!, ETag: '"x"'}]), refused(400, 'InvalidPart'));
		await client.putObject({...at, Body: 'other'});
		await assert.rejects(complete(Parts, {IfNoneMatch: '*'}), refused(412, 'PreconditionFailed'));
		const {ETag} = await client.headObject(at);
		const {ChecksumSHA256} = await complete(Parts, {IfMatch: ETag});
		assert.equal(ChecksumSHA256, `${sha256(...parts.map(part => sha256(part))).toString('base64')}-3`);
		const {bytes, metadata} = server.bucket.get(at.Key);
		assert.ok(bytes.equals(Buffer.concat(parts)));
		assert.deepEqual(metadata, {x: 'y'});
		await assert.rejects(complete(Parts), refused(404, 'NoSuchUpload'));
		await assert.rejects(client.abortMultipartUpload(upload), refused(404, 'NoSuchUpload'));
	});

	it('refuses parts that are too small, and forgets an upload that is aborted', async () => {
		const {UploadId} = await client.createMultipartUpload(at);
		const Parts: CompletedPart[] = [];
		for (const PartNumber of [1, 2]) {
			const {ETag, ChecksumCRC32} = await client.uploadPart({...at, UploadId, PartNumber, Body: Buffer.alloc(999)});
			Parts.push({PartNumber, ETag, ChecksumCRC32});
		}
		const complete = {...at, UploadId, MultipartUpload: {Parts}};
		await assert.rejects(client.completeMultipartUpload(complete), refused(400, 'EntityTooSmall'));
		await client.abortMultipartUpload({...at, UploadId});
		assert.deepEqual(server.uploads.list(), []);
	});

	it('lists by prefix, in pages, by the bytes of the names', async () => {
		const names = ['b', 'a/😀', 'a/￿', 'a/2', 'a/10'];
		for (const Key of names) await client.putObject({...at, Key, Body: 'x'});
		const listed: string[] = [];
		for (let ContinuationToken: string | undefined, more = true; more; more = ContinuationToken !== undefined) {
			const page = {Bucket: at.Bucket, Prefix: 'a/', MaxKeys: 2, ...(ContinuationToken ? {ContinuationToken} : {})};
			const answer = await client.listObjectsV2(page);
			listed.push(...answer.Contents!.map(({Key}) => Key!));
			ContinuationToken = answer.NextContinuationToken;
		}
		assert.deepEqual(listed, ['a/10', 'a/2', 'a/￿', 'a/😀']);
	});

	it('keeps what Object Lock keeps, after the conditions', async () => {
		await start({retentionMs: 3_600_000});
		const {ETag} = await client.putObject({...at, Body: 'x'});
		await assert.rejects(client.putObject({...at, Body: 'y', IfMatch: ETag}), refused(403, 'AccessDenied'));
		await assert.rejects(client.putObject({...at, Body: 'y', IfNoneMatch: '*'}), refused(412, 'PreconditionFailed'));
		await assert.rejects(client.deleteObject(at), refused(403, 'AccessDenied'));
		assert.equal(server.bucket.get(at.Key).bytes.toString(), 'x');
	});

	it('keeps versions, where it is told to', async () => {
		await start({versioning: true, retentionMs: 3_600_000});
		await client.putObject({...at, Body: '1'});
		await client.putObject({...at, Body: '2'});
		assert.equal((await client.deleteObject(at)).DeleteMarker, true);
		await assert.rejects(client.headObject(at), refused(404, 'NotFound'));
		await client.putObject({...at, Body: '3', IfNoneMatch: '*'});
		const versions = server.bucket.versionsOf(at.Key).map(({bytes}) => bytes.toString());
		assert.deepEqual(versions, ['1', '2']);
	});

	it('does what it is told of faults, the n-th time', async () => {
		server.setFaults(faultAt('put', 'lost-reply', 1));
		await client.putObject({...at, Body: 'x'});
		await assert.rejects(client.putObject({...at, Key: 'b', Body: 'x'}));
		assert.ok(server.bucket.has('b'), 'stored although the reply was lost');
		server.setFaults(faultAt('put', 'cut'));
		await assert.rejects(client.putObject({...at, Key: 'c', Body: 'x'}));
		assert.equal(server.bucket.has('c'), false);
		assert.deepEqual(server.requests, ['put', 'put', 'put']);
	});
});
