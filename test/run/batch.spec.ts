import assert from 'node:assert/strict';
import fc from 'fast-check';
import {toBatch} from '../../lib/run/batch.ts';
import {OwnRecord} from '../../lib/model/own-record.ts';
import {Page} from '../../lib/model/page.ts';
import type {Batch} from '../../lib/sink/sink.ts';
import {factsOf, idsOf, pageOf} from '../support/pages.ts';

/** What a sink reads of each event. */
function linesOf({lines, ends}: Batch): string[] {
	return Array.from(ends, (end, index) => {
		assert.equal(lines[end - 1], 0x0a);
		return Buffer.from(lines.subarray(index === 0 ? 0 : ends[index - 1]!, end - 1)).toString();
	});
}

function withEvents(events: readonly unknown[]): Page {
	return pageOf(events.map((_, index) => `${index}`)).map((_, {id}) => events[Number(id)]);
}

const texts = [
	'{"n":9007199254740993,"f":1.0,"e":1E+2,"m":-0}',
	'{"twice":1,"twice":2}',
	'{"10":1,"2":2,"__proto__":{"x":1}}',
	'{"s":"\u2028\u2029é漢😀\\ud800\\/\\u0041"}',
	'{}',
];

describe('toBatch', () => {
	it('writes untouched records as their own text, byte for byte', () => {
		const page = pageOf(
			texts.map((text, index) => ({id: `${index}`, text: Buffer.from(text), value: JSON.parse(text)})),
		);
		const {batch, rejected} = toBatch(page);
		assert.deepEqual(linesOf(batch), texts);
		assert.equal(batch.lines.length, batch.ends.at(-1));
		assert.deepEqual(rejected, []);
		assert.deepEqual([batch.events, batch.records], [page.events, page.records]);
		const source = {name: 'some-source', tenant: 'some-tenant', ids: 'global'};
		assert.deepEqual(batch.source, {...source, unorderedLists: undefined});
		const sets = toBatch(pageOf([], {source: factsOf({unorderedLists: true})}));
		assert.deepEqual(sets.batch.source, {...source, unorderedLists: true});
	});

	it('parses no record for it, unless a sink asks for the events', () => {
		let parsed = 0;
		const records = ['a', 'b'].map(id => {
			const facts = {id, timeMs: 0, orderMs: 0, wholeSecond: false, text: Buffer.from(`{"id":"${id}"}`)};
			return new OwnRecord(facts, value => (parsed++, value));
		});
		const page = Page.of(
			{records, source: factsOf(), sequence: 0, position: null, bytes: 1},
			{taken() {}, nacked() {}},
		);
		const {batch} = toBatch(page.with({duplicates: 1}));
		assert.deepEqual(linesOf(batch), ['{"id":"a"}', '{"id":"b"}']);
		assert.equal(parsed, 0);
		assert.deepEqual(batch.events, [{id: 'a'}, {id: 'b'}]);
		assert.equal(batch.events[1], records[1]!.value, 'the parsed record itself');
	});

	it('keeps even bytes that are no UTF-8', () => {
		const text = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
		assert.deepEqual(
			Buffer.from(toBatch(pageOf([{id: 'a', text}])).batch.lines),
			Buffer.concat([text, Buffer.from('\n')]),
		);
	});

	it('writes what an operator made as JSON, even the same object', () => {
		const page = pageOf([{id: 'a', text: Buffer.from('{"f":1.0}'), value: {f: 1}}]);
		assert.deepEqual(linesOf(toBatch(page.map(event => event)).batch), ['{"f":1}']);
		const wrong = page.with({entries: [{event: {f: 1}, record: page.records[0]!}]});
		assert.deepEqual(linesOf(toBatch(wrong).batch), ['{"f":1}'], 'a page that says so wrongly');
	});

	it('says where each event ends, whatever is in it', () => {
		const event = fc.oneof(
			fc.jsonValue({stringUnit: 'binary'}),
			fc.string({unit: fc.constantFrom('a', '\n', '\u2028', 'é', '漢', '😀', '\ud800')}),
		);
		fc.assert(
			fc.property(fc.array(event, {maxLength: 8}), events => {
				const {batch, rejected} = toBatch(withEvents(events));
				const lines = linesOf(batch);
				assert.deepEqual(rejected, []);
				assert.deepEqual(
					lines,
					events.map(one => JSON.stringify(one)),
				);
				assert.equal(batch.lines.length, batch.ends.at(-1) ?? 0);
				assert.equal(Buffer.from(batch.lines).toString().split('\n').length, events.length + 1, 'one line each');
			}),
		);
	});

	it('takes out what has no JSON, and says why', () => {
		const cycle: {self?: unknown} = {};
		cycle.self = cycle;
		const events = [
			{ok: 1},
			{big: 1n},
			cycle,
			undefined,
			() => 1,
			Symbol('x'),
			{
				toJSON() {
					throw new Error('no');
				},
			},
			{toJSON: () => undefined},
			{ok: 'é'},
		];
		const page = withEvents(events);
		const {batch, rejected} = toBatch(page);
		assert.deepEqual(linesOf(batch), ['{"ok":1}', '{"ok":"é"}']);
		assert.deepEqual(batch.events, [events[0], events[8]]);
		assert.deepEqual(idsOf(batch), ['0', '8']);
		assert.deepEqual(
			rejected.map(({id, reason}) => `${id} ${reason.replace(/\n[^]*/, '')}`),
			[
				'1 cannot be written as JSON: Do not know how to serialize a BigInt',
				'2 cannot be written as JSON: Converting circular structure to JSON',
				'3 cannot be written as JSON: a value of type undefined has no JSON',
				'4 cannot be written as JSON: a value of type function has no JSON',
				'5 cannot be written as JSON: a value of type symbol has no JSON',
				'6 cannot be written as JSON: no',
				'7 cannot be written as JSON: a value of type object has no JSON',
			],
		);
		for (const {id, text} of rejected) assert.equal(text, page.records[Number(id)]!.text);
	});

	it('may be empty', () => {
		for (const page of [pageOf([]), withEvents([]), withEvents([1n])]) {
			const {batch} = toBatch(page);
			assert.deepEqual(
				[batch.lines.length, batch.ends.length, batch.events.length, batch.records.length],
				[0, 0, 0, 0],
			);
		}
	});
});
