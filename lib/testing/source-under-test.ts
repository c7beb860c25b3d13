import assert from 'node:assert/strict';
import {
	type ApiDefinition,
	type EmulatedApi,
	type Reading,
	type Emulator,
	type EmulatorOptions,
	type EmulatorSwitches,
	type RecordBounds,
	startEmulator,
} from '../emulator/index.ts';
import {AuditError, type ErrorCode} from '../model/errors.ts';
import {dedupe} from '../operators/dedupe.ts';
import type {Page} from '../model/page.ts';
import type {Progress} from '../model/meter.ts';
import {type Report, run} from '../run/run.ts';
import type {Source} from '../source/define-source.ts';
import type {Start} from '../model/start.ts';
import {memorySink} from './memory-sink.ts';
import {memoryStore, type MemoryStore} from './memory-store.ts';
import {listen} from './listen.ts';
import {assertNoSecret, credentials} from './secrets.ts';
import {assertSame} from './tally.ts';

export type Options = Readonly<Record<string, unknown>>;

/** A source, and the emulated API that it reads. */
export interface Subject {
	readonly name: string;
	readonly source: Source<Options>;
	readonly api: ApiDefinition;
	readonly reading: Reading;
}

/** A source in front of an API that holds records. */
export interface SourceUnderTest extends Omit<Subject, 'api'> {
	readonly emulator: Emulator;
	readonly api: EmulatedApi;
	readonly pageSize: number;
	/** Called before each answer: it may change what the API holds. */
	onRequest: () => void;
	options(more?: Options): Options;
	/** The texts that the API holds, in the order in which it gives them. */
	held(bounds?: RecordBounds): string[];
	/** All its pages, each acknowledged as it comes. Rejects with what the source ends with. */
	pull(more?: Options, start?: Start): Promise<Page[]>;
	/** An archive in memory that is filled by one run after another. */
	archive(): Archive;
}

export interface Archive {
	readonly store: MemoryStore;
	/** What it holds, one text for each event. */
	readonly lines: readonly string[];
	/** Fails unless it holds each of these texts, and each once. */
	assertHolds(texts: readonly string[]): void;
	/** Goes on where the run before ended. With `pages` it is asked to stop when it has written so many. */
	fill(more?: Options, pages?: number): Promise<Report>;
}

export interface Holding extends Omit<EmulatorOptions, 'switches'> {
	/** How many pages the API's records fill. Default 6.5: bursts longer than a page are among them. */
	readonly pages?: number;
	/** How many records instead. */
	readonly events?: number;
	readonly switches?: EmulatorSwitches;
}

const defaultPageSize = 10;
/** Many records share a millisecond, some of them for longer than two pages. */
const bursts = {perThousand: 100, longSize: 25, longEvery: 50};

export async function withSource(
	subject: Subject,
	{pages = 6.5, switches, ...holding}: Holding,
	use: (tested: SourceUnderTest) => Promise<void>,
): Promise<void> {
	const {name, source, api: definition, reading} = subject;
	const pageSize = reading.pageSize ?? defaultPageSize;
	const hooks = {onRequest: () => {}};
	const emulator = await startEmulator({
		events: Math.round(pages * pageSize),
		...credentials,
		...holding,
		apis: {[name]: definition},
		switches: {bursts, ...reading.switches, ...switches},
		onRequest: () => hooks.onRequest(),
	});
	const api = emulator.api(name);
	const options = (more: Options = {}): Options => ({
		endpoint: emulator.endpoints[name]!,
		...credentialsFor(source),
		...(reading.pageSize === undefined ? {pageSize} : {}),
		// how many requests there are is told of one chain of pages
		...(source.order === 'none' ? {} : {concurrency: 1}),
		retryBaseMs: 0,
		...reading.options,
		...more,
	});
	try {
		await use(
			Object.assign(hooks, {
				...subject,
				emulator,
				api,
				pageSize,
				options,
				held(bounds: RecordBounds = {}) {
					const texts = Array.from(api.records(bounds), ({text}) => text.replace(/[\r\n]/g, ''));
					return source.order === 'oldest-first' ? texts.reverse() : texts;
				},
				pull: (more?: Options, start?: Start) => pull(source, options(more), start),
				archive: () => createArchive(source, options),
			}),
		);
	} finally {
		await emulator.close();
	}
}

/** Those of the emulator's credentials that a source takes. */
export function credentialsFor({auth}: Pick<Source, 'auth'>): Options {
	const {token, ...basic} = credentials;
	return {...(auth.includes('bearer') ? {token} : {}), ...(auth.includes('basic') ? basic : {})};
}

export function textsOf(pages: readonly Page[]): string[] {
	return pages.flatMap(({records}) => records.map(({text}) => Buffer.from(text).toString()));
}

async function pull(source: Source<Options>, options: Options, start?: Start): Promise<Page[]> {
	const heard = listen(source(options, start), page => page.ack());
	await heard.over;
	if (heard.ended === 'error') {
		assertNoSecret(heard.error);
		throw heard.error;
	}
	assert.deepEqual(
		heard.values.flatMap(({rejected}) => rejected),
		[],
	);
	return heard.values;
}

function createArchive(source: Source<Options>, options: (more?: Options) => Options): Archive {
	const store = memoryStore();
	const stops = {left: Infinity, stop: new AbortController()};
	const sink = memorySink({
		step(name) {
			if (name.startsWith('written') && --stops.left === 0) stops.stop.abort();
		},
	});
	return {
		store,
		lines: sink.lines,
		assertHolds(texts) {
			assertSame(sink.lines, texts);
		},
		async fill(more, pages = Infinity) {
			Object.assign(stops, {left: pages, stop: new AbortController()});
			let last: Progress | undefined;
			try {
				return await run(start => source(options(more), start).pipe(dedupe(start)), sink, {
					state: store,
					signal: stops.stop.signal,
					commitSize: {pages: 1},
					onProgress: progress => void (last = progress),
				});
			} catch (error) {
				assertNoSecret(error);
				throw error;
			} finally {
				assertNoSecret([last, store.history]);
			}
		},
	};
}

/** Whether an error is the right one, and shows no secret. */
export function failure(code: ErrorCode): (error: unknown) => boolean {
	return error => {
		assert.ok(error instanceof AuditError, String(error));
		assert.equal(error.code, code, error.message);
		assertNoSecret(error);
		return true;
	};
}
