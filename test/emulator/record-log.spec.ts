import assert from 'node:assert/strict';
import fc from 'fast-check';
import {hole, raw} from '../../lib/emulator/data/json.ts';
import {createRecordLog, fillWith, indexBehind, type RecordLogOptions} from '../../lib/emulator/data/record-log.ts';
import {createTimeline} from '../../lib/emulator/data/timeline.ts';

const options: RecordLogOptions<string> = {
	timeline: {events: 500, seed: 1, newestMs: 1e12, spacingMs: 500, bursts: {longSize: 40, longEvery: 100}},
	twinPercent: 0,
	prettyPrint: false,
	recordOf: random => ({id: hole.id, time: hole.time, color: random.pick(['red', 'blue'])}),
	factsOf: record => (record as {color: string}).color,
	fill: fillWith(String),
};
const texts = (log: ReturnType<typeof createRecordLog>) => Array.from(log.records(), ({text}) => text);
const index = fc.integer({min: -1, max: 501});

describe('emulator/record-log', () => {
	it('is the same for the same seed, newest first, ids rising as they were stored', () => {
		assert.deepEqual(texts(createRecordLog(options)), texts(createRecordLog(options)));
		const rows = createRecordLog(options).rows();
		assert.deepEqual([rows[0]?.id, rows.at(-1)?.id], [500, 1]);
		for (const [place, row] of rows.entries()) assert.equal(indexBehind(rows, row), place + 1);
	});

	it('selects within both bounds, behind a place, what holds, so many', () => {
		const log = createRecordLog(options);
		const rows = log.rows();
		fc.assert(
			fc.property(index, index, fc.option(index), fc.nat(20), (first, last, place, count) => {
				const timeOf = (at: number) => rows[at]?.timeMs ?? 1e12 - at * 500;
				const behind = place === null ? undefined : rows[place];
				const bounds = {from: timeOf(last), to: timeOf(first), behind};
				const start = behind ? rows.indexOf(behind) + 1 : 0;
				const expected = rows.slice(start).filter(({timeMs}) => timeMs >= bounds.from && timeMs <= bounds.to);
				assert.deepEqual(log.select(bounds), expected);
				assert.deepEqual(log.select(bounds, undefined, count), expected.slice(0, count));
				const red = expected.filter(row => row.shape().facts === 'red');
				assert.deepEqual(
					log.select(bounds, ({facts}) => facts === 'red', count),
					red.slice(0, count),
				);
			}),
		);
	});

	it('takes records of any time, and gives them the next id', () => {
		const log = createRecordLog(options);
		const [late, newest] = log.insert([{timeMs: 1e12 - 100_000}, {timeMs: 1e12 + 1, text: '{"odd": 1.0}'}]);
		assert.deepEqual([late?.rowId, newest?.rowId, newest?.text], [501, 502, '{"odd": 1.0}']);
		log.add(1e12, {id: hole.id, color: 'green'});
		const rows = log.rows();
		assert.deepEqual(
			rows.slice(0, 3).map(({id}) => id),
			[502, 503, 500],
		);
		assert.ok(rows.every((row, at) => at === 0 || rows[at - 1]!.timeMs >= row.timeMs));
		assert.equal(log.select({}, ({facts}) => facts === 'green').length, 1);
	});

	it('makes a twin of a record that it gave', () => {
		const log = createRecordLog(options);
		const [first] = log.records();
		const [twin] = log.insert([first!]);
		assert.deepEqual([twin?.text, first?.rowId, twin?.rowId], [first?.text, 500, 501]);
	});

	it('removes by record and by place', () => {
		const log = createRecordLog(options);
		const before = texts(log);
		const gone = log.remove((record, at) => at === 0 || record.rowId === 1);
		assert.deepEqual(
			gone.map(({text}) => text),
			[before[0], before.at(-1)],
		);
		assert.deepEqual(texts(log), before.slice(1, -1));
	});

	it('gives twins only within one millisecond', () => {
		const recordOf: typeof options.recordOf = random => ({time: hole.time, number: random.below(1e9)});
		const log = createRecordLog({...options, twinPercent: 100, recordOf});
		const times = new Set(Array.from(log.records(), ({timeMs}) => timeMs));
		assert.ok(times.size < 320);
		assert.equal(new Set(texts(log)).size, times.size);
	});

	it('writes variants, and JSON that no value could be', () => {
		const log = createRecordLog({
			...options,
			recordOf: () => ({a: raw('{"x":1.0,"x":"\\\\"}')}),
			variantsOf: () => [{}],
		});
		const written = [0, 1, 2].map(variant => log.textOf(log.rows()[0]!, variant));
		assert.deepEqual(written, ['{"a":{"x":1.0,"x":"\\\\"}}', '{}', '{"a":{"x":1.0,"x":"\\\\"}}']);
	});
});

const plain = {events: 1000, seed: 1, newestMs: Date.UTC(2026, 0, 31), spacingMs: 60_000, bursts: {}};

describe('emulator/timeline', () => {
	it('never rises, begins at the newest and keeps the mean distance', () => {
		fc.assert(
			fc.property(
				fc.nat(1000),
				fc.constantFrom(0, 0.5, 1, 3, 1000, 60_000),
				fc.record({perThousand: fc.nat(100), longSize: fc.nat(50), longEvery: fc.nat(500)}),
				(seed, spacingMs, bursts) => {
					const {timeMsOf} = createTimeline({...plain, seed, spacingMs, bursts});
					assert.equal(timeMsOf(0), plain.newestMs);
					for (let at = 1; at < 1000; at++) assert.ok(timeMsOf(at) <= timeMsOf(at - 1), String(at));
					assert.ok(plain.newestMs - timeMsOf(999) <= 1000 * spacingMs + 1);
					assert.ok(plain.newestMs - timeMsOf(999) >= 850 * spacingMs - 2);
				},
			),
			{numRuns: 50},
		);
	});

	it('has times without milliseconds, short bursts, and long ones that are larger than a page, or no bursts', () => {
		const sizesOf = (bursts: object) => {
			const {timeMsOf} = createTimeline({...plain, events: 20_000, bursts});
			const sizes = new Map<number, number>();
			for (let at = 0; at < 20_000; at++) sizes.set(timeMsOf(at), (sizes.get(timeMsOf(at)) ?? 0) + 1);
			return sizes;
		};
		const sizes = sizesOf({});
		const bursts = [...sizes.values()].filter(size => size > 1);
		assert.deepEqual(
			bursts.filter(size => size > 5),
			[250, 250],
		);
		assert.ok(bursts.length > 60 && bursts.length < 90, String(bursts.length));
		const whole = [...sizes.keys()].filter(timeMs => timeMs % 1000 === 0);
		assert.ok(whole.length > 1000 && whole.length < 4000, String(whole.length));
		assert.equal(sizesOf({perThousand: 0, longSize: 0}).size, 20_000);
	});
});
