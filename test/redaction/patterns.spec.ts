import assert from 'node:assert/strict';
import fc from 'fast-check';
import {type RedactPattern, replacePatterns} from '../../lib/redaction/patterns.ts';

const both: readonly RedactPattern[] = ['email', 'ip'];

function shown(patterns: readonly RedactPattern[], text: string): string {
	const values: string[] = [];
	const left = replacePatterns(patterns, value => `*${values.push(value)}*`)(text);
	// not before: what stands for a value must not show it, or it would be found in the decoded text
	return left.replace(/\*(\d+)\*/g, (_, place: string) => `<${values[Number(place) - 1]}>`);
}

describe('replacePatterns', () => {
	for (const [text, expected = text] of [
		['ann@acme.com', '<ann@acme.com>'],
		["To Ann.O'Hara+x@mail.acme.co.uk, or (bob_1@x.io).", "To <Ann.O'Hara+x@mail.acme.co.uk>, or (<bob_1@x.io>)."],
		["'ann@acme.com' -bob@acme.com", "'<ann@acme.com>' -<bob@acme.com>"],
		['zoë@bücher.example a@b@acme.com', '<zoë@bücher.example> <a@b@acme.com>'],
		['“ann@acme.com”、😀@acme.com', '“<ann@acme.com>”、<😀@acme.com>'],
		['lodash@4.17.1 @ann ann@ @ @acme.com ""@ %40x.com'],
		['ann@localhost, root@10.0.0.1 root@[10.0.0.1].', '<ann@localhost>, <root@10.0.0.1> <root@[10.0.0.1]>.'],
		['by "ann lee"@acme.com', 'by <"ann lee"@acme.com>'],
		["o!brien@acme.com [~ann@acme.com] '#x@acme.com'", "<o!brien@acme.com> [~<ann@acme.com>] '#<x@acme.com>'"],
		['10.0.0.1', '<10.0.0.1>'],
		['203.0.113.5, 192.168.22.33:443.', '<203.0.113.5>, <192.168.22.33>:443.'],
		['?ip=10.0.0.1&ip_10.0.0.3', '?ip=<10.0.0.1>&ip_<10.0.0.3>'],
		['1.2.3 1.2.3.4.5 256.1.1.1 v1.2.3.4 12:30:00 2026-01-02T03:04:05.006Z 00:1b:44:11:3a:b7'],
		[
			'[2001:DB8::1]:443 fe80::1%eth0, ::1. ::ffff:10.0.0.1',
			'[<2001:DB8::1>]:443 <fe80::1%eth0>, <::1>. <::ffff:10.0.0.1>',
		],
		['1:2:3:4:5:6:7:8 and source:1:2:3:4:5:6:7:8: yes', '<1:2:3:4:5:6:7:8> and source:<1:2:3:4:5:6:7:8>: yes'],
		['std::vector d::e a::b :: x::y 12:30:00:5'],
	] as const) {
		it(`sees addresses in ${text}`, () => assert.equal(shown(both, text), expected));
	}

	for (const [text, expected] of [
		['mailto:ann@acme.com?u=x%3Dbob%2Bx%40acme.com%26', 'mailto:<ann@acme.com>?u=x=<bob+x@acme.com>&'],
		['x%253Dann%252540acme.com%2526', 'x=<ann@acme.com>&'],
		['<a>ann&#64;acme&period;com</a> &#x62;ob&amp;commat;acme.com', '<a><ann@acme.com></a> <bob@acme.com>'],
		['ann@\u200bacme.\u00adcom 10.\u200b0.0.1', '<ann@\u200bacme.\u00adcom> <10.0.0.1>'],
		['{"a":"{\\"b\\":\\"ann\\\\u0040acme.com\\"}"}', '{"a":"{"b":"<ann@acme.com>"}"}'],
		['?ip=2001%3Adb8%3A%3A1&v4=10%2E0%252E0.1 10.0.0&#46;7', '?ip=<2001:db8::1>&v4=<10.0.0.1> <10.0.0.7>'],
		[`%${'25'.repeat(100)}40`, `<%${'25'.repeat(100)}40>`],
	] as const) {
		it(`sees addresses behind the escapes of ${text.slice(0, 60)}`, () => assert.equal(shown(both, text), expected));
	}

	it('leaves escapes as they are where no address is behind them', () => {
		for (const text of ['C:\\temp a%20b &amp; 👩\u200d💻', 'a%40 \\u0040 &#64;']) assert.equal(shown(both, text), text);
		assert.equal(shown([/b/], 'a%20b'), 'a%20<b>');
	});

	it('takes matches that overlap for one', () => {
		assert.equal(shown([/b.d/, 'email', /x\.i+/], 'ab@bcd.x.io!'), '<ab@bcd.x.io>!');
		assert.equal(shown([/bc/, /abcd/, /de/], 'abcde f'), '<abcde> f');
	});

	it('keeps no state of an expression, finds nothing empty, and asks nothing of it but what it says', () => {
		class Odd extends RegExp {
			override exec(): never {
				throw new Error('odd');
			}
		}
		const pattern = /\d+|x*/gy;
		pattern.lastIndex = 5;
		const replaced = replacePatterns([pattern, /ANN/i, new Odd('q')], () => '*');
		for (let time = 0; time < 2; time++) assert.equal(replaced('a 12 b 3 ann Ann q'), 'a * b * * * *');
		assert.equal(pattern.lastIndex, 5);
	});

	it('sees every address that stands alone, escaped or not', () => {
		const address = fc.oneof(
			fc.ipV4(),
			fc.ipV6().filter(ip => /\d/.test(ip)),
			fc.constantFrom('ann@acme.com', "O'Hara+x@mail.acme.co.uk", 'zoë@bücher.example'),
		);
		const unit = (char: string) => char.charCodeAt(0).toString(16).padStart(4, '0');
		const ways: readonly ((text: string) => string)[] = [
			text => text,
			text => encodeURIComponent(encodeURIComponent(text)),
			text => text.replace(/[^\w]/gu, char => `&#${char.codePointAt(0)};`),
			text => JSON.stringify(JSON.stringify({text})),
			text => text.replace(/[^]/g, char => `\\u${unit(char)}`),
		];
		fc.assert(
			fc.property(address, fc.constantFrom(...ways), (text, write) => {
				const left = replacePatterns(both, () => '*')(`from ${write(text)}, to`);
				assert.equal(left.replace(/[^ *,a-z]|text/g, ''), 'from *, to', left);
			}),
		);
	});

	for (const [what, text] of [
		['signs', '@'.repeat(1_000_000)],
		['letters', `${'a'.repeat(1_000_000)}@`],
		['addresses', '1@'.repeat(1_000_000)],
		['dots', `a@${'.'.repeat(1_000_000)}b`],
		['escapes', `${'%2B'.repeat(300_000)}%40`],
		['escaped escapes', `%${'25'.repeat(500_000)}&${'amp;'.repeat(250_000)}`],
		['quotes', '"@'.repeat(500_000)],
		['labels', `a@${'b.'.repeat(500_000)}`],
		['colons', ':'.repeat(1_000_000)],
		['hex digits', `::${'a'.repeat(1_000_000)}`],
		['groups', '1:'.repeat(500_000)],
		['numbers', '1.'.repeat(500_000)],
	] as const) {
		it(`takes time by the length of the text: ${what}`, () => {
			const started = process.cpuUsage();
			shown(both, text);
			assert.ok(process.cpuUsage(started).user < 5_000_000);
		});
	}

	it('runs any expression in linear time, or refuses it and says so', () => {
		// a hundred thousand times as long as a backtracking engine could take
		const run = 'x'.repeat(50_000);
		assert.equal(shown([/(x*)*b/], run), run);
		assert.equal(shown([/(x+x+)+y/i], `${run.toUpperCase()}y`), `<${run.toUpperCase()}y>`);
		for (const pattern of [/(?<=a)b/, /(?!x)y/, /(a)\1/]) {
			assert.throws(() => shown([pattern], ''), {name: 'ConfigError', message: /linear time, without lookaround/});
		}
	});
});
