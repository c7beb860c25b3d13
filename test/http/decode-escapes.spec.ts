import assert from 'node:assert/strict';
import {decodeEscapes} from '../../lib/http/decode-escapes.ts';

const spelled: Readonly<Record<string, string>> = {
	'&#x2B;&#x2f&#X3D;': '+/=',
	'&#43;&#047;&#61': '+/=',
	'&plus;&sol;&equals;&AMP;&nosuch;': '+/=&&nosuch;',
	'%2B%2f%C3%A9': '+/é',
	'%252B%25252B': '++',
	'&amp;#x2B;': '+',
	'%26%23x2B%3B': '+',
	'\\u002b\\\\u002B\\u{2b}%u002b': '++++',
	'\\x41\\n\\/\\"': 'A\n/"',
	'100 % of a&b \\': '100 % of a&b ',
	'&#x110000;&#9999999;': '&#x110000;&#9999999;',
};

describe('decodeEscapes', () => {
	for (const [text, expected] of Object.entries(spelled)) {
		it(`reads ${JSON.stringify(text)}`, () => assert.equal(decodeEscapes(text), expected));
	}

	it('gives up where there is no end to the escapes', () => {
		assert.equal(decodeEscapes(`%${'25'.repeat(100)}41`), undefined);
	});

	it('takes time in proportion to the text, whatever the text', () => {
		const startMs = performance.now();
		for (const unit of ['\\', '&', '&#', '&#x0', '&#00', '%', '%25', '\\u', '\\u{0', '&a', '&amp;']) {
			decodeEscapes(unit.repeat(100_000));
		}
		assert.ok(performance.now() - startMs < 10_000);
	});
});
