import assert from 'node:assert/strict';
import fc from 'fast-check';
import {OtherAnswer, UnreadableBody} from '../../lib/http/unreadable.ts';
import {parseAnswer, type ParsedRecord, readRecords} from '../../lib/source/records.ts';

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
	return readRecords(facts, parseAnswer(Buffer.from(body), 'data', {maxEventBytes}).records);
}

function readOne(record: unknown) {
	return read(JSON.stringify({data: [record]}));
}

describe('parseAnswer', () => {
	it('refuses a list beside which the API says that something went wrong', () => {
		for (const rest of [{errors: [{code: 'ADMIN-500-1'}]}, {errors: {code: 'x'}}, {errorMessages: ['half of it']}]) {
			assert.throws(() => read(JSON.stringify({data: [{id: 'a', at}], ...rest})), OtherAnswer);
		}
		assert.equal(read(JSON.stringify({data: [{id: 'a', at}], errors: [], errorMessages: null})).records.length, 1);
	});

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
					const sound = records.filter((record): record is ParsedRecord => !('flaw' in record));
					assert.deepEqual(
						sound.map(({value}) => value),
						whole['data'],
					);
					for (const {text, raw, value} of sound) {
						assert.equal(text.toString(), raw);
						assert.doesNotMatch(raw, /[\r\n]/);
						assert.deepEqual(JSON.parse(raw), value);
					}
				},
			),
		);
	});

	it('throws or finds a flaw exactly where JSON.parse throws', () => {
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
				const ours = parses(() => {
					const {records} = parseAnswer(Buffer.from(broken), 'data');
					assert.ok(records.every(record => !('flaw' in record)));
				});
				const {data} = ours || parses(() => JSON.parse(broken)) ? (JSON.parse(broken) as {data?: unknown}) : {data: []};
				assert.equal(ours, parses(() => JSON.parse(broken)) && Array.isArray(data), broken);
			}),
			{numRuns: 3000},
		);
	});
});

describe('readRecords', () => {
	it('gives each record with id, time and its own text', () => {
		const texts = [`{"id":"a","at":"${at}","n":1.0}`, `{"id":7,"at":"2026-01-02T03:04:05Z"}`];
		const {records, rejected} = read(`{"data":[${texts.join(' , ')}]}`);
		assert.deepEqual(rejected, []);
		assert.deepEqual(
			records.map(({value}) => value),
			texts.map(text => JSON.parse(text)),
		);
		assert.deepEqual(
			records.map(({id, timeMs, orderMs, wholeSecond, raw}) => [id, timeMs, orderMs, wholeSecond, raw]),
			[
				['a', Date.parse(at), Date.parse(at), false, texts[0]],
				['7', Date.parse(at) - 678, Date.parse(at) - 678, true, texts[1]],
			],
		);
		for (const [index, {text}] of records.entries()) assert.equal(Buffer.from(text).toString(), texts[index]);
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

	it('rejects seconds in place of milliseconds, which would lie in 1970', () => {
		const read = (time: number) =>
			readRecords({...facts, time: () => time}, parseAnswer(Buffer.from('{"data":[{"id":1}]}'), 'data').records);
		assert.match(read(1_790_000_000).rejected[0]!.reason, /seconds, not milliseconds: 1790000000/);
		for (const time of [0, 5000, 1_790_000_000_000]) assert.equal(read(time).records[0]!.timeMs, time);
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
		const {records, rejected} = readOne(good);
		assert.deepEqual([records.length, rejected.length], [1, 0]);

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
			parseAnswer(Buffer.from('{"data":[{}]}'), 'data').records,
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
				(error: unknown) => error instanceof OtherAnswer && error.message.startsWith('without the list "data": it '),
				body,
			);
		}
		assert.deepEqual(read('{"data":[]}').records, []);
	});
});

describe('an answer with a flaw', () => {
	it('is refused as a whole where more than 1,000 of its records have one', () => {
		const list = (flawed: number) => `{"data":[{}${',{"a":nope}'.repeat(flawed)},{}]}`;
		assert.equal(parseAnswer(Buffer.from(list(1000)), 'data').records.length, 1002);
		assert.throws(() => parseAnswer(Buffer.from(list(1001)), 'data'), {
			name: 'Error',
			constructor: UnreadableBody,
			message: /^more than 1000 of its records cannot be parsed, the last one so: the record is not JSON/,
		});
	});

	const flaws: readonly (readonly [what: string, text: string | Buffer, reason: RegExp])[] = [
		['a raw control character', '{"id":"b","m":"x\u000b"}', /^the record is not JSON: Bad control character/],
		['a raw NUL', '{"id":"b","m":"\0"}', /^the record is not JSON: Bad control character/],
		['a raw line feed', '{"id":"b","m":"\n"}', /^the record is not JSON: Bad control character/],
		['NaN', '{"id":"b","n":NaN}', /^the record is not JSON: Unexpected token 'N'$/],
		['an unknown escape', String.raw`{"id":"b","m":"\x41"}`, /^the record is not JSON: Bad escaped character/],
		['bytes that are no text', Buffer.from('{"id":"b","m":"\xe4"}', 'latin1'), /^the record is not UTF-8$/],
		['too much nesting', `{"id":"b","m":${'['.repeat(2000)}${']'.repeat(2000)}}`, /^the record is nested too deeply$/],
		['too much of it', `{"id":"b","m":"${'x'.repeat(5000)}"}`, /^the record has \d+ bytes, more than maxEventBytes/],
	];
	const good = (id: string) => JSON.stringify({id, at});
	for (const [what, text, reason] of flaws) {
		it(`loses that record alone, and keeps its bytes: ${what}`, () => {
			const bytes = Buffer.from(text);
			const body = Buffer.concat([Buffer.from(`{"data":[${good('a')},`), bytes, Buffer.from(`,${good('c')}],"n":1}`)]);
			const {records, rejected} = read(body, 4500);
			assert.deepEqual(
				records.map(({id}) => id),
				['a', 'c'],
			);
			assert.equal(rejected.length, 1);
			assert.match(rejected[0]!.reason, reason);
			assert.ok(bytes.equals(rejected[0]!.text), 'byte for byte');
		});
	}

	it('takes half of a pair for what it is when it is escaped', () => {
		const {records} = read(`{"data":[{"id":"a","at":"${at}","m":"\\ud800"}]}`);
		assert.match(records[0]!.raw!, /"\\ud800"/);
	});

	it('is refused as a whole where nothing says that it is UTF-8, and the byte is named', () => {
		const body = Buffer.from(`{"data":[${good('a')},{"id":"b","m":"Zo\xeb"}]}`, 'latin1');
		assert.throws(
			() => parseAnswer(body, 'data', {isAnnounced: false}),
			(error: unknown) =>
				error instanceof UnreadableBody && error.message.includes(`not UTF-8 at byte ${body.indexOf(0xeb)} (0xeb)`),
		);
	});

	it('is refused as a whole where it cannot be told where its records end', () => {
		for (const body of [`{"data":[${good('a')},{"id":"b`, `{"data":[${good('a')}],"n":NaN}`, `{"data":[${good('a')}`]) {
			assert.throws(() => read(body), SyntaxError);
		}
	});

	it('is no list where it should be one', () => {
		assert.deepEqual(parseAnswer(Buffer.from('[{"id":1}]')).envelope, []);
		for (const [body, message] of [
			['{"message":"Not now"}', /^without the list: the API says "Not now"$/],
			['{"data":[]}', /^without the list: it has the members data$/],
			['null', /^without the list: it is null$/],
			['[1]]', /JSON/],
			['[1', /JSON/],
		] as const) {
			assert.throws(() => parseAnswer(Buffer.from(body)), {message}, body);
		}
	});

	it('has its own words, where it has no records', () => {
		for (const [body, words] of [
			[{errorMessages: ['You are not an administrator'], errors: {}}, 'You are not an administrator'],
			[{message: 'Plan too small', statusCode: 1}, 'Plan too small'],
			[{errors: [{title: 'Bad', detail: 'No such cursor'}]}, 'Bad; No such cursor'],
			[{error: 'invalid_scope', error_description: 'ask for another'}, 'invalid_scope; ask for another'],
		] as const) {
			assert.throws(() => read(JSON.stringify(body)), {message: `without the list "data": the API says "${words}"`});
		}
	});

	it('is too large with more records, or more beside them, than any API gives', () => {
		const many = `{"data":[${'{},'.repeat(100_000)}{}]}`;
		assert.throws(() => read(many), /the answer holds more than 100000 records/);
		assert.equal(read(many.replace('{},', '')).rejected.length, 100_000);
		assert.throws(() => read(`{"data":[],"x":"${'x'.repeat(5_000_000)}"}`), /more than \d+ bytes beside its records/);
	});
});
