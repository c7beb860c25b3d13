import assert from 'node:assert/strict';
import fc from 'fast-check';
import {canonical, canonicalNumber, fold, valueFinder} from '../../lib/redaction/value-finder.ts';

/** The text with brackets around what is found. */
function marked(text: string, ...values: string[]): string {
	let shown = '';
	let at = 0;
	for (const {start, end} of valueFinder(values).find(text)) {
		shown += `${text.slice(at, start)}<${text.slice(start, end)}>`;
		at = end;
	}
	return shown + text.slice(at);
}

describe('valueFinder', () => {
	for (const [text, values, expected] of [
		['Ann', ['Ann'], '<Ann>'],
		['Ann met Anna, Joann and (Ann)', ['Ann'], '<Ann> met Anna, Joann and (<Ann>)'],
		['1 10 21 1.5 x1 v_1', ['1'], '<1> 10 21 <1>.5 x1 v_1'],
		['Ann Lee and Ann', ['Ann', 'Ann Lee'], '<Ann Lee> and <Ann>'],
		['Ann Lees', ['Ann', 'Ann Lee'], '<Ann> Lees'],
		['ann ANN', ['Ann'], 'ann ANN'],
		['ANN@Acme.COM', ['ann@acme.com'], '<ANN@Acme.COM>'],
		['to joann@acme.com and ann@acme.com.', ['ann@acme.com'], 'to joann@acme.com and <ann@acme.com>.'],
		['?u=ann%40acme.com&v', ['ann@acme.com'], '?u=<ann%40acme.com>&v'],
		['%3Fu%3Dann%40ACME.com%26', ['ann@acme.com'], '%3Fu%3D<ann%40ACME.com>%26'],
		['Zo%C3%AB%20Lee zo%c3%ab Zo%c3%ab+Lee', ['Zoë Lee'], '<Zo%C3%AB%20Lee> zo%c3%ab <Zo%c3%ab+Lee>'],
		['Zoë Zoës Zoë\u0301', ['Zoë'], '<Zoë> Zoës Zoë\u0301'],
		['田中さんがログイン', ['田中'], '<田中>さんがログイン'],
		['Jose\u0301 Jos\u00e9', ['Jos\u00e9'], '<Jose\u0301> <Jos\u00e9>'],
		['Jose\u0301 Jos\u00e9', ['Jose\u0301'], '<Jose\u0301> <Jos\u00e9>'],
		['A\u200bnn', ['Ann'], '<A\u200bnn>'],
		['Ann A\u200bnn', ['A\u200bnn'], '<Ann> <A\u200bnn>'],
		['O&#39;Hara, O%2527Hara', ["O'Hara"], '<O&#39;Hara>, <O%2527Hara>'],
		['x Ann  y', [' Ann '], 'x< Ann > y'],
		['x,Ann,y', [' Ann '], 'x,<Ann>,y'],
		['x (Ann) (Anna)', ['(Ann)'], 'x <(Ann)> (Anna)'],
		['a-b - c', ['-'], 'a-b - c'],
		['-', ['-'], '<->'],
		['', [''], ''],
		['a b', ['', ' '], 'a b'],
		['a\ud800b', ['a\ufffdb'], '<a\ud800b>'],
		['x a\ud800b', ['a\ufffdb'], 'x <a\ud800b>'],
		['AnnAnn Ann', ['Ann'], 'AnnAnn <Ann>'],
		['constructor __proto__', ['__proto__'], 'constructor <__proto__>'],
	] as const) {
		it(`${JSON.stringify(values)} in ${JSON.stringify(text)}`, () => assert.equal(marked(text, ...values), expected));
	}

	it('finds the same however many values there are', () => {
		const others = Array.from({length: 50}, (_, index) => `other ${index}`);
		fc.assert(
			fc.property(
				fc.array(fc.constantFrom('Ann', 'Lee', 'ann@acme.com', ' ', '-', '%40', 'é', '田', '\ud800')),
				parts => {
					const text = parts.join('');
					const values = ['Ann', 'Ann Lee', 'ann@acme.com', 'é', '田'];
					assert.equal(marked(text, ...values, ...others), marked(text, ...values));
				},
			),
		);
	});

	it('finds every planted value between what is no part of a word', () => {
		const value = fc.string({unit: 'binary'}).filter(text => /[\p{L}\p{N}]/u.test(text) && !text.includes('\0'));
		fc.assert(
			fc.property(value, fc.array(fc.string({unit: 'binary'})), (planted, others) => {
				const text = [...others, planted, ...others].join('\0');
				const left = others.join('\0').length + (others.length > 0 ? 1 : 0);
				const found = valueFinder([planted]).find(text);
				assert.ok(
					found.some(({start, end}) => start === left && end === left + planted.length),
					JSON.stringify(text),
				);
			}),
		);
	});

	it('knows a number by its digits, and by what they stand for', () => {
		const {findNumber} = valueFinder(['7', '9007199254740993', '1.5']);
		assert.deepEqual(['7', '7.0', '70e-1', '1.50', '9007199254740993'].map(findNumber), [
			'7',
			'7',
			'7',
			'1.5',
			'9007199254740993',
		]);
		assert.deepEqual(['70', '1', '9007199254740992'].map(findNumber), [undefined, undefined, undefined]);
		assert.equal(valueFinder(['9007199254740992']).findNumber('9007199254740993'), '9007199254740992');
	});

	it('says which texts are values', () => {
		const {has, size} = valueFinder(['Ann@x', 'b']);
		assert.equal(size, 3, 'an address, as it is and as in URLs, and a text');
		assert.deepEqual(['ann@X', 'b', 'B', ''].map(has), [true, true, false, false]);
		assert.equal(valueFinder([]).size, 0);
	});

	it('finds what is very long where it is all of a text', () => {
		const long = 'Ann '.repeat(20_000);
		assert.equal(valueFinder([long]).find(long).length, 1);
		assert.equal(valueFinder([long]).find(`by ${long}`).length, 0);
	});

	it('takes time by the length of the text, not by the number of values', () => {
		const values = Array.from({length: 20_000}, (_, index) => `User ${index}`);
		const started = process.cpuUsage();
		assert.equal(valueFinder(values).find(values.join(', ')).length, values.length);
		const alike = Array.from({length: 200}, (_, index) => `${'a '.repeat(index + 1)}c`);
		assert.deepEqual(valueFinder(alike).find('a '.repeat(500_000)), []);
		assert.ok(process.cpuUsage(started).user < 10_000_000);
	});
});

describe('canonical forms', () => {
	it('are one for all spellings', () => {
		assert.equal(canonical(' Ann@ACME.com '), 'ann@acme.com');
		assert.equal(canonical(' Ann '), 'Ann');
		assert.equal(canonical('Jose\u0301'), 'Jos\u00e9');
		assert.equal(canonicalNumber('1.0'), '1');
		assert.equal(canonicalNumber('9007199254740993'), '9007199254740993');
	});

	it('keep all offsets', () => {
		fc.assert(fc.property(fc.string({unit: 'binary'}), text => fold(text).length === text.length));
		assert.equal(fold('İÀÉ'), 'İàé');
	});
});
