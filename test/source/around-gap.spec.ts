import assert from 'node:assert/strict';
import {type GapSearch, readAroundGap, smallestSpanMs} from '../../lib/source/around-gap.ts';
import type {Interval} from '../../lib/source/interval-set.ts';

const hourMs = 3_600_000;

/** Reads a log of one record each second, some of which cannot be given; says which spans were asked for. */
async function search(order: GapSearch['order'], bad: readonly number[], open: Interval, failures = 8) {
	const asked: Interval[] = [];
	const left = {failures, inRow: 0};
	await readAroundGap(open, {
		order,
		left,
		async read(span) {
			asked.push(span);
			const inside = bad.filter(ms => ms >= span[0] && ms < span[1]);
			if (inside.length === 0) return [span[1], span[1]];
			return order === 'oldest-first' ? [Math.min(...inside), span[1]] : [span[0], Math.max(...inside) + 1000];
		},
	});
	return {asked, left: left.failures};
}

describe('readAroundGap', () => {
	it('halves what is behind a bad page until little is left, newer first or older first', async () => {
		const ascending = await search('oldest-first', [0], [0, 24 * hourMs]);
		assert.deepEqual(ascending.asked.slice(0, 2), [
			[12 * hourMs, 24 * hourMs],
			[6 * hourMs, 12 * hourMs],
		]);
		assert.equal(ascending.asked.length, 10);
		assert.ok(ascending.asked.at(-1)![0] < 2 * smallestSpanMs);
		const descending = await search('newest-first', [24 * hourMs - 1000], [0, 24 * hourMs]);
		assert.deepEqual(descending.asked[0], [0, 12 * hourMs]);
		assert.equal(descending.asked.length, 10);
	});

	it('goes on behind the next bad page in the same way', async () => {
		const {asked, left} = await search('oldest-first', [0, 18 * hourMs], [0, 24 * hourMs]);
		assert.ok(left < 8);
		const newest = asked.filter(([, to]) => to === 24 * hourMs).at(-1)!;
		assert.ok(newest[0] > 18 * hourMs, 'what is newer than both is read');
	});

	it('begins at the newest end of an ascending log, which may have begun decades after what is unread', async () => {
		const now = 56 * 365.25 * 24 * hourMs;
		for (const days of [0.01, 0.4, 3.3, 90]) {
			const bad = Math.floor((now - days * 24 * hourMs) / 1000) * 1000;
			const asked: Interval[] = [];
			const give = async (span: Interval): Promise<Interval> => {
				asked.push(span);
				return bad >= span[0] && bad < span[1] ? span : [span[1], span[1]];
			};
			await readAroundGap([0, now], {order: 'oldest-first', left: {failures: 40, inRow: 0}, read: give});
			const read = asked.filter(([from, to]) => bad < from || bad >= to);
			assert.ok(
				read.some(([from, to]) => from === 0 && to <= bad),
				`${days} days: what lies before it is read`,
			);
			const fromMs = Math.max(...read.filter(([, to]) => to <= bad).map(([, to]) => to));
			const toMs = Math.min(...read.filter(([from]) => from > bad).map(([from]) => from));
			assert.ok(toMs - fromMs <= 2 * smallestSpanMs + 2000, `${days} days: ${toMs - fromMs} ms are hidden`);
			assert.ok(asked.length <= 40, `${asked.length} requests`);
		}
	});

	it('takes smaller parts where one fails at once, and gives up after so many failures', async () => {
		const spans: Interval[] = [];
		const left = {failures: 4, inRow: 0};
		const read = async (span: Interval) => (spans.push(span), span);
		await readAroundGap([0, 16 * hourMs], {order: 'oldest-first', left, read});
		assert.deepEqual(
			spans.map(([from]) => from / hourMs),
			[8, 12, 14, 15],
		);
	});

	it('asks for nothing where nothing is open, it is small, or there is no time', async () => {
		for (const [order, open] of [
			['newest-first', [5000, 5000]],
			['oldest-first', [0, smallestSpanMs]],
			['none', [0, 24 * hourMs]],
		] as const) {
			assert.deepEqual((await search(order, [0], open)).asked, []);
		}
	});

	it('cuts at whole seconds', async () => {
		const {asked} = await search('newest-first', [hourMs], [123, hourMs + 777]);
		for (const [, to] of asked) assert.equal(to % 1000, 0);
	});
});
