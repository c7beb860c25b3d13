import assert from 'node:assert/strict';
import {createWriteStream, readFileSync} from 'node:fs';
import {createServer, get, type IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {PassThrough, Writable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {createGzip, gunzipSync} from 'node:zlib';
import type {Observable} from 'rxjs';
import type {Page} from '../../lib/model/page.ts';
import {run} from '../../lib/run/run.ts';
import {fromWritable} from '../../lib/sink/from-writable.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {sinkError} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {pagedSource, someRecords, textsOf} from '../support/paged-source.ts';

const records = someRecords(9);
const text = `${textsOf(records).join('\n')}\n`;
const pages = () => pagedSource(records, {pageSize: 2});

/** A source that fails behind its first pages. */
function failing(error: Error): Observable<Page> {
	return pagedSource(records, {
		pageSize: 2,
		onRequest(at) {
			if (at > 2) throw error;
		},
	});
}

/** A stream that keeps what it takes; `take` says when, by default at once. */
function collector(take: (taken: (error?: Error) => void) => void = taken => taken(), objectMode = false) {
	const chunks: unknown[] = [];
	const writable = new Writable({
		objectMode,
		write(chunk, _encoding, taken) {
			chunks.push(chunk);
			take(taken);
		},
	});
	return {writable, chunks, text: () => chunks.join('')};
}

describe('fromWritable', () => {
	const folder = temporaryFolder();

	it('writes one event per line, and ends the stream with the run', async () => {
		const file = join(folder(), 'events.ndjson');
		const {events} = await run(pages(), fromWritable(createWriteStream(file)));
		assert.equal(events, 9);
		assert.equal(readFileSync(file, 'utf8'), text);
	});

	it('goes through further streams', async () => {
		const file = join(folder(), 'events.ndjson.gz');
		const gzip = createGzip();
		await Promise.all([run(pages(), fromWritable(gzip)), pipeline(gzip, createWriteStream(file))]);
		assert.equal(gunzipSync(readFileSync(file)).toString(), text);
	});

	it('writes the events themselves to a stream of objects', async () => {
		const {writable, chunks} = collector(undefined, true);
		await run(pages(), fromWritable(writable));
		assert.deepEqual(
			chunks,
			records.map(({id, timeMs}) => ({id, timeMs})),
		);
	});

	it('leaves a stream open that is to stay so, and listens to it no longer', async () => {
		const {writable, text: written} = collector();
		for (const _ of [1, 2]) await run(pages(), fromWritable(writable, {end: false}));
		assert.equal(written(), text + text);
		assert.ok(writable.writable);
		assert.equal(writable.listenerCount('error'), 0);
		assert.equal(writable.listenerCount('close'), 0);
		writable.end();
	});

	it('waits for a slow stream, and so does the source', async () => {
		let requests = 0;
		const waiting: (() => void)[] = [];
		const {writable} = collector(taken => void waiting.push(taken));
		const many = pagedSource(someRecords(50), {onRequest: () => void requests++});
		const over = run(many, fromWritable(writable));
		for (let turns = 0; turns < 50; turns++) await new Promise(resolve => setImmediate(resolve));
		assert.deepEqual([waiting.length, requests], [1, 4]);
		writable.destroy();
		await assert.rejects(over, {code: 'READER_GONE'});
	});

	it('flushes before each commit', async () => {
		const steps: string[] = [];
		const state = memoryStore({step: step => void (step === 'committed' && steps.push(step))});
		const {writable} = collector(taken => (steps.push('taken'), taken()));
		const flush = async () => void steps.push('flushed');
		await run(pages(), fromWritable(writable, {flush}), {state, commitSize: {pages: 2}});
		assert.deepEqual(steps.slice(0, 6), ['flushed', 'committed', 'taken', 'taken', 'flushed', 'committed']);
		assert.deepEqual(steps.slice(-2), ['flushed', 'committed']);
	});

	it('commits nothing that could not be flushed', async () => {
		const state = memoryStore();
		const own = new Error('odd');
		let flushes = 0;
		const flush = async () => {
			if (++flushes > 1) throw own;
		};
		await assert.rejects(run(pages(), fromWritable(collector().writable, {flush}), {state}), own);
		const {writable, text: written} = collector();
		await run(pages(), fromWritable(writable), {state});
		assert.equal(written(), text);
	});

	it('destroys the stream when the run fails, so that it does not end as if it were whole', async () => {
		const own = new Error('odd');
		const {writable} = collector();
		await assert.rejects(run(failing(own), fromWritable(writable)), own);
		assert.equal(writable.errored, own);
		assert.equal(writable.writableFinished, false);
	});

	const failures: Record<string, [Writable, RegExp, string]> = {
		'a write that fails': [
			collector(taken => taken(new Error('odd'))).writable,
			/^writable: cannot write stream: odd$/,
			'SINK_FAILED',
		],
		'a reader that goes away': [
			collector(taken => taken(Object.assign(new Error('gone'), {code: 'EPIPE'}))).writable,
			/^writable: the reader of stream went away$/,
			'READER_GONE',
		],
		'an end that fails': [
			new Writable({write: (_chunk, _encoding, taken) => taken(), final: taken => taken(new Error('full'))}),
			/^writable: cannot write stream: full$/,
			'SINK_FAILED',
		],
		'a stream that is closed behind its end': [
			new Writable({
				write: (_chunk, _encoding, taken) => taken(),
				final() {
					this.destroy();
				},
			}),
			/^writable: the reader of stream went away$/,
			'READER_GONE',
		],
		'a stream that has ended': [
			new PassThrough().end(),
			/^writable: expected stream to be open.*end: false/,
			'READER_GONE',
		],
		'a stream that was destroyed': [
			new PassThrough().destroy(),
			/^writable: expected stream to be open/,
			'READER_GONE',
		],
	};
	for (const [what, [writable, message, code]] of Object.entries(failures)) {
		it(`fails the run for ${what}`, () =>
			assert.rejects(run(pages(), fromWritable(writable)), sinkError(code, message)));
	}

	it('names the error of the stream, not that it was closed', async () => {
		const {writable} = collector(() => void setImmediate(() => writable.destroy(new Error('quota'))));
		await assert.rejects(run(pages(), fromWritable(writable)), sinkError('SINK_FAILED', /quota/));
	});

	it('gives up a write that takes for ever when it is forced', async () => {
		const force = new AbortController();
		const {writable} = collector(() => void setImmediate(() => force.abort()));
		await assert.rejects(run(pages(), fromWritable(writable), {forceSignal: force.signal}), {code: 'ABORTED'});
		assert.ok(writable.destroyed);
	});

	it('keeps what a stream does to its bytes from the other sinks', async () => {
		const [masked, other] = [collector(), collector()];
		const mask = new Writable({
			write(chunk: Buffer, _encoding, taken) {
				chunk.fill(0x23);
				masked.writable.write(chunk, taken);
			},
		});
		await run(pages(), [fromWritable(mask), fromWritable(other.writable, {target: 'other'})]);
		assert.match(masked.text(), /^#+$/);
		assert.equal(other.text(), text);
	});

	it('needs a name where there are two', async () => {
		const [one, other] = [collector(), collector()];
		await assert.rejects(run(pages(), [fromWritable(one.writable), fromWritable(other.writable)]), {
			code: 'CONFIG',
			message: /writable:stream is given twice/,
		});
		await run(pages(), [fromWritable(one.writable), fromWritable(other.writable, {target: 'other'})]);
		assert.deepEqual([one.text(), other.text()], [text, text]);
	});

	it('answers a request, whole or not at all', async () => {
		const own = new Error('odd');
		const over: Promise<unknown>[] = [];
		const server = createServer(({url}, response) => {
			over.push(
				run(url === '/whole' ? pages() : failing(own), fromWritable(response)).catch((error: unknown) => error),
			);
		}).listen(0, '127.0.0.1');
		await new Promise(resolve => server.once('listening', resolve));
		const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		try {
			assert.equal(await bodyOf(`${base}/whole`), text);
			await assert.rejects(bodyOf(`${base}/failing`), {code: 'ECONNRESET'});
			assert.equal((await Promise.all(over))[1], own);
		} finally {
			await new Promise(resolve => server.close(resolve));
		}
	});
});

async function bodyOf(url: string): Promise<string> {
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		get(url, {agent: false}, resolve).once('error', reject);
	});
	let body = '';
	for await (const chunk of response.setEncoding('utf8')) body += chunk;
	return body;
}
