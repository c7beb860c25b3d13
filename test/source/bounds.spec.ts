import assert from 'node:assert/strict';
import {keepsBounds} from '../../lib/source/bounds.ts';
import type {ReadPage, Scan} from '../../lib/source/scan.ts';
import {recordOf} from '../support/pages.ts';
import {answerOf} from '../support/scripted-api.ts';

const {signal} = new AbortController();
/** Times of records, newest first: one each seven seconds. */
const times = Array.from({length: 300}, (_, index) => 1e9 + 1000 - index * 7000);
const recordsOf = (some: readonly number[]) => some.map(timeMs => recordOf({id: `e${timeMs}`, timeMs}));
const pageOf = (some: readonly number[], next?: number) => ({
	...answerOf(
		some.map(timeMs => ({id: `e${timeMs}`, timeMs})),
		next,
	),
	bytes: 1,
});

/** A server that means other times by bounds. */
function serverOf(meaning: (scan: Scan) => {readonly sinceMs: number; readonly untilMs: number}): ReadPage<unknown> {
	return scan => {
		const {sinceMs, untilMs} = meaning(scan);
		return Promise.resolve(pageOf(times.filter(timeMs => timeMs >= sinceMs && timeMs < untilMs).slice(0, 100), 1));
	};
}

describe('keepsBounds', () => {
	const hourMs = 3_600_000;
	const down = (ms: number, to: number) => Math.floor(ms / to) * to;
	const up = (ms: number, to: number) => Math.ceil(ms / to) * to;
	for (const [what, expected, meaning] of [
		['keeps them', true, scan => scan],
		['includes the upper one', true, ({sinceMs, untilMs}) => ({sinceMs, untilMs: untilMs + 1})],
		[
			'rounds them outward',
			true,
			({sinceMs, untilMs}) => ({sinceMs: down(sinceMs, hourMs), untilMs: up(untilMs, hourMs)}),
		],
		['rounds the upper one down', false, ({sinceMs, untilMs}) => ({sinceMs, untilMs: down(untilMs, 60_000)})],
		['rounds the lower one up', false, ({sinceMs, untilMs}) => ({sinceMs: up(sinceMs, 60_000), untilMs})],
		[
			'takes them for times of another zone',
			false,
			({sinceMs, untilMs}) => ({sinceMs: sinceMs + hourMs, untilMs: untilMs + hourMs}),
		],
		['excludes the lower one', false, ({sinceMs, untilMs}) => ({sinceMs: sinceMs + 1, untilMs})],
	] as [string, boolean, Parameters<typeof serverOf>[0]][]) {
		it(`is ${expected} of a server that ${what}`, async () => {
			assert.equal(await keepsBounds(serverOf(meaning), recordsOf(times.slice(0, 100)), signal), expected);
		});
	}

	it('cannot tell by records of two seconds', async () => {
		const near = recordsOf([1e9, 1e9 - 1, 1e9 - 1000]);
		const never: ReadPage<unknown> = () => assert.fail('asked');
		assert.equal(await keepsBounds(never, near, signal), undefined);
	});

	it('asks for no more than a page, away from seconds with very many records', async () => {
		const asked: Scan[] = [];
		const read: ReadPage<unknown> = (scan, given) => {
			asked.push(scan);
			return serverOf(one => one)(scan, given);
		};
		const known = [...times.slice(0, 100), ...Array<number>(500).fill(times[50]!)];
		assert.equal(await keepsBounds(read, recordsOf(known), signal, 10), true);
		const [{sinceMs, untilMs}] = asked as [Scan];
		assert.equal(known.filter(timeMs => timeMs >= sinceMs && timeMs < untilMs).length, 10);
	});
});
