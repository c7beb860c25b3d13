import assert from 'node:assert/strict';
import type {Observable} from 'rxjs';
import {type Emulator, type EmulatorOptions, type RecordBounds, startEmulator} from './emulator.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import type {Page} from '../../lib/model/page.ts';
import {run} from '../../lib/run/run.ts';
import type {Start} from '../../lib/model/start.ts';
import {type MemorySink, memorySink} from '../../lib/testing/memory-sink.ts';
import {type MemoryStore, memoryStore} from '../../lib/testing/memory-store.ts';
import {idsOf, listen} from './pages.ts';

type Options = Readonly<Record<string, unknown>>;
type PagesOf = (options: Options, start?: Start) => Observable<Page>;

/** A source that pages by offset, read from the emulator with the credentials that it asks for. */
export function siteSource(source: unknown, name: string) {
	const pagesOf = source as PagesOf;
	const connection = ({url, username, password}: Emulator) => ({endpoint: url, username, password, concurrency: 1});

	async function withEmulator(options: EmulatorOptions, use: (emulator: Emulator) => Promise<void>): Promise<void> {
		const emulator = await startEmulator({events: 300, spacingMs: 1500, ...options});
		try {
			await use(emulator);
		} finally {
			await emulator.close();
		}
	}

	async function pull(emulator: Emulator, options: Options = {}): Promise<Page[]> {
		const heard = listen(pagesOf({...connection(emulator), ...options}), page => page.ack());
		await heard.over;
		if (heard.ended === 'error') throw heard.error;
		return heard.values;
	}

	/** One run with a state, as a nightly job makes it; a commit after each page. */
	async function runWith(emulator: Emulator, state: MemoryStore, sink: MemorySink, options: Options = {}) {
		const all = {...connection(emulator), pageSize: 20, ...options};
		return run(start => pagesOf(all, start).pipe(dedupe(start)), sink, {state, commitSize: {pages: 1}});
	}

	/** What the API holds, newest first, byte for byte. */
	function held(emulator: Emulator, bounds: RecordBounds = {}): string[] {
		return Array.from(emulator.api(name).records(bounds), ({text}) => text);
	}

	/** Every record once, in the API's order, each with an id of its own. */
	function assertGiven(pages: readonly Page[], expected: readonly string[], message?: string): void {
		assert.deepEqual(pages.flatMap(textsOf), expected, message);
		assert.equal(new Set(pages.flatMap(idsOf)).size, expected.length, message);
	}

	/** Goes on from each checkpoint that a whole run made, over the same records. */
	async function assertResumes(emulator: Emulator): Promise<void> {
		const until = [...emulator.api(name).records()][0]!.timeMs + 1;
		const whole = memorySink();
		const state = memoryStore({journal: false});
		await runWith(emulator, state, whole, {until, pageSize: 10});
		assert.deepEqual(whole.lines, held(emulator));
		assert.ok(state.history.length > 10, `${state.history.length} checkpoints`);
		for (const [index, checkpoint] of state.history.entries()) {
			const stored = memoryStore({journal: false});
			stored.stored = {checkpoint, version: 1};
			const sink = memorySink();
			sink.lines.push(...whole.lines);
			await runWith(emulator, stored, sink, {until, pageSize: 10});
			assert.deepEqual(sink.lines, whole.lines, `from checkpoint ${index}`);
		}
	}

	/**
	 * While a pass goes on, at each page: new and late records above the reader, late ones below it (`recordAt` makes
	 * them), records deleted above it, and the oldest purged. Nothing that was there to be read may be missing or double.
	 */
	async function assertSurvivesChanges(recordAt: (timeMs: number, number: number) => string): Promise<void> {
		let change = () => {};
		await withEmulator({onRequest: () => change()}, async emulator => {
			const api = emulator.api(name);
			const initial = [...api.records()];
			const until = initial[0]!.timeMs + 1;
			const gone = new Set<string>();
			const late: string[] = [];
			const insert = (timeMs: number, number: number) => {
				const text = recordAt(timeMs, number);
				api.insert([{timeMs, text}]);
				return text;
			};
			let pages = 0;
			change = () => {
				if (++pages < 2) return;
				insert(until + pages, 3 * pages);
				insert(initial[pages]!.timeMs, 3 * pages + 1);
				if (pages < 8) late.push(insert(initial[180 + pages]!.timeMs, 3 * pages + 2));
				api.remove((_, index) => index === pages + 3);
				if (pages % 3 === 0 && pages < 8) {
					for (const {text} of api.remove(({timeMs}) => timeMs <= initial[300 - 5 * pages]!.timeMs)) gone.add(text);
				}
			};
			const pagesGiven = await pull(emulator, {until, pageSize: 20});
			const given = pagesGiven.flatMap(textsOf);
			const expected = [...initial.map(({text}) => text), ...late].filter(text => !gone.has(text));
			assert.ok(pages > 12 && late.length === 6 && gone.size > 20, `${pages} requests, ${gone.size} purged`);
			assert.deepEqual(given.toSorted(), expected.toSorted());
			assert.equal(new Set(pagesGiven.flatMap(idsOf)).size, expected.length);
		});
	}

	return {withEmulator, pull, runWith, held, assertGiven, assertResumes, assertSurvivesChanges};
}

export function textsOf(page: Pick<Page, 'records'>): string[] {
	return page.records.map(({text}) => Buffer.from(text).toString());
}

/** The query of each request so far, oldest first. */
export function queriesOf({requests, url}: Emulator): URLSearchParams[] {
	return requests.map(request => new URL(request.url, url).searchParams);
}
