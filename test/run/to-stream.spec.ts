import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createWriteStream, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Readable, Writable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {createGzip, gunzipSync} from 'node:zlib';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {toReadable, toWebStream} from '../../lib/run/to-stream.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {deferred} from '../support/deferred.ts';
import {type PagedSourceOptions, pagedSource, someRecords} from '../support/paged-source.ts';

interface Event {
	readonly id: string;
}

const source = (count: number, options: PagedSourceOptions = {}) =>
	pagedSource(someRecords(count), {pageSize: 2, ...options});
const turn = () => new Promise(resolve => setImmediate(resolve));
const ids = (count: number) => someRecords(count).map(({id}) => id);

async function* toLines(events: AsyncIterable<unknown>): AsyncIterable<string> {
	for await (const event of events) yield `${JSON.stringify(event)}\n`;
}

for (const [name, toStream] of Object.entries({toReadable, toWebStream})) {
	describe(name, () => {
		it('gives the events one by one, and asks for nothing before somebody reads', async () => {
			let requests = 0;
			const stream = toStream(source(5, {onRequest: () => void requests++}));
			await turn();
			assert.equal(requests, 0);
			const given: string[] = [];
			for await (const event of stream) given.push((event as Event).id);
			assert.deepEqual(given, ids(5));
			assert.equal(requests, 3);
		});

		it('gives nothing and ends where there is nothing', async () => {
			for await (const event of toStream(source(0))) assert.fail(String(event));
		});

		it('acknowledges a page when the event behind its last one is asked for', async () => {
			let requests = 0;
			const stream = toStream(source(6, {onRequest: () => void requests++}), {budget: {maxPages: 1}});
			const events = (stream as AsyncIterable<Event>)[Symbol.asyncIterator]();
			await events.next();
			for (let turns = 0; turns < 20; turns++) await turn();
			assert.equal(requests, 1);
			for (const _ of [1, 2, 3]) await events.next();
			assert.equal(requests, 2);
			await events.return!();
		});

		it('stops the requests when its reader stops', async () => {
			let requests = 0;
			const stream = toStream(source(1000, {onRequest: () => void requests++}));
			const events = (stream as AsyncIterable<Event>)[Symbol.asyncIterator]();
			await events.next();
			for (let turns = 0; turns < 50; turns++) await turn();
			assert.equal(requests, 4, 'the budget');
			await events.return!();
			for (let turns = 0; turns < 20; turns++) await turn();
			assert.equal(requests, 4);
		});

		it('passes on the error of the source, behind the events before it', async () => {
			const own = new Error('odd');
			const failing = source(6, {
				onRequest(at) {
					if (at === 4) throw own;
				},
			});
			const given: string[] = [];
			await assert.rejects(async () => {
				for await (const event of toStream(failing)) given.push((event as Event).id);
			}, own);
			assert.deepEqual(given, ids(4));
		});

		it('ends the request that it waits for when it is left', async () => {
			const asked = deferred<AbortSignal>();
			const onRequest = (_: number, signal: AbortSignal) => (asked.resolve(signal), new Promise<void>(() => {}));
			const stream = toStream(source(2, {onRequest}));
			const read = 'getReader' in stream ? stream.getReader() : stream.on('readable', () => {});
			if ('read' in read) void read.read();
			const signal = await asked.promise;
			if ('cancel' in read) await read.cancel();
			else {
				read.destroy();
				await once(read, 'close');
			}
			assert.ok(signal.aborted);
		});

		it('refuses a state, since nobody knows what became of an event that was read', () => {
			assert.throws(() => toStream(source(1), {state: memoryStore()} as never), {
				code: 'CONFIG',
				message: new RegExp(`^${name}: expected no state, got one: .*; use toAsyncIterable\\(\\)`),
			});
		});
	});
}

describe('toReadable', () => {
	const folder = temporaryFolder();

	it('goes through a pipeline into a file', async () => {
		const file = join(folder(), 'events.ndjson.gz');
		await pipeline(toReadable(source(500)), toLines, createGzip(), createWriteStream(file));
		const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n');
		assert.deepEqual(
			lines.map(line => (JSON.parse(line) as Event).id),
			ids(500),
		);
	});

	it('is destroyed with the rest of a pipeline, whose error is the one that is told', async () => {
		const full = new Error('full');
		const events = toReadable(source(500));
		const target = new Writable({write: (_chunk, _encoding, taken) => taken(full)});
		await assert.rejects(pipeline(events, toLines, target), full);
		assert.ok(events.destroyed);
	});

	it('fails the pipeline that it is in, so that nothing ends as if it were whole', async () => {
		const own = new Error('odd');
		let ended = false;
		const target = new Writable({
			write: (_chunk, _encoding, taken) => taken(),
			final: taken => ((ended = true), taken()),
		});
		const failing = source(4, {
			onRequest(at) {
				if (at > 0) throw own;
			},
		});
		await assert.rejects(pipeline(toReadable(failing), toLines, target), own);
		assert.equal(ended, false);
	});

	it('makes an error of an event that no stream of objects can hold', async () => {
		const reading = async (stream: Readable) => {
			for await (const event of stream) assert.fail(String(event));
		};
		await assert.rejects(reading(toReadable(source(2).pipe(mapEvents(() => null)))), {
			code: 'ERR_STREAM_NULL_VALUES',
		});
	});
});

describe('toWebStream', () => {
	it('is the body of a response', async () => {
		const lines = new TransformStream<unknown, string>({
			transform: (event, controller) => controller.enqueue(`${JSON.stringify(event)}\n`),
		});
		const body = toWebStream(source(5)).pipeThrough(lines).pipeThrough(new TextEncoderStream());
		const text = await new Response(body).text();
		assert.equal(text.split('\n').length, 6);
	});
});
