import assert from 'node:assert/strict';
import {leastFlags, requiredFlags, sourceOptions} from '../../../lib/cli/flags/source-options.ts';
import source from '../../../sources/atlassian-org-events.ts';
import jira from '../../../sources/jira-cloud.ts';
import {z} from 'zod';
import {assertRefused, commandLine, idsIn} from '../../support/command-line.ts';

const env = {RXAUDIT_TOKEN: 'S3CR3T', RXAUDIT_USERNAME: 'me', RXAUDIT_PASSWORD: 'pw'};

describe('requiredFlags', () => {
	it('are those without a default', () => {
		assert.deepEqual(requiredFlags(source as never), ['org-id']);
	});
});

describe('leastFlags', () => {
	it('are the required ones, and the address where there is no default', () => {
		assert.deepEqual(leastFlags(source as never), ['org-id']);
		assert.deepEqual(leastFlags(jira as never), ['endpoint']);
		assert.deepEqual(leastFlags({options: z.object({}), endpoint: undefined}), [], 'of no API');
	});
});

describe('sourceOptions', () => {
	const options = (values: Record<string, string | string[]>) => sourceOptions(source as never, values, env);

	it('are what the source takes, under its names', () => {
		assert.deepEqual(options({'org-id': 'o', 'page-size': '5', actor: ['a', 'b'], format: 'raw'}), {
			orgId: 'o',
			pageSize: '5',
			actor: ['a', 'b'],
			token: 'S3CR3T',
		});
	});

	for (const [values, message] of [
		[{'org-id': ''}, '--org-id: expected the organization id, got nothing'],
		[{'org-id': '..'}, '--org-id: expected letters, digits and - _ . ~, got ".."'],
		[{'page-size': '0'}, '--page-size: expected a whole number from 1 to 10000, got 0'],
		[{'page-size': '10001'}, '--page-size: expected a whole number from 1 to 10000, got 10001'],
		[{'page-size': 'all'}, '--page-size: expected a whole number from 1 to 10000, got "all"'],
		[{rate: '10'}, '--rate: expected N/min, N/s, N/h or off, got "10"'],
		[{overlap: '3'}, '--overlap: expected a span such as 60m, 24h or 500ms, got "3": add the unit'],
		[{'max-wait': 'x'}, /^--max-wait: expected a span .* got "x"/],
		[{since: 'yesterday'}, /^--since: expected a time such as .* got "yesterday": check its spelling$/],
		[{since: '2026'}, /^--since: expected .* got "2026": epoch milliseconds have at least 10 digits$/],
		[{until: '2026-02-30'}, /^--until: expected a time/],
		[
			{since: '2026-02-01', until: '2026-02-01'},
			/expected since before until, got since 2026-02-01T00:00:00.000Z and until/,
		],
		[{'page-size': '0', rate: '1'}, /^--page-size: expected .*; --rate: expected /],
		[
			{endpoint: 'http://example.com'},
			/^--endpoint: expected https:\/\/ \(plain http only to loopback\), got http:\/\/example.com/,
		],
		[{endpoint: 'ftp://example.com'}, /^--endpoint: expected https:\/\//],
		[{endpoint: 'example.com'}, /^--endpoint: expected a URL like https:\/\/host\/prefix, got "example.com"$/],
	] as const) {
		it(`refuse ${JSON.stringify(values)}`, () => {
			assert.throws(() => options({'org-id': 'o', ...values} as Record<string, string>), {
				name: 'ConfigError',
				message,
			});
		});
	}

	it('refuse to do without what is required', () => {
		assert.throws(() => options({}), {message: '--org-id: expected the organization id, got nothing'});
	});

	it('refuse a URL with a password without showing it', () => {
		assert.throws(
			() => options({'org-id': 'o', endpoint: 'https://me:S3CR3T@example.com'}),
			({message}: Error) => message.startsWith('--endpoint: expected no credentials') && !message.includes('S3CR3T'),
		);
	});
});

describe('the options of a pull', () => {
	const {pull, emulator} = commandLine();
	const iso = (ms: number) => new Date(ms).toISOString();
	const timesMs = () => Array.from(emulator().events(), ({timeMs}) => timeMs);

	it('bound it: since inclusive, until exclusive, in every spelling', async () => {
		const [, , until, , since] = timesMs();
		const expected = Array.from(emulator().events())
			.filter(({timeMs}) => timeMs >= since! && timeMs < until!)
			.map(({id}) => id);
		assert(expected.length > 0);
		for (const [from, to] of [
			[iso(since!), iso(until!)],
			[String(since), String(until)],
			[iso(since!).replace('Z', '+00:00'), iso(until!).replace('Z', '')],
		] as const) {
			const {code, stdout, stderr} = await pull(['--since', from, '--until', to]);
			assert.equal(code, 0, stderr);
			assert.deepEqual(idsIn(stdout), expected);
		}
		assert.deepEqual(idsIn((await pull(['--since', '1h'])).stdout), [], 'a span back from now');
	});

	it('are sent as they are given', async () => {
		for (const size of ['1', '10000'])
			assert.equal((await pull(['--page-size', size, '--actor', 'a', '--actor', 'b'])).code, 0);
		const queries = emulator().requests.map(({url}) => new URL(url, 'http://localhost').searchParams);
		assert.deepEqual(
			queries.map(query => query.get('limit')),
			['1', '10000'],
		);
		assert.deepEqual(
			queries.map(query => query.getAll('actor')),
			[
				['a', 'b'],
				['a', 'b'],
			],
		);
	});

	it('are kept: --rate', async () => {
		const {code, stderr} = await pull(['--page-size', '20', '--rate', '2/s']);
		assert.equal(code, 0);
		assert.match(stderr, /3 requests .*waited \d\.\d s for quota/);
		assert(emulator().maxInWindow(950) <= 2);
	});

	it('are refused before anything is asked for', async () => {
		assertRefused(await pull(['--since', '1h', '--until', '2h']), 2, /expected since before until/);
		assertRefused(await pull(['--page-size', '0']), 2, /^rxaudit: --page-size: expected/);
		assert.equal(emulator().requestCount, 0);
	});
});
