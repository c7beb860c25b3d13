import assert from 'node:assert/strict';
import {z} from 'zod';
import {ConfigError, SourceError} from '../../../lib/model/errors.ts';
import {tokenOption} from '../../../lib/options/options.ts';
import {
	flagsOf,
	inFlags,
	leastFlags,
	optionsFromFlags,
	requiredFlagsOf,
	sourceFlags,
	sourceOptions,
} from '../../../lib/cli/flags/options.ts';
import source from '../../../sources/atlassian-org-events.ts';
import jira from '../../../sources/jira-cloud.ts';
import {assertRefused, commandLine, idsIn} from '../../support/command-line.ts';

const schema = z.object({
	eventId: z.string().describe('the id of the event'),
	units: z.string().default('DAYS').describe('the unit'),
	...tokenOption,
});
const api = {name: 'some-api', auth: ['bearer']} as const;
const env = {RXAUDIT_TOKEN: 'S3CR3T', RXAUDIT_USERNAME: 'me', RXAUDIT_PASSWORD: 'pw'};

describe('flagsOf', () => {
	const options = z.object({
		orgId: z.string().describe('whose'),
		pageSize: z.string().optional().describe('how many'),
		actor: z.union([z.string(), z.array(z.string())]).optional(),
		maxWait: z.string().default('1h').describe('how long'),
		token: z.string().optional().meta({secret: true}),
		username: z.string().optional(),
	});

	it('gives each option its flag, a secret that of the file that holds it', () => {
		assert.deepEqual(flagsOf(options), {
			'org-id': {value: 'VALUE', repeat: false, required: true, help: 'whose'},
			'page-size': {value: 'N', repeat: false, help: 'how many'},
			actor: {value: 'VALUE', repeat: true, help: ''},
			'max-wait': {value: 'SPAN', repeat: false, help: 'how long (default: 1h)'},
			'token-file': {value: 'FILE', help: 'file with the token for this address'},
			username: {value: 'VALUE', repeat: false, help: ''},
		});
	});

	it('leaves credentials to the flags that every command has for them', () => {
		const flags = sourceFlags({options, auth: ['bearer']});
		assert.deepEqual(Object.keys(flags), ['org-id', 'page-size', 'actor', 'max-wait', 'token-file']);
		assert.match(flags['token-file']!.help, /else: RXAUDIT_TOKEN/);
	});
});

describe('requiredFlagsOf', () => {
	it('are those without a default', () => assert.deepEqual(requiredFlagsOf(schema), ['event-id']));
});

describe('optionsFromFlags', () => {
	it('are what the schema knows, under its names, with the credentials that it takes', () => {
		assert.deepEqual(optionsFromFlags(api, schema, {'event-id': 'e', body: '-', yes: true}, env), {
			eventId: 'e',
			token: 'S3CR3T',
		});
	});

	it('refuse to do without what is required', () => {
		assert.throws(() => optionsFromFlags(api, schema, {}, env), {
			name: 'ConfigError',
			message: '--event-id: expected the id of the event, got nothing',
		});
	});
});

describe('optionsFromFlags without credentials of use', () => {
	const flags = {
		bearer: 'set RXAUDIT_TOKEN, or give --token-file FILE',
		basic: 'set RXAUDIT_USERNAME, and RXAUDIT_PASSWORD or --password-file FILE',
	};
	const [token, username, password] = [
		{RXAUDIT_TOKEN: 'S3CR3T'},
		{RXAUDIT_USERNAME: 'me'},
		{RXAUDIT_PASSWORD: 'S3CR3T'},
	];
	for (const [auth, given, got] of [
		[['bearer'], {}, 'none'],
		[['basic'], token, 'a token, which it does not take'],
		[['bearer'], {...username, ...password}, 'a user name and a password, which it does not take'],
		[['basic', 'bearer'], password, 'a password without a user name'],
		[['bearer', 'basic'], username, 'a user name without a password'],
		[['basic'], {...token, ...password}, 'a token, which it does not take, and a password without a user name'],
	] as const) {
		it(`names what is there in vain: ${got}, for ${auth.join(' or ')}`, () => {
			const wanted = auth.map(scheme => flags[scheme]).join(', or ');
			assert.throws(() => optionsFromFlags({name: 'some-api', auth}, schema, {'event-id': 'e'}, given), {
				name: 'ConfigError',
				message: `some-api: expected credentials, got ${got}; ${wanted}`,
			});
		});
	}

	it('lets a source be that takes none', () => {
		assert.deepEqual(optionsFromFlags({name: 'file', auth: []}, z.object({}), {}, {}), {});
	});
});

describe('inFlags', () => {
	const complain = (error: Error) => () => {
		throw error;
	};

	it('gives what the function gives, and other errors as they are', () => {
		assert.equal(
			inFlags(() => 1),
			1,
		);
		const error = new SourceError('NOT_FOUND', spell => spell('eventId'));
		assert.throws(() => inFlags(complain(error)), error);
	});

	it('calls options as the command does, those of an advice and of several complaints too', () => {
		const issues = [
			{option: 'eventId', expected: 'a', got: 'b'},
			{option: 'body.level.user-management', expected: 'c'},
			{expected: 'credentials', got: 'none', do: 'give some'},
		];
		const message =
			'--event-id: expected a, got b; --body: level.user-management: expected c; api: expected credentials, got none; give some';
		assert.throws(() => inFlags(complain(ConfigError.of('api', issues))), {name: 'ConfigError', message, issues});
		const error = ConfigError.of('api', [
			{option: 'endpoint', expected: 'a', do: spell => `${spell('maxWait')} helps`},
		]);
		const spell = (option: string) => `--to api: option ${option}`;
		assert.throws(() => inFlags(complain(error), spell), {
			message: '--to api: option endpoint: expected a; --to api: option maxWait helps',
		});
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
		[{'org-id': '..'}, '--org-id: expected letters, digits and - _ . ~, got ".."'],
		[{'page-size': '0'}, '--page-size: expected a whole number from 1 to 10000, got 0'],
		[{'page-size': '10001'}, '--page-size: expected a whole number from 1 to 10000, got 10001'],
		[{'page-size': 'all'}, '--page-size: expected a whole number from 1 to 10000, got "all"'],
		[{rate: '10'}, '--rate: expected N/min, N/s, N/h or off, got "10"'],
		[{overlap: '3'}, '--overlap: expected a span such as 60m, 24h or 500ms, got "3"; add the unit'],
		[{'max-wait': 'x'}, /^--max-wait: expected a span .* got "x"/],
		[{since: 'yesterday'}, /^--since: expected a time such as .* got "yesterday"; check its spelling$/],
		[{since: '2026'}, /^--since: expected .* got "2026"; epoch milliseconds have at least 10 digits$/],
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

	it('refuse a URL with a password without showing it', () => {
		assert.throws(
			() => options({'org-id': 'o', endpoint: 'https://me:S3CR3T@example.com'}),
			({message}: Error) =>
				message.startsWith('--endpoint: expected a URL without credentials') && !message.includes('S3CR3T'),
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
