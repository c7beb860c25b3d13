import {Readable} from 'node:stream';
import {ReadableStream} from 'node:stream/web';
import {ConfigError} from '../model/errors.ts';
import type {Page} from '../model/page.ts';
import {
	type EventOf,
	type Pages,
	type PulledPage,
	type Puller,
	type PullOptions,
	toAsyncIterable,
} from './to-async-iterable.ts';

/** What `run()` takes but a state: what reads a stream reads ahead, and nobody knows what became of an event. */
export type StreamOptions = Omit<PullOptions, 'state' | 'binding'>;

/**
 * The events, as a stream of objects; a page is acknowledged when its last event was read and the next one is asked for.
 * Nothing is requested before somebody reads, and `destroy()` ends the requests. `pipeline()` passes errors on.
 *
 * ```ts
 * await pipeline(toReadable(orgEvents({orgId, token})), toLines, createGzip(), createWriteStream('audit.ndjson.gz'));
 * ```
 */
export function toReadable(pages: Pages, options: StreamOptions = {}): Readable {
	return Readable.from(eachEvent('toReadable', pages, options));
}

/**
 * The events, as a web stream; a page is acknowledged when its last event was read and the next one is asked for.
 * Nothing is requested before somebody reads, and `cancel()` ends the requests. It can be transferred to a worker.
 *
 * ```ts
 * new Response(toWebStream(orgEvents({orgId, token})).pipeThrough(toLines).pipeThrough(new TextEncoderStream()));
 * ```
 */
export function toWebStream<P extends Page>(pages: Pages<P>, options: StreamOptions = {}): ReadableStream<EventOf<P>> {
	const events = eachEvent('toWebStream', pages, options);
	return new ReadableStream(
		{
			async pull(controller) {
				const {done, value} = await events.next();
				if (done) controller.close();
				else controller.enqueue(value);
			},
			cancel: async () => void (await events.return()),
		},
		{highWaterMark: 0},
	);
}

type Events<T> = Puller<T> & AsyncIterable<T>;

/** The events one by one. Left while it waits, it ends at once, which an async generator would not. */
function eachEvent<P extends Page>(name: string, pages: Pages<P>, options: StreamOptions): Events<EventOf<P>> {
	if ('state' in options && options.state !== undefined) {
		throw new ConfigError(
			`${name}: expected no state, got one: what was read of a stream may be lost behind it; use toAsyncIterable() or run() with a sink, where a state is exact`,
		);
	}
	const pulled = toAsyncIterable(pages, options)[Symbol.asyncIterator]() as Puller<PulledPage<EventOf<P>>>;
	let page: Iterator<EventOf<P>> = [].values();
	return {
		async next() {
			for (;;) {
				const event = page.next();
				if (!event.done) return event;
				const next = await pulled.next();
				if (next.done) return {done: true, value: undefined};
				page = next.value.events.values();
			}
		},
		return: () => pulled.return(),
		[Symbol.asyncIterator]() {
			return this;
		},
	};
}
