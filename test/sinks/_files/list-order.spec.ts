import assert from 'node:assert/strict';
import fc from 'fast-check';
import {differInOrderOnly} from '../../../sinks/_files/list-order.ts';

const same = (one: string, other: string, own = other) =>
	differInOrderOnly(Buffer.from(one), Buffer.from(other), Buffer.from(own));

type Value = null | boolean | number | string | Value[] | {[key: string]: Value};

/** Few different values, so that two of them are often equal but for their order. */
const {value} = fc.letrec<{value: Value}>(tie => ({
	value: fc.oneof(
		{maxDepth: 4, withCrossShrink: true},
		fc.constantFrom<Value>(null, true, 0, 10, '', ',', '[', '"]', '\\', 'é', '[0,10]'),
		fc.array(tie('value'), {maxLength: 4}),
		fc.dictionary(fc.constantFrom('a', 'b', '{', '__proto__'), tie('value'), {maxKeys: 3}),
	),
}));

/** The same value with each of its lists in an order that is drawn. */
function shuffled(given: Value, draw: () => number): Value {
	if (typeof given !== 'object' || given === null) return given;
	if (!Array.isArray(given)) {
		return Object.fromEntries(Object.entries(given).map(([key, member]) => [key, shuffled(member, draw)]));
	}
	const drawn = given.map(item => ({rank: draw(), item: shuffled(item, draw)}));
	return drawn.sort((a, b) => a.rank - b.rank).map(({item}) => item);
}

/** Both sorted by their parsed values: what the comparison does without parsing. */
function sorted(given: Value): Value {
	if (typeof given !== 'object' || given === null) return given;
	if (!Array.isArray(given)) {
		return Object.fromEntries(Object.entries(given).map(([key, member]) => [key, sorted(member)]));
	}
	return given.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

describe('differInOrderOnly', () => {
	it('is true for every order of the lists, of the own text within a record too', () => {
		fc.assert(
			fc.property(value, fc.infiniteStream(fc.nat()), fc.constantFrom('', ' ', '\t'), (given, draws, space) => {
				const other = shuffled(given, () => draws.next().value as number);
				const [one, two] = [JSON.stringify(given), JSON.stringify(other, null, space)];
				assert.ok(same(one, two), two);
				const common = (text: string, lists: Value) => JSON.stringify({id: 1, lists, deep: [{raw: text}]});
				assert.ok(same(common(one, given), common(JSON.stringify(other), other), JSON.stringify(other)));
			}),
			{numRuns: 500},
		);
	});

	it('is true for nothing else', () => {
		let equal = 0;
		fc.assert(
			fc.property(value, value, (one, other) => {
				const expected = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
				if (expected) equal++;
				assert.equal(same(JSON.stringify(one), JSON.stringify(other)), expected);
				const common = (given: Value) => JSON.stringify({id: 1, raw: JSON.stringify(given)});
				assert.equal(same(common(one), common(other), JSON.stringify(other)), expected);
			}),
			{numRuns: 2000},
		);
		assert.ok(equal > 20, `${equal} pairs were equal`);
	});

	it('takes numbers and members as they are written', () => {
		for (const [one, other] of [
			['[9007199254740993]', '[9007199254740992]'],
			['[1.0]', '[1]'],
			['{"a":1,"a":2}', '{"a":3,"a":2}'],
			['{"a":1,"a":2}', '{"a":2,"a":1}'],
			['["\\u0041"]', '["A"]'],
		] as const) {
			assert.ok(!same(one, other), `${one} and ${other}`);
			const common = (text: string) => JSON.stringify({raw: text});
			assert.ok(!same(common(one), common(other), other), `${one} and ${other} as raw`);
		}
	});

	it('opens no string but the own text', () => {
		const record = (list: string) => JSON.stringify({value: list});
		assert.ok(!same(record('[1,2]'), record('[2,1]')));
		assert.ok(same(record('[1,2]'), record('[2,1]'), '[2,1]'));
	});

	it('is false where one is not JSON in UTF-8', () => {
		for (const text of ['', '[1,2', '1]', '"', '"\\', '{]', '\ufeff[2,1]', 'own']) {
			assert.ok(!same(text, text), text);
			assert.ok(!same(text, '[2,1]'), text);
			assert.ok(same('[1,2]', '[2,1]', text), `own text ${text}`);
		}
		const bytes = (byte: number) => Buffer.from([0x22, byte, 0x22]);
		assert.ok(!differInOrderOnly(bytes(0xfe), bytes(0xff), bytes(0xff)));
	});

	it('takes texts of any length and depth', () => {
		const long = JSON.stringify('"\n'.repeat(1_000_000));
		assert.ok(same(`[1,${long}]`, `[${long},1]`));
		const depth = 20_000;
		const nested = (before: string, behind: string) => `[${before}`.repeat(depth) + '0' + `${behind}]`.repeat(depth);
		assert.ok(same(nested('1,', ''), nested('', ',1')));
		assert.ok(!same(nested('1,', ''), nested('', ',2')));
	});
});
