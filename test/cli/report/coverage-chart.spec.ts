import assert from 'node:assert/strict';
import {type Coverage, coverageChart} from '../../../lib/cli/report/coverage-chart.ts';

const hour = 3_600_000;
const day = 24 * hour;
const begin = Date.UTC(2026, 0, 1);

const chartOf = (more: Partial<Coverage>) =>
	coverageChart([{source: 's:t', spans: [], days: {}, hours: new Map(), ...more}]).text;
const captionOf = (text: string) => /<figcaption>(.*?)<\/figcaption>/.exec(text)?.[1];
const rowsOf = (text: string) =>
	[...text.matchAll(/<tr><th scope="row">(.*?)<\/th><td>(.*?)<\/td>(?:<td>(.*?)<\/td>)?<\/tr>/g)].map(
		([, ...row]) => row,
	);

describe('the chart of coverage', () => {
	it('tells apart what was read, read with a filter, purged and never read, by mark too', () => {
		const text = chartOf({
			spans: [
				{fromMs: begin + 3 * hour, toMs: begin + 6 * hour, state: 'covered'},
				{fromMs: begin + 7 * hour, toMs: begin + 9 * hour, state: 'purged'},
				{fromMs: begin + 9 * hour, toMs: begin + 24 * hour, state: 'filtered'},
				{fromMs: begin + 5 * hour, toMs: begin + 6 * hour, state: 'purged'},
			],
			days: {'2026-01-01': 5},
			hours: new Map([[begin + 4 * hour, 5]]),
		});
		const counts =
			'3 not recorded, 3 read, 1 never read, 2 purged by the API before it was read, 15 read with a filter';
		assert.match(captionOf(text)!, new RegExp(`: hours: ${counts}$`));
		const marks = Object.fromEntries(
			[...text.matchAll(/class="mark (\w+)" d="([^"]*)"/g)].slice(3).map(([, name, path]) => [name, path!]),
		);
		assert.deepEqual(Object.keys(marks).sort(), ['filtered', 'never', 'purged']);
		assert.equal(marks['filtered']!.split('M').length - 1, 15);
		assert.deepEqual(rowsOf(text).slice(0, 3), [
			['2026-01-01 06:00:00', '2026-01-01 07:00:00', 'never read'],
			['2026-01-01 07:00:00', '2026-01-01 09:00:00', 'purged by the API before it was read'],
			['2026-01-01 09:00:00', '2026-01-02 00:00:00', 'read with a filter'],
		]);
	});

	it('is about the times that were asked for: what is missing of them is never read, what is outside is not drawn', () => {
		const spans = [{fromMs: begin - 48 * hour, toMs: begin + 12 * hour, state: 'covered' as const}];
		const between = {fromMs: begin, toMs: begin + 24 * hour};
		const text = chartOf({spans, days: {'2026-01-01': 5}, hours: new Map([[begin, 5]]), between});
		assert.match(captionOf(text)!, /from 2026-01-01 to 2026-01-01: hours: 12 read, 12 never read$/);
		assert.deepEqual(rowsOf(text)[0], ['2026-01-01 12:00:00', '2026-01-02 00:00:00', 'never read']);
	});

	it('says when the API deletes what is missing, and how far the archive was behind', () => {
		const spans = [
			{fromMs: begin, toMs: begin + 6 * hour, state: 'covered' as const},
			{fromMs: begin + 7 * hour, toMs: begin + 24 * hour, state: 'covered' as const},
		];
		const behindHours = new Map([[begin / (24 * hour), 31]]);
		const text = chartOf({spans, days: {}, hours: new Map(), keptMs: 240 * hour, behindHours});
		assert.match(text, /By its document the API deletes what came since from 2026-01-12 00:00:00 on\./);
		assert.match(text, /2026-01-01 07:00:00<.td><td>never read<.td><td>2026-01-11 06:00:00</);
		assert.match(text, /Hours that s:t was behind before a run, by day, from 2026-01-01 to 2026-01-01; at most 31/);
	});

	it('says of an hour that was read in part that it was not', () => {
		const spans = [{fromMs: begin, toMs: begin + 23.5 * hour, state: 'covered'} as const];
		assert.match(captionOf(chartOf({spans}))!, /: hours: 23 read, 1 never read$/);
	});

	it('joins spans that touch or overlap, in whatever order they come', () => {
		const spans = [
			{fromMs: begin + day, toMs: begin + 2 * day, state: 'covered'} as const,
			{fromMs: begin, toMs: begin + day, state: 'covered'} as const,
			{fromMs: begin + hour, toMs: begin + 30 * hour, state: 'filtered'} as const,
		];
		assert.match(chartOf({spans}), /<p>All from 2026-01-01 00:00:00 to 2026-01-03 00:00:00 was read\.<\/p>/);
	});

	it('claims nothing where nothing is recorded', () => {
		const text = chartOf({days: {'2026-01-01': 1, '2026-01-03': 2}});
		assert.match(text, /What was read is not recorded/);
		assert.match(captionOf(text)!, /: hours: 72 not recorded$/);
		assert.doesNotMatch(text.replace(/<ul.*?<\/ul>/s, ''), /never read<|class="mark/);
	});

	it('draws years by weekday, the latest only, and names months instead of days', () => {
		const days = Object.fromEntries(
			Array.from({length: 5000}, (_, at) => [new Date(begin - at * day).toISOString().slice(0, 10), 1]),
		);
		const text = chartOf({days});
		assert.equal(text.match(/<figure>/g)!.length, 15);
		assert.match(text, /s:t by day in 2025: days: 365 not recorded/);
		assert.deepEqual(rowsOf(text).at(-1)!.slice(0, 2), ['2026-01', '1']);
		const many = Array.from({length: 60}, (_, at) => ({source: `s:${at}`, spans: [], days, hours: new Map()}));
		const all = coverageChart(many).text;
		assert.ok(all.length < 1_000_000, String(all.length));
		assert.match(all, /36 sources more are not drawn/);
	});
});
