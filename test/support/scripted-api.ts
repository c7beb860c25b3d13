import type {Fetched, ReadPage} from '../../lib/source/paginate.ts';
import type {Json} from '../../lib/model/event.ts';
import type {Scan} from '../../lib/source/scan.ts';
import {recordOf, type TestRecord} from './pages.ts';

/** One request that the code under test has made, answered by hand. */
export interface Asked {
	readonly scan: Scan;
	readonly signal: AbortSignal;
	answer(records: readonly (TestRecord | string)[], next?: Json, bytes?: number): void;
	give(answer: Fetched<unknown>): void;
	fail(error: unknown): void;
}

export function answerOf(records: readonly (TestRecord | string)[], next?: Json, bytes = 1): Fetched<unknown> {
	const full = records.map(one => recordOf(typeof one === 'string' ? {id: one} : one));
	return {events: full.map(({value}) => value), records: full, bytes, ...(next === undefined ? {} : {next})};
}

/** An API whose answers a test gives one by one; a request that is aborted rejects, as HTTP does. */
export function scriptedApi(): {read: ReadPage<unknown>; asked: Asked[]; last(): Asked} {
	const asked: Asked[] = [];
	const read: ReadPage<unknown> = (scan, signal) =>
		new Promise((resolve, reject) => {
			signal.addEventListener('abort', () => reject(signal.reason as Error), {once: true});
			asked.push({
				scan,
				signal,
				answer: (records, next, bytes) => resolve(answerOf(records, next, bytes)),
				give: resolve,
				fail: reject,
			});
		});
	return {read, asked, last: () => asked.at(-1)!};
}
