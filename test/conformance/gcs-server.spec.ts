import {CRC32C, Storage} from '@google-cloud/storage';
import assert from 'node:assert/strict';
import {createHash, randomBytes} from 'node:crypto';
import {type GcsServer, type GcsServerOptions, startGcsServer} from '../support/gcs-server.ts';
import {faultAt} from '../support/store-server.ts';

const chunk = 256 * 1024;

/** The stand-in does what Google documents of the JSON API, for plain requests and for Google's own client. */
describe('conformance of the stand-in for Google Cloud Storage', () => {
	let server: GcsServer;
	const start = async (options?: GcsServerOptions) => {
		server = await startGcsServer(options);
		return server;
	};
	beforeEach(() => start());
	afterEach(() => server.close());

	async function call(method: string, path: string, init: RequestInit = {}) {
		const response = await fetch(`${server.url}${path}`, {method, ...init});
		const body = await response.text();
		const json = body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {};
		return {status: response.status, headers: response.headers, body, json};
	}
	const object = (name: string) => `/storage/v1/b/evidence/o/${encodeURIComponent(name)}`;
	const reasonOf = ({json}: {json: Record<string, unknown>}) =>
		(json['error'] as {errors: {reason: string}[]} | undefined)?.errors[0]!.reason;
	const answer = async (calling: ReturnType<typeof call>) => {
		const answered = await calling;
		return [answered.status, reasonOf(answered)];
	};

	function insert(name: string, content: string | Buffer, query = '', facts: object = {}) {
		const head = `--x\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(facts)}\r\n--x\r\nContent-Type: text/plain\r\n\r\n`;
		const body = Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n--x--')]);
		const path = `/upload/storage/v1/b/evidence/o?uploadType=multipart&name=${encodeURIComponent(name)}${query}`;
		return call('POST', path, {body, headers: {'content-type': 'multipart/related; boundary=x'}});
	}

	async function begin(name: string, query = '', facts: object = {}): Promise<string> {
		const path = `/upload/storage/v1/b/evidence/o?uploadType=resumable&name=${name}${query}`;
		const {status, headers} = await call('POST', path, {body: JSON.stringify(facts)});
		assert.equal(status, 200);
		return headers.get('location')!.slice(server.url.length);
	}
	const send = (session: string, range: string, body?: Buffer) =>
		call('PUT', session, {headers: {'content-range': `bytes ${range}`}, ...(body ? {body} : {})});

	it('answers an upload with size, generation and checksums', async () => {
		const content = randomBytes(1000);
		const {json} = await insert('a/b', content, '', {metadata: {x: 'y'}});
		const crc = new CRC32C();
		crc.update(content);
		const {name, size, crc32c, md5Hash, contentType, metadata, generation} = json;
		assert.deepEqual(
			{name, size, crc32c, md5Hash, contentType, metadata},
			{
				name: 'a/b',
				size: '1000',
				crc32c: crc.toString(),
				md5Hash: createHash('md5').update(content).digest('base64'),
				contentType: 'text/plain',
				metadata: {x: 'y'},
			},
		);
		assert.deepEqual((await call('GET', object('a/b'))).json, json);
		assert.deepEqual((await call('GET', `/b/evidence/o/a%2Fb?generation=${String(generation)}`)).json, json);
		assert.deepEqual(await answer(call('GET', `${object('a/b')}?generation=1`)), [404, 'notFound']);
	});

	it('keeps to ifGenerationMatch, and gives each write a generation of its own', async () => {
		const {generation} = (await insert('a', '1', '&ifGenerationMatch=0')).json;
		assert.deepEqual(await answer(insert('a', '2', '&ifGenerationMatch=0')), [412, 'conditionNotMet']);
		assert.deepEqual(await answer(insert('a', '2', '&ifGenerationMatch=17')), [412, 'conditionNotMet']);
		assert.equal((await insert('a', '2', `&ifGenerationMatch=${String(generation)}`)).status, 200);
		assert.deepEqual(await answer(insert('a', '3', `&ifGenerationMatch=${String(generation)}`)), [
			412,
			'conditionNotMet',
		]);
		assert.deepEqual(await answer(call('DELETE', `${object('a')}?ifGenerationMatch=${String(generation)}`)), [
			412,
			'conditionNotMet',
		]);
		const now = (await call('GET', object('a'))).json['generation'];
		assert.equal((await call('DELETE', `${object('a')}?ifGenerationMatch=${String(now)}`)).status, 204);
		assert.deepEqual(await answer(call('DELETE', object('a'))), [404, 'notFound']);
		assert.equal(server.bucket.writesOf('a'), 2);
	});

	it('refuses bytes that are not those of the checksum', async () => {
		assert.deepEqual(await answer(insert('a', 'x', '', {crc32c: 'AAAAAA=='})), [400, 'invalid']);
		assert.deepEqual(await answer(insert('a', 'x', '', {md5Hash: 'AAAA'})), [400, 'invalid']);
		const session = await begin('a', '', {crc32c: 'AAAAAA=='});
		assert.deepEqual(await answer(send(session, '0-0/1', Buffer.from('x'))), [400, 'invalid']);
		assert.deepEqual(server.bucket.list(), []);
	});

	it('takes an upload in chunks, and says how far it is', async () => {
		const content = randomBytes(2 * chunk + 7);
		const session = await begin('a', '&ifGenerationMatch=0');
		const rangeOf = async (calling: ReturnType<typeof send>) => {
			const {status, headers} = await calling;
			return [status, headers.get('range')];
		};
		assert.deepEqual(await rangeOf(send(session, '*/*')), [308, null]);
		assert.deepEqual(await rangeOf(send(session, `0-${chunk - 1}/*`, content.subarray(0, chunk))), [
			308,
			`bytes=0-${chunk - 1}`,
		]);
		assert.equal((await send(session, `${chunk}-${chunk}/*`, Buffer.from('x'))).status, 400, 'no whole chunk');
		assert.equal((await send(session, `0-${chunk - 1}/*`, content.subarray(0, chunk))).status, 503, 'a gap');
		const rest = content.subarray(chunk);
		assert.equal(server.bucket.has('a'), false);
		const done = await send(session, `${chunk}-${content.length - 1}/${content.length}`, rest);
		assert.equal(done.status, 200);
		assert.ok(server.bucket.get('a').bytes.equals(content));
		assert.deepEqual((await send(session, '*/*')).json, done.json, 'asked again');
	});

	it('checks the conditions of an upload in chunks at its last byte', async () => {
		const sessions = [await begin('a', '&ifGenerationMatch=0'), await begin('a', '&ifGenerationMatch=0')] as const;
		assert.equal((await send(sessions[0], '0-0/1', Buffer.from('x'))).status, 200);
		assert.deepEqual(await answer(send(sessions[1], '0-0/1', Buffer.from('y'))), [412, 'conditionNotMet']);
		server.setFaults(faultAt('status', 'lost-session'));
		const lost = await begin('b');
		assert.equal((await send(lost, '*/*')).status, 410);
		assert.equal((await send(lost, '0-0/1', Buffer.from('y'))).status, 404);
	});

	it('gives bytes, or a range of them', async () => {
		await insert('a', '0123456789');
		const {headers} = server.bucket.get('a') && (await call('GET', `${object('a')}?alt=media`));
		assert.match(headers.get('x-goog-hash')!, /^crc32c=.{8},md5=.{24}$/);
		const part = await call('GET', `${object('a')}?alt=media`, {headers: {range: 'bytes=7-'}});
		assert.deepEqual([part.status, part.body, part.headers.get('content-range')], [206, '789', 'bytes 7-9/10']);
		assert.equal((await call('GET', `${object('a')}?alt=media`, {headers: {range: 'bytes=10-'}})).status, 416);
	});

	it('lists by prefix, in pages, by the bytes of the names', async () => {
		const names = ['b', 'a/😀', 'a/￿', 'a/2', 'a/10'];
		for (const name of names) await insert(name, 'x');
		const listed: string[] = [];
		for (let token: string | undefined = ''; token !== undefined;) {
			const {json} = await call('GET', `/storage/v1/b/evidence/o?prefix=a%2F&maxResults=2&pageToken=${token}`);
			listed.push(...(json['items'] as {name: string}[]).map(({name}) => name));
			token = json['nextPageToken'] as string | undefined;
		}
		assert.deepEqual(listed, ['a/10', 'a/2', 'a/￿', 'a/😀']);
	});

	it('changes what is said of an object, not its content', async () => {
		await insert('a', 'x', '', {metadata: {one: '1'}});
		const {json} = await call('PATCH', object('a'), {body: JSON.stringify({metadata: {two: '2'}})});
		assert.deepEqual([json['metadata'], json['metageneration']], [{one: '1', two: '2'}, '2']);
		assert.equal(server.bucket.writesOf('a'), 1);
	});

	it('keeps what a retention policy keeps, after the conditions', async () => {
		await server.close();
		await start({retentionMs: 3_600_000});
		const {generation} = (await insert('a', 'x')).json;
		const locked = [403, 'retentionPolicyNotMet'];
		assert.deepEqual(await answer(insert('a', 'y')), locked);
		assert.deepEqual(await answer(insert('a', 'y', `&ifGenerationMatch=${String(generation)}`)), locked);
		assert.deepEqual(await answer(insert('a', 'y', '&ifGenerationMatch=0')), [412, 'conditionNotMet']);
		assert.deepEqual(await answer(call('DELETE', object('a'))), locked);
		assert.equal((await insert('b', 'y')).status, 200);
	});

	it("serves Google's own client", async () => {
		const bucket = new Storage({apiEndpoint: server.url, projectId: 'any'}).bucket('evidence');
		const content = randomBytes(3 * chunk + 1);
		await bucket.file('simple').save(content, {resumable: false, preconditionOpts: {ifGenerationMatch: 0}});
		await bucket.file('whole').save(content, {preconditionOpts: {ifGenerationMatch: 0}});
		await bucket.file('chunks').save(content, {chunkSize: chunk, preconditionOpts: {ifGenerationMatch: 0}});
		const [files] = await bucket.getFiles();
		assert.deepEqual(
			files.map(({name}) => name),
			['chunks', 'simple', 'whole'],
		);
		for (const file of files) assert.ok((await file.download())[0].equals(content), file.name);
		await files[0]!.setMetadata({metadata: {x: 'y'}});
		await files[0]!.delete({ifGenerationMatch: Number(files[0]!.metadata.generation)});
		assert.deepEqual(await files[0]!.exists(), [false]);
	});
});
