import assert from 'node:assert/strict';
import fc from 'fast-check';
import {valueFinder} from '../../lib/redaction/values.ts';

function shown(values: readonly string[], text: string): string {
	const spans = valueFinder(values)?.(text) ?? [];
	return spans.reduceRight((left, {start, end}) => `${left.slice(0, start)}*${left.slice(end)}`, text);
}

describe('valueFinder', () => {
	for (const [values, text, expected] of [
		[['Ann'], 'Ann, ANN and "ann" met Anna, Joann, Ann_1 and ann.', '*, * and "*" met Anna, Joann, Ann_1 and *.'],
		[['Ann Lee', 'Ann'], 'Ann Lee, Ann  Lee, Ann', '*, *  Lee, *'],
		[['a b c', 'b'], 'a b d', 'a * d'],
		[[' Zoë  '], 'by Zoë', 'by *'],
		[['Δημήτρης Παππάς', '田中'], 'Δημήτρης Παππάς と田中太郎', '* と*太郎'],
		[['ann.lee+x@acme.io'], '<Ann.Lee+X@acme.io>', '<*>'],
		[['7'], '7 70 1.7 x7', '* 70 1.* x7'],
		[['-', '', ' ', '"'], '- " -', '- " -'],
		[['İ'], 'x İ', 'x *'],
		[['x '.repeat(100)], 'x '.repeat(100), '*'],
		[['x '.repeat(100)], `y ${'x '.repeat(100)}`, `y ${'x '.repeat(100)}`],
		[['__proto__', 'constructor'], 'a __proto__ toString', 'a * toString'],
	] as const) {
		it(`of ${values.join().slice(0, 40)} leaves ${expected.slice(0, 60)}`, () => {
			assert.equal(shown(values, text), expected);
		});
	}

	it('finds every value that stands alone', () => {
		const value = fc.string({unit: fc.constantFrom('a', 'B', 'é', '漢', ' ', '.', '@', '7')}).map(text => text.trim());
		fc.assert(
			fc.property(fc.array(value, {minLength: 1, maxLength: 5}), values => {
				for (const one of values.filter(text => /[\p{L}\p{N}]/u.test(text))) {
					const [span] = valueFinder(values)!(`"${one}"`);
					assert.ok(span && span.start <= 1 && span.end >= 1 + one.length, one);
				}
			}),
		);
	});

	it('takes time by the length of the text, whatever the values', () => {
		const started = process.cpuUsage();
		const run = 'a '.repeat(500_000);
		const many = Array.from({length: 64}, (_, length) => `${'a '.repeat(length)}b`);
		for (const values of [[run], many, [`${'a '.repeat(31)}b`, 'a '.repeat(32)]]) valueFinder(values)!(run);
		assert.ok(process.cpuUsage(started).user < 10_000_000);
	});
});
