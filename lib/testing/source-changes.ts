import assert from 'node:assert/strict';
import type {EmulatedApi, EmulatedRecord} from '../emulator/index.ts';
import {type Subject, textsOf, withSource} from './source-under-test.ts';
import {assertBetween} from './tally.ts';
import {it} from './runner.ts';

/** What a change put in or took out. */
interface Changed {
	readonly inserted?: readonly EmulatedRecord[];
	readonly removed?: readonly EmulatedRecord[];
}

type Change = (api: EmulatedApi, turn: number) => Changed;

/** So often something changes: without an end a stream would have none either. */
const maxTurns = 25;

function nth(api: EmulatedApi, index: number): EmulatedRecord {
	return [...api.records()].at(index)!;
}

/** What happens before each page but the first, by what the records concerned do. */
const changes: Readonly<Record<string, Change>> = {
	'are newer than all others': api => ({inserted: api.insert([{timeMs: nth(api, 0).timeMs + 1000}])}),
	'arrive late, before and behind the reader, in milliseconds that are there already': (api, turn) => ({
		inserted: api.insert([3, 3 + turn, -3].map(index => ({timeMs: nth(api, index).timeMs}))),
	}),
	'are purged at the old end': api => {
		const left = [...api.records()].length - 3;
		return {removed: api.remove((_, index) => index >= left)};
	},
};

/** Takes these out of a list, once each. */
function without(texts: readonly string[], gone: readonly string[]): string[] {
	const counts = new Map<string, number>();
	for (const text of gone) counts.set(text, (counts.get(text) ?? 0) + 1);
	return texts.filter(text => {
		const left = counts.get(text) ?? 0;
		counts.set(text, left - 1);
		return left <= 0;
	});
}

export function describeChanges(subject: Subject): void {
	const {source} = subject;

	/** Nothing that was there all the time is lost, nothing is doubled, before every page but the first a change. */
	const assertSteady = (change: Change) =>
		withSource(subject, {pages: 8.5}, async tested => {
			const {api, held, pull} = tested;
			const before = held();
			const inserted: string[] = [];
			const removed: string[] = [];
			let turn = 0;
			tested.onRequest = () => {
				if (turn++ === 0 || turn > maxTurns) return;
				const changed = change(api, turn);
				inserted.push(...(changed.inserted ?? []).map(({text}) => text));
				removed.push(...(changed.removed ?? []).map(({text}) => text));
			};
			const got = textsOf(await pull());
			assert.ok(turn > 5 && turn < 3 * maxTurns, `${turn} requests`);
			assertBetween(got, without(before, removed), [...before, ...inserted]);
		});

	for (const [which, change] of Object.entries(changes)) {
		it(`loses and doubles nothing when some ${which}`, () => assertSteady(change));
	}

	// a cursor of a listing is a place in it, which nobody can find again
	if (source.order !== 'none') {
		it('loses and doubles nothing when some are deleted before and behind the reader', () =>
			assertSteady((api, turn) => ({removed: api.remove((_, index) => index === 2 || index === 2 * turn)})));

		it('loses and doubles no true twins that are put in or taken out', () =>
			assertSteady((api, turn) => {
				const {timeMs, text, id} = nth(api, turn * 2);
				if (turn % 2 === 0) return {removed: api.remove(record => record.text === text)};
				return {inserted: api.insert([id === undefined ? {timeMs, text} : {timeMs}])};
			}));

		it('makes up in the next run for a record that arrives 50 minutes late, a true twin included', () =>
			withSource(subject, {}, async ({api, archive, held}) => {
				const {assertHolds, fill, lines} = archive();
				await fill();
				assertHolds(held());
				const {timeMs} = nth(api, 0);
				const late = [...api.records()].find(record => record.timeMs <= timeMs - 50 * 60_000)!;
				api.insert([{timeMs: timeMs - 50 * 60_000}]);
				if (late.id === undefined) api.insert([{timeMs: late.timeMs, text: late.text}]);
				assert.notEqual(held().length, lines.length);
				await fill();
				assertHolds(held());
			}));
	}
}
