import assert from 'node:assert/strict';
import fc from 'fast-check';
import {patternFinder, type RedactPattern} from '../../lib/redaction/pattern-finder.ts';

function found(pattern: RedactPattern, text: string): string[] {
	return patternFinder(pattern)
		.find(text)
		.map(({start, end}) => text.slice(start, end));
}

describe('patternFinder', () => {
	for (const [text, ...expected] of [
		['ann@acme.com', 'ann@acme.com'],
		["Write to Ann.O'Hara+x@mail.acme.co.uk, or <bob_1@x.io>.", "Ann.O'Hara+x@mail.acme.co.uk", 'bob_1@x.io'],
		["'ann@acme.com' -bob@acme.com", 'ann@acme.com', 'bob@acme.com'],
		['mailto:ann@acme.com?u=x%3Dann%2Bx%40acme.com%26', 'ann@acme.com', 'ann%2Bx%40acme.com'],
		['zoë@bücher.example', 'zoë@bücher.example'],
		['a@b@acme.com', 'a@b@acme.com'],
		['lodash@4.17.1 @ann ann@ @acme.com %40x.com'],
		['%41@acme.com', '%41@acme.com'],
		['ann@localhost, root@10.0.0.1 and root@[10.0.0.1].', 'ann@localhost', 'root@10.0.0.1', 'root@[10.0.0.1]'],
		['by "ann lee"@acme.com', '"ann lee"@acme.com'],
		["o!brien@acme.com [~ann@acme.com] '#x@acme.com'", 'o!brien@acme.com', 'ann@acme.com', 'x@acme.com'],
		['x%253Dann%252540acme.com%2526', 'ann%252540acme.com'],
		[
			'<a>ann&#64;acme&period;com</a> &#x62;ob&amp;commat;acme.com',
			'ann&#64;acme&period;com',
			'&#x62;ob&amp;commat;acme.com',
		],
		['ann@\u200bacme.\u00adcom', 'ann@\u200bacme.\u00adcom'],
	] as const) {
		it(`sees e-mail addresses in ${text}`, () => assert.deepEqual(found('email', text), expected));
	}

	for (const [text, ...expected] of [
		['10.0.0.1', '10.0.0.1'],
		['203.0.113.5, 192.168.22.33:443.', '203.0.113.5', '192.168.22.33'],
		['?ip=10.0.0.1&x%3D10.0.0.2 ip_10.0.0.3', '10.0.0.1', '10.0.0.2', '10.0.0.3'],
		['1.2.3 1.2.3.4.5 256.1.1.1 v1.2.3.4 12:30:00 2026-01-02T03:04:05.006Z 00:1b:44:11:3a:b7'],
		['2001:DB8::1', '2001:DB8::1'],
		['[2001:db8::1]:443 fe80::1%eth0, ::1. ::ffff:10.0.0.1', '2001:db8::1', 'fe80::1%eth0', '::1', '::ffff:10.0.0.1'],
		['1:2:3:4:5:6:7:8 and source:1:2:3:4:5:6:7:8: yes', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
		['?ip=2001%3Adb8%3A%3A1&v4=10%2E0%252E0.1 10.0.0&#46;7', '2001%3Adb8%3A%3A1', '10%2E0%252E0.1', '10.0.0&#46;7'],
		['fe80::1%25eth0 10.\u200b0.0.1', 'fe80::1%25eth0', '10.\u200b0.0.1'],
		['std::vector d::e a::b :: x::y 12:30:00:5'],
	] as const) {
		it(`sees IP addresses in ${text}`, () => {
			const spans = patternFinder('ip')
				.find(text)
				.toSorted((a, b) => a.start - b.start)
				.filter(({start, end}, _, all) => !all.some(other => other.start < start && other.end >= end));
			assert.deepEqual(
				spans.map(({start, end}) => text.slice(start, end)),
				expected,
			);
		});
	}

	it('gives one value for all spellings', () => {
		const [plain, encoded] = patternFinder('email').find('Ann+x@acme.com ann%2Bx%40ACME.com');
		assert.equal(plain!.value, encoded!.value);
		const [upper, lower] = patternFinder('ip').find('2001:DB8::1 2001:db8::1');
		assert.equal(upper!.value, lower!.value);
	});

	it('keeps no state of an expression, and finds nothing empty', () => {
		const pattern = /\d+|x*/gy;
		pattern.lastIndex = 5;
		const finder = patternFinder(pattern);
		for (let time = 0; time < 2; time++) {
			assert.deepEqual(
				finder.find('a 12 b 3').map(({value}) => value),
				['12', '3'],
			);
		}
		assert.equal(pattern.lastIndex, 5);
		assert.deepEqual(found(/ANN/i, 'ann Ann'), ['ann', 'Ann']);
	});

	it('asks nothing of an expression but what it says', () => {
		class Odd extends RegExp {
			override exec(): never {
				throw new Error('odd');
			}
		}
		assert.deepEqual(found(new Odd('a'), 'xa'), ['a']);
	});

	it('rules out no JSON text that holds one, escaped or not', () => {
		const planted = fc.oneof(
			fc.tuple(
				fc.constant('email' as const),
				fc.constantFrom('ann@acme.com', 'ann%40acme.com', 'ann%2540acme.com', 'ann&#64;acme.com', 'ann&amp;commat;x'),
			),
			fc.tuple(
				fc.constant('ip' as const),
				fc.constantFrom('10%2e0.0.1', '10.0.\u200b0.1', '%31.0.0.1', '10&period;0.0.1', '1%253A2:3:4:5:6:7:8'),
			),
			fc.tuple(
				fc.constant('ip' as const),
				fc.oneof(
					fc.ipV4(),
					fc.ipV6().filter(ip => /\d/.test(ip)),
				),
			),
		);
		const escape = (text: string, every: number) =>
			[...text]
				.map((char, at) => (at % every ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`))
				.join('');
		fc.assert(
			fc.property(planted, fc.integer({min: 1, max: 9}), ([pattern, text], every) => {
				const {mayBeIn, find} = patternFinder(pattern);
				fc.pre(find(` ${text} `).length > 0);
				assert.ok(mayBeIn(`{"a":"${text}"}`), text);
				assert.ok(mayBeIn(`{"a":"${escape(text, every)}"}`), text);
			}),
		);
		assert.ok(!patternFinder('ip').mayBeIn('{"time":"2026-01-02T03:04:05.006Z"}'));
		assert.ok(!patternFinder('email').mayBeIn('{"a":"b"}'));
	});

	it('sees every address that stands alone', () => {
		fc.assert(fc.property(fc.ipV4(), ip => found('ip', `from ${ip}, to`).includes(ip)));
		fc.assert(
			fc.property(
				fc.ipV6().filter(ip => /\d/.test(ip)),
				ip => {
					const spans = patternFinder('ip').find(`from ${ip}, to`);
					assert.ok(
						spans.some(({start, end}) => start <= 5 && end >= 5 + ip.length),
						ip,
					);
				},
			),
		);
	});

	for (const [what, pattern, text] of [
		['signs', 'email', '@'.repeat(1_000_000)],
		['letters', 'email', `${'a'.repeat(1_000_000)}@`],
		['escapes', 'email', `${'%2B'.repeat(300_000)}%40`],
		['escaped escapes', 'email', `%${'25'.repeat(500_000)}&${'amp;'.repeat(250_000)}`],
		['quotes', 'email', '"@'.repeat(500_000)],
		['labels', 'email', `a@${'b.'.repeat(500_000)}`],
		['colons', 'ip', ':'.repeat(1_000_000)],
		['hex digits', 'ip', `::${'a'.repeat(1_000_000)}`],
		['groups', 'ip', '1:'.repeat(500_000)],
		['numbers', 'ip', '1.'.repeat(500_000)],
	] as const) {
		it(`takes time by the length of the text: ${what}`, () => {
			const started = process.cpuUsage();
			patternFinder(pattern).find(text);
			assert.ok(process.cpuUsage(started).user < 5_000_000);
		});
	}

	it('takes time linear in the text, whatever the text and the expression', () => {
		// a hundred thousand times as long as a backtracking engine could take
		const signs = '1@'.repeat(300_000);
		assert.deepEqual(found('email', signs), []);
		assert.deepEqual(found('email', `${signs}10.0.0.1`), ['1@10.0.0.1']);
		assert.deepEqual(found('email', `"${'a@'.repeat(100_000)}`).length, 1);
		assert.deepEqual(found(/(a*)*b/, 'a'.repeat(50_000)), []);
		assert.deepEqual(found(/(x+x+)+y/i, `${'X'.repeat(50_000)}y`).length, 1);
	});

	it('refuses an expression that cannot be run in linear time, and says so', () => {
		for (const pattern of [/(?<=a)b/, /(?!x)y/, /(a)\1/]) {
			assert.throws(() => patternFinder(pattern), {name: 'ConfigError', message: /linear time, without lookaround/});
		}
	});
});
