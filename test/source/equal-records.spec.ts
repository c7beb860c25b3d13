import assert from 'node:assert/strict';
import fc from 'fast-check';
import {type EqualRecords, numberEquals} from '../../lib/source/equal-records.ts';
import {type SourceRecord, withNumber} from '../../lib/model/page.ts';
import {recordOf} from '../support/pages.ts';

const record = (id: string, timeMs: number) => recordOf({id, timeMs});

/** Newest first, few contents, many to a millisecond. */
const log = fc
	.array(fc.record({id: fc.constantFrom('a', 'b', '__proto__', '1'), step: fc.constantFrom(0, 0, 0, 1)}), {
		maxLength: 40,
	})
	.map(rows => {
		let ms = 1000;
		return rows.map(({id, step}) => record(id, (ms -= step)));
	});

/** The ids, read in pages; what is carried from one to the next goes through JSON. */
function idsInPages(records: readonly SourceRecord[], sizes: readonly number[], before?: EqualRecords): string[] {
	const ids: string[] = [];
	let last = before;
	for (let at = 0, page = 0; at < records.length; page++) {
		const size = sizes[page % sizes.length]!;
		const numbered = numberEquals(records.slice(at, at + size), last);
		ids.push(...numbered.records.map(({id}) => id));
		last = numbered.last && (JSON.parse(JSON.stringify(numbered.last)) as EqualRecords);
		at += size;
	}
	return ids;
}

const sizes = fc.array(fc.integer({min: 1, max: 7}), {minLength: 1, maxLength: 5});

describe('numberEquals', () => {
	it('numbers the equal ones of a millisecond', () => {
		const rows = [record('a', 9), record('b', 9), record('a', 9), record('a', 8), record('a', 8), record('a', 8)];
		const {records, last} = numberEquals(rows);
		assert.deepEqual(
			records.map(({id}) => id),
			['a', 'b', 'a-2', 'a', 'a-2', 'a-3'],
		);
		assert.deepEqual(last, {ms: 8, counts: {a: 3}});
		assert.equal(records[0], rows[0], 'one that needs no number is left alone');
		assert.deepEqual(records[2], {...rows[2], id: 'a-2'});
	});

	it('makes every record of a millisecond another one, as many as there are', () => {
		fc.assert(
			fc.property(log, sizes, (records, sizes) => {
				const ids = idsInPages(records, sizes);
				const places = ids.map((id, index) => `${records[index]!.timeMs} ${id}`);
				assert.equal(new Set(places).size, records.length);
			}),
		);
	});

	it('gives the same ids whatever the pages, and when it begins again with any millisecond', () => {
		fc.assert(
			fc.property(log, sizes, sizes, fc.nat(), (records, sizes, otherSizes, pick) => {
				const ids = idsInPages(records, sizes);
				assert.deepEqual(ids, idsInPages(records, otherSizes));
				const ms = records[pick % Math.max(1, records.length)]?.timeMs;
				const first = Math.max(
					0,
					records.findIndex(({timeMs}) => timeMs === ms),
				);
				assert.deepEqual(ids.slice(first), idsInPages(records.slice(first), otherSizes));
			}),
		);
	});

	it('carries its count over an empty page, and has none before the first record', () => {
		const before = {ms: 9, counts: {a: 1}};
		assert.deepEqual(numberEquals([], before), {records: [], last: before});
		assert.deepEqual(numberEquals([]), {records: [], last: undefined});
		assert.equal(numberEquals([record('a', 9)], before).records[0]!.id, 'a-2');
		assert.equal(numberEquals([record('a', 8)], before).records[0]!.id, 'a');
	});

	it('goes by what the API sorts by', () => {
		const rows = [recordOf({id: 'a', timeMs: 5, orderMs: 9}), recordOf({id: 'a', timeMs: 5, orderMs: 8})];
		assert.deepEqual(
			numberEquals(rows).records.map(({id}) => id),
			['a', 'a'],
		);
	});
});

describe('withNumber', () => {
	it('puts the number behind the id, from the second one on', () => {
		assert.deepEqual(
			[1, 2, 12].map(count => withNumber(record('a', 1), count).id),
			['a', 'a-2', 'a-12'],
		);
	});
});
