import assert from 'node:assert/strict';
import fc from 'fast-check';
import {SourceError} from '../lib/errors.ts';
import {parseAnswer, readRecords} from '../lib/records.ts';

interface Row {
	readonly id?: unknown;
	readonly at?: unknown;
}

const facts = {
	name: 'some-source',
	records: 'data',
	id: ({id}: Row) => id,
	time: ({at: time}: Row) => time,
};
const at = '2026-01-02T03:04:05.678Z';

function read(body: string | Buffer, maxEventBytes = 1000) {
	return readRecords(facts, parseAnswer(Buffer.from(body), 'data'), maxEventBytes);
}

function readOne(record: unknown) {
	return read(JSON.stringify({data: [record]}));
}

describe('parseAnswer', () => {
	it('gives what JSON.parse gives, record by record, and the rest with an empty list', () => {
		const layout = fc.constantFrom(undefined, 2, '\t');
		fc.assert(
			fc.property(
				fc.array(fc.jsonValue()),
				fc.dictionary(fc.string(), fc.jsonValue()),
				layout,
				(data, rest, indent) => {
					const body = JSON.stringify({...rest, data}, undefined, indent);
					const {envelope, records} = parseAnswer(Buffer.from(body), 'data');
					const whole = JSON.parse(body) as Record<string, unknown>;
					assert.deepEqual(envelope, {...whole, data: []});
					assert.deepEqual(
						records!.map(({value}) => value),
						whole['data'],
					);
					for (const {text, raw, value} of records!) {
						assert.equal(text.toString(), raw);
						assert.doesNotMatch(raw, /[\r\n]/);
						assert.deepEqual(JSON.parse(raw), value);
					}
				},
			),
		);
	});

	it('throws exactly where JSON.parse throws', () => {
		const body = '{"a":[1,{"b":"\\u00e9"}],"data":[{"id":"1","n":-1.5e3},[true,null],"x"],"z":{}}';
		const edit = fc.record({
			from: fc.nat(body.length),
			count: fc.nat(3),
			put: fc.string({unit: fc.constantFrom(...'{}[]",:\\ n1'), maxLength: 3}),
		});
		fc.assert(
			fc.property(edit, ({from, count, put}) => {
				const broken = body.slice(0, from) + put + body.slice(from + count);
				const parses = (parse: () => unknown) => {
					try {
						parse();
						return true;
					} catch {
						return false;
					}
				};
				const ours = parses(() => parseAnswer(Buffer.from(broken), 'data'));
				assert.equal(
					ours,
					parses(() => JSON.parse(broken)),
					broken,
				);
			}),
			{numRuns: 3000},
		);
	});
});

describe('readRecords', () => {
	it('gives each record with id, time and its own text', () => {
		const texts = [`{"id":"a","at":"${at}","n":1.0}`, `{"id":7,"at":"2026-01-02T03:04:05Z"}`];
		const {events, records, rejected} = read(`{"data":[${texts.join(' , ')}]}`);
		assert.deepEqual(rejected, []);
		assert.deepEqual(
			events,
			texts.map(text => JSON.parse(text)),
		);
		assert.deepEqual(
			records.map(({id, timeMs, orderMs, wholeSecond, raw}) => [id, timeMs, orderMs, wholeSecond, raw]),
			[
				['a', Date.parse(at), Date.parse(at), false, texts[0]],
				['7', Date.parse(at) - 678, Date.parse(at) - 678, true, texts[1]],
			],
		);
		for (const [index, {text, value}] of records.entries()) {
			assert.equal(Buffer.from(text).toString(), texts[index]);
			assert.equal(value, events[index]);
		}
	});

	it('takes a number for epoch milliseconds', () => {
		const {records} = read('{"data":[{"id":"a","at":1000},{"id":"b","at":1000.9}]}');
		assert.deepEqual(
			records.map(({timeMs, orderMs, wholeSecond}) => [timeMs, orderMs, wholeSecond]),
			[
				[1000, 1000, false],
				[1000, 1000, false],
			],
		);
	});

	it('rejects a record that cannot be told from others or placed in time, and takes the rest', () => {
		const bad: [record: unknown, reason: RegExp][] = [
			[{at}, /^the record has no id$/],
			[{id: '', at}, /no id/],
			[{id: null, at}, /no id/],
			[{id: {}, at}, /no id/],
			[{id: 2 ** 53, at}, /beyond 2\^53/],
			[{id: 'a'}, /time cannot be read: undefined/],
			[{id: 'a', at: 'March 7'}, /time cannot be read: "March 7"/],
			[{id: 'a', at: 8.64e15 + 2}, /time cannot be read: 8640000000000002/],
			[{id: 'a', at: true}, /time cannot be read: true/],
			[{id: 'a', at: '2026-02-30T00:00:00Z'}, /time cannot be read/],
			['text', /not an object/],
			[null, /not an object/],
			[[], /no id/],
			[{id: 'a', at, pad: 'x'.repeat(1000)}, /has 10\d\d bytes, more than maxEventBytes \(1000\)/],
		];
		const good = {id: 'good', at};
		const {events, records, rejected} = readOne(good);
		assert.deepEqual([events.length, records.length, rejected.length], [1, 1, 0]);

		const all = read(JSON.stringify({data: [good, ...bad.map(([record]) => record), good]}));
		assert.deepEqual(
			all.records.map(({id}) => id),
			['good', 'good'],
		);
		assert.equal(all.rejected.length, bad.length);
		for (const [index, {reason, text}] of all.rejected.entries()) {
			assert.match(reason, bad[index]![1]);
			assert.equal(Buffer.from(text).toString(), JSON.stringify(bad[index]![0]));
		}
	});

	it('rejects a record at which the source’s own functions fail', () => {
		const {rejected} = readRecords(
			{...facts, id: ({id}: Row) => (id as {deep: string}).deep},
			parseAnswer(Buffer.from('{"data":[{}]}'), 'data'),
			1000,
		);
		assert.equal(rejected.length, 1);
	});

	it('changes no prototype', () => {
		const {records} = read(`{"data":[{"id":"a","at":"${at}","__proto__":{"polluted":true}}]}`);
		assert.equal(records.length, 1);
		assert.equal(({} as {polluted?: boolean}).polluted, undefined);
		assert.equal(Object.getPrototypeOf(records[0]!.value), Object.prototype);
	});

	it('is an error where there is no such list, never an empty page', () => {
		const odd = [
			'{}',
			'{"data":null}',
			'{"data":{}}',
			'{"data":"[]"}',
			'null',
			'[]',
			'5',
			'"data"',
			'{"items":[],"total":0}',
		];
		for (const body of odd) {
			assert.throws(
				() => read(body),
				(error: unknown) => {
					assert.ok(error instanceof SourceError);
					assert.equal(error.code, 'BAD_BODY');
					assert.match(error.message, /^some-source: expected an answer with a list "data", got /);
					return true;
				},
				body,
			);
		}
		assert.deepEqual(read('{"data":[]}').records, []);
	});
});
