import assert from 'node:assert/strict';
import fc from 'fast-check';
import {ConfigError} from '../../lib/model/errors.ts';
import {isoTime, parseSpan, parseTime, recordTime} from '../../lib/options/time.ts';

const nowMs = Date.parse('2026-11-21T20:40:30.500Z');
const noon = Date.parse('2026-08-01T12:00:00Z');
const instant = fc.date({min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true});

function assertRefused(read: () => unknown, ...parts: readonly string[]): void {
	assert.throws(read, error => {
		assert.ok(error instanceof ConfigError);
		for (const part of parts) assert.ok(error.message.includes(part), error.message);
		return true;
	});
}

describe('parseTime', () => {
	const spellings: readonly (readonly [text: string, timeMs: number])[] = [
		['2026-08-01', noon - 43_200_000],
		['2026-08-01T12:00Z', noon],
		['2026-08-01T12:00:00Z', noon],
		['2026-08-01T12:00:00', noon],
		['2026-08-01T12:00', noon],
		['2026-08-01T12:00:00.123', noon + 123],
		['2026-08-01T15:00:00+03:00', noon],
		['2026-08-01T15:00:00+0300', noon],
		['2026-08-01T07:00:00-0500', noon],
		[String(noon), noon],
		['1234567890', 1_234_567_890],
		[' 2026-08-01T12:00:00Z\n', noon],
		['24h', nowMs - 86_400_000],
		['1.5h', nowMs - 5_400_000],
		['30d', nowMs - 30 * 86_400_000],
		['90s', nowMs - 90_000],
		['15m', nowMs - 900_000],
		['2w', nowMs - 14 * 86_400_000],
		['9999w', 0],
	];
	for (const [text, timeMs] of spellings) {
		it(`reads ${JSON.stringify(text)}`, () => {
			assert.equal(parseTime(text, nowMs), timeMs);
		});
	}

	it('reads a time without a zone as UTC wherever it runs', () => {
		const zone = process.env['TZ'];
		process.env['TZ'] = 'Asia/Tokyo';
		try {
			assert.equal(parseTime('2026-08-01T12:00:00', nowMs), noon);
			assert.equal(parseTime('2026-08-01', nowMs), noon - 43_200_000);
		} finally {
			if (zone === undefined) delete process.env['TZ'];
			else process.env['TZ'] = zone;
		}
	});

	for (const text of [
		'',
		'yesterday',
		'24',
		'24 h',
		'-24h',
		'h',
		'2026',
		'2026-08',
		'2026-02-30',
		'2026-13-01',
		'2026-08-01 12:00',
		'2026-08-01T25:00Z',
		'2026-02-30T00:00:00Z',
		'March 7',
		'1e12',
		'99999999999999999999',
		'NaN',
		'١٢٣٤٥٦٧٨٩٠',
	]) {
		it(`refuses ${JSON.stringify(text)}`, () => {
			assertRefused(() => parseTime(text, nowMs), 'expected a time', `got ${JSON.stringify(text)}`);
		});
	}

	it('says what is wrong with a short number', () => {
		assertRefused(() => parseTime('20260801', nowMs), 'at least 10 digits');
	});
});

describe('parseSpan', () => {
	const spellings: readonly (readonly [text: string, ms: number])[] = [
		['0', 0],
		['0s', 0],
		['500ms', 500],
		['60m', 3_600_000],
		['1h', 3_600_000],
		['0.5s', 500],
		['2w', 1_209_600_000],
		[' 1d ', 86_400_000],
	];
	for (const [text, ms] of spellings) {
		it(`reads ${JSON.stringify(text)}`, () => {
			assert.equal(parseSpan(text), ms);
		});
	}

	for (const text of ['', '60', '-1h', '1 h', '1H', '1y', '1h30m', '.5h', 'Infinity', `${'9'.repeat(400)}w`]) {
		it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
			assertRefused(() => parseSpan(text), 'expected a span', 'got');
		});
	}

	it('asks for the unit of a bare number', () => {
		assertRefused(() => parseSpan('60'), 'add the unit');
	});
});

describe('isoTime', () => {
	it('writes what recordTime reads, to the millisecond', () => {
		fc.assert(
			fc.property(instant, date => {
				assert.deepEqual(recordTime(isoTime(date.getTime())!), {timeMs: date.getTime(), wholeSecond: false});
			}),
		);
	});

	it('writes what Date writes, whatever was written before', () => {
		const hourMs = 3_600_000;
		const near = fc.oneof(
			fc.integer({min: -2 * hourMs, max: 2 * hourMs}),
			fc.constantFrom(-hourMs, -1, 0, hourMs, 0.5),
		);
		fc.assert(
			fc.property(instant, fc.array(near, {minLength: 5, maxLength: 50}), (date, offsetsMs) => {
				const first = Math.floor(date.getTime() / hourMs) * hourMs;
				for (const offsetMs of offsetsMs) {
					const time = new Date(first + offsetMs).toISOString();
					assert.equal(isoTime(first + offsetMs), time.length === 24 ? time : undefined);
				}
			}),
		);
		assert.equal(isoTime(-0.5), new Date(-0.5).toISOString());
		assert.throws(() => isoTime(Number.NaN), RangeError);
	});

	it('gives nothing for years that have a sign', () => {
		const [first, last] = [Date.parse('0000-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];
		assert.equal(isoTime(first), '0000-01-01T00:00:00.000Z');
		assert.equal(isoTime(last), '9999-12-31T23:59:59.999Z');
		for (const timeMs of [first - 1, last + 1, -8.64e15, 8.64e15]) assert.equal(isoTime(timeMs), undefined);
	});
});

describe('recordTime', () => {
	it('reads what Date writes', () => {
		fc.assert(
			fc.property(instant, date => {
				assert.deepEqual(recordTime(date.toISOString()), {timeMs: date.getTime(), wholeSecond: false});
			}),
		);
	});

	it('reads any offset, with or without a colon', () => {
		const offset = fc.record({
			sign: fc.constantFrom(1, -1),
			hours: fc.nat(23),
			minutes: fc.nat(59),
			colon: fc.boolean(),
		});
		fc.assert(
			fc.property(instant, offset, (date, {sign, hours, minutes, colon}) => {
				const zone = [hours, minutes].map(part => String(part).padStart(2, '0')).join(colon ? ':' : '');
				const iso = date.toISOString().replace('Z', `${sign > 0 ? '+' : '-'}${zone}`);
				assert.equal(recordTime(iso)?.timeMs, date.getTime() - sign * (hours * 60 + minutes) * 60_000);
			}),
		);
	});

	it('knows whole seconds from fractions, and cuts digits beyond milliseconds off', () => {
		assert.deepEqual(recordTime('2026-08-01T12:00:00Z'), {timeMs: noon, wholeSecond: true});
		assert.deepEqual(recordTime('2026-08-01T12:00Z'), {timeMs: noon, wholeSecond: true});
		assert.deepEqual(recordTime('2026-08-01T12:00:00.000Z'), {timeMs: noon, wholeSecond: false});
		assert.deepEqual(recordTime('2026-08-01T12:00:00.1+0000'), {timeMs: noon + 100, wholeSecond: false});
		assert.deepEqual(recordTime('2026-08-01T12:00:00.123999999Z'), {timeMs: noon + 123, wholeSecond: false});
		assert.deepEqual(recordTime('1969-12-31T23:59:59.9999+0000'), {timeMs: -1, wholeSecond: false});
	});

	for (const text of [
		'',
		'March 7',
		'2026',
		'2026-08-01',
		'2026-08-01T12:00:00',
		'2026-08-01 12:00:00Z',
		'x2026-08-01T12:00:00Z',
		'2026-08-01T12:00:00Z\n',
		'2026-02-29T12:00:00Z',
		'2026-04-31T12:00:00.000+0300',
		'2026-13-01T12:00:00Z',
		'2026-08-01T12:60:00Z',
		'2026-08-01T12:00:00+99:00',
		'2026-08-01T12:00:00.Z',
		'1785585600000',
	]) {
		it(`refuses ${JSON.stringify(text)}`, () => {
			assert.equal(recordTime(text), undefined);
		});
	}

	it('takes the last day of every month, and no day behind it', () => {
		for (const year of [1900, 2000, 2024, 2026]) {
			for (let month = 1; month <= 12; month++) {
				const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
				const last = `${year}-${String(month).padStart(2, '0')}-`;
				assert.ok(recordTime(`${last}${days}T23:59:59.999Z`));
				assert.equal(recordTime(`${last}${days + 1}T00:00:00Z`), undefined);
			}
		}
	});
});
