import assert from 'node:assert/strict';
import fc from 'fast-check';
import {createByteWriter} from '../../lib/emulator/data/byte-writer.ts';
import {createRecordLog, indexBehind, type RecordLogOptions} from '../../lib/emulator/data/record-log.ts';
import {hole} from '../../lib/emulator/data/record-template.ts';

const options: RecordLogOptions<string> = {
	timeline: {events: 500, seed: 1, newestMs: 1e12, spacingMs: 500, bursts: {longSize: 40, longEvery: 100}},
	ids: true,
	twinPercent: 0,
	prettyPrint: false,
	recordOf: random => ({id: hole.id, time: hole.time, color: random.pick(['red', 'blue'])}),
	factsOf: record => (record as {color: string}).color,
	timeJson: timeMs => Buffer.from(String(timeMs)),
};
const texts = (log: ReturnType<typeof createRecordLog>) => Array.from(log.records(), ({text}) => text);

describe('emulator/record-log', () => {
	it('is the same for the same seed, newest first, ids rising as they were stored', () => {
		assert.deepEqual(texts(createRecordLog(options)), texts(createRecordLog(options)));
		const rows = createRecordLog(options).rows();
		assert.deepEqual([rows[0]?.id, rows.at(-1)?.id], [500, 1]);
		for (const [index, row] of rows.entries()) assert.equal(indexBehind(rows, row), index + 1);
	});

	it('selects within both bounds what holds', () => {
		const log = createRecordLog(options);
		fc.assert(
			fc.property(fc.integer({min: -1, max: 501}), fc.integer({min: 0, max: 501}), (first, last) => {
				const timeOf = (index: number) => log.rows()[index]?.timeMs ?? 1e12 - index * 500;
				const bounds = {from: timeOf(last), to: timeOf(first)};
				const expected = log.rows().filter(({timeMs}) => timeMs >= bounds.from && timeMs <= bounds.to);
				assert.deepEqual(log.select(bounds), expected);
				const red = expected.filter(row => row.shape().facts === 'red');
				assert.deepEqual(
					log.select(bounds, ({facts}) => facts === 'red'),
					red,
				);
			}),
		);
	});

	it('takes records of any time, and gives them the next id', () => {
		const log = createRecordLog(options);
		const [late, newest] = log.insert([{timeMs: 1e12 - 100_000}, {timeMs: 1e12 + 1, text: '{"odd": 1.0}'}]);
		assert.deepEqual([late?.id, newest?.id, newest?.text], ['501', '502', '{"odd": 1.0}']);
		log.add(1e12, {id: hole.id, color: 'green'});
		const rows = log.rows();
		assert.deepEqual(
			rows.slice(0, 3).map(({id}) => id),
			[502, 503, 500],
		);
		assert.equal(rows.length, 503);
		assert.ok(rows.every((row, index) => index === 0 || rows[index - 1]!.timeMs >= row.timeMs));
		assert.equal(log.select({}, ({facts}) => facts === 'green').length, 1);
	});

	it('makes a twin of a record that it gave', () => {
		const log = createRecordLog({...options, ids: false});
		const [first] = log.records();
		const [twin] = log.insert([first!]);
		assert.equal(twin?.text, first?.text);
		assert.deepEqual([first?.id, first?.rowId, twin?.rowId], [undefined, 500, 501]);
	});

	it('removes by record and by place', () => {
		const log = createRecordLog(options);
		const before = texts(log);
		const gone = log.remove((record, index) => index === 0 || record.id === '1');
		assert.deepEqual(
			gone.map(({text}) => text),
			[before[0], before.at(-1)],
		);
		assert.deepEqual(texts(log), before.slice(1, -1));
	});

	it('gives twins only within one millisecond', () => {
		const recordOf: typeof options.recordOf = random => ({time: hole.time, number: random.below(1e9)});
		const log = createRecordLog({...options, ids: false, twinPercent: 100, recordOf});
		const times = new Set(Array.from(log.records(), ({timeMs}) => timeMs));
		assert.ok(times.size < 320);
		assert.equal(new Set(texts(log)).size, times.size);
	});

	it('writes sets in the order that is drawn', () => {
		const log = createRecordLog({...options, reorder: () => [{other: hole.id}]});
		const writer = createByteWriter();
		const orders = [0, 1, 2].map(draw => {
			log.write(writer, log.rows()[0]!, draw);
			return writer.take().toString().slice(2, 4);
		});
		assert.deepEqual(orders, ['id', 'ot', 'id']);
	});
});
