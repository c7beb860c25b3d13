import assert from 'node:assert/strict';
import {z} from 'zod';
import {
	basicOptions,
	httpOptions,
	parseRate,
	scanOptions,
	tokenOption,
	wholeJsonNumber,
	wholeNumber,
} from '../../lib/options/options.ts';

const shapes = {...tokenOption, ...basicOptions, ...scanOptions, ...httpOptions};
const schema = z.object(shapes);

function accepts(option: keyof typeof shapes, value: unknown): boolean {
	return schema.safeParse({[option]: value}).success;
}

function assertTakes(option: keyof typeof shapes, good: readonly unknown[], bad: readonly unknown[]): void {
	for (const value of good) assert.ok(accepts(option, value), `${option}: ${String(value)}`);
	for (const value of bad) assert.ok(!accepts(option, value), `${option}: ${String(value)}`);
}

describe('options', () => {
	it('each have a description and a canonical name', () => {
		for (const [name, option] of Object.entries(shapes)) {
			assert.match(name, /^[a-z][A-Za-z]+$/);
			assert.ok((option.description ?? '').length > 10, name);
		}
	});

	it('mark what is secret, and only that', () => {
		const secrets = Object.entries(shapes).filter(([, option]) => option.meta()?.['secret'] === true);
		assert.deepEqual(
			secrets.map(([name]) => name),
			['token', 'password'],
		);
	});

	it('have the defaults of the contract', () => {
		assert.deepEqual(schema.parse({}), {
			overlap: '60m',
			maxWait: '1h',
			timeoutMs: 60_000,
			idleTimeoutMs: 20_000,
			maxAttempts: 6,
			retryBaseMs: 500,
			retryMaxMs: 30_000,
			maxBodyBytes: 33_554_432,
			maxEventBytes: 16_777_216,
		});
	});

	it('take times and spans as text, as a command line gives them, and as a program has them', () => {
		assertTakes('since', ['24h', '2026-08-01', 1785542400000, new Date(0)], [true, null, {}, new Date(Number.NaN)]);
		assertTakes('overlap', ['60m', '0', 0, 5], [-1, null, Number.NaN, Infinity, new Date()]);
	});

	it('take a secret as text or from a function, never empty', () => {
		assertTakes('token', ['x', () => 'x', undefined], ['', 5, null, {}]);
		assertTakes('password', ['x', async () => 'x'], ['']);
		assertTakes('username', ['x'], ['', 5]);
	});

	it('take a page size from 1 to 10,000', () => {
		assertTakes(
			'pageSize',
			[1, '1', 10_000, '10000', undefined],
			[0, '0', 10_001, 1.5, '1.5', '', ' 5', '1e3', -1, '5x'],
		);
		assert.equal(schema.parse({pageSize: '500'}).pageSize, 500);
	});

	it('take a rate or off', () => {
		assertTakes(
			'rate',
			['10/min', '1/s', '2/sec', '500/h', '9/hour', 'off'],
			['0/min', '10', '/min', '10/day', '10 / min', 10],
		);
	});
});

describe('wholeNumber', () => {
	it('says in one sentence what it expects', () => {
		for (const value of ['x', 4, 9, 5.5, Number.NaN, null, '99999999999999999999']) {
			const {error} = wholeNumber(5, 8).safeParse(value);
			assert.equal(error?.issues[0]?.message, 'expected a whole number from 5 to 8', String(value));
		}
		assert.equal(wholeNumber(5, 8).parse('007'), 7);
	});
});

describe('wholeJsonNumber', () => {
	it('takes no text for a number', () => {
		for (const value of ['7', 4, 9, 5.5, null]) {
			const {error} = wholeJsonNumber(5, 8).safeParse(value);
			assert.equal(error?.issues[0]?.message, 'expected a whole number from 5 to 8', String(value));
		}
		assert.equal(wholeJsonNumber(5, 8).parse(7), 7);
	});
});

describe('parseRate', () => {
	it('is requests per milliseconds', () => {
		assert.deepEqual(['10/min', '2/s', '2/sec', '500/h', '1/hour', 'off'].map(parseRate), [
			{requests: 10, perMs: 60_000},
			{requests: 2, perMs: 1000},
			{requests: 2, perMs: 1000},
			{requests: 500, perMs: 3_600_000},
			{requests: 1, perMs: 3_600_000},
			undefined,
		]);
	});
});
