import assert from 'node:assert/strict';
import {PassThrough} from 'node:stream';
import {z} from 'zod';
import {callOperation} from '../../lib/cli/call.ts';
import {AuditError} from '../../lib/errors.ts';
import {defineSource} from '../../lib/source.ts';
import {type Script, scriptedServers} from '../support/scripted-server.ts';

const level = z.strictObject({level: z.enum(['off', 'full'], {error: 'expected off or full'})});
const source = defineSource({
	name: 'fake-api',
	docs: 'An API of a test.',
	reference: 'https://example.com/docs',
	auth: ['bearer'],
	options: {},
	order: 'newest-first',
	ids: 'global',
	lagMs: 0,
	records: 'rows',
	tenant: () => 'tenant',
	id: ({id}: {id: string}) => id,
	time: () => 0,
	request: () => ({path: '/rows'}),
	next: () => undefined,
	normalize: () => ({}),
	operations: {
		event: {
			docs: 'One event.',
			options: {
				eventId: z.string().min(1).describe('its id'),
				tag: z.array(z.string()).optional().describe('some tags'),
			},
			run: ({options, ask}) =>
				ask({path: `/events/${options['eventId'] as string}`, query: {tag: options['tag'] as string[] | undefined}}),
		},
		level: {docs: 'The level.', options: {}, run: ({ask}) => ask({path: '/level'})},
		'set-level': {
			docs: 'Sets the level.',
			options: {},
			body: level,
			writes: true,
			preview: async ({body, ask}) =>
				`level: ${((await ask({path: '/level'})).json as {level: string}).level} -> ${(body as {level: string}).level}`,
			run: ({body, ask}) => ask({method: 'PUT', path: '/level', body: body!}),
		},
		purge: {
			docs: 'Deletes everything.',
			options: {},
			writes: true,
			run: ({ask}) => ask({method: 'POST', path: '/purge'}),
		},
	},
});

interface Given {
	readonly env?: Record<string, string>;
	/** What stands on standard input. */
	readonly input?: string;
	/** Whether it stays open behind that, as a terminal does. */
	readonly staysOpen?: boolean;
	/** Whether standard input, standard error are a terminal. */
	readonly terminal?: readonly [boolean, boolean];
	readonly give?: (text: string) => Promise<void>;
}

async function callFake(origin: string, args: readonly string[], given: Given = {}) {
	const [stdinIsTerminal, stderrIsTerminal] = given.terminal ?? [false, false];
	const stdin = Object.assign(new PassThrough(), {isTTY: stdinIsTerminal});
	const stderr = Object.assign(new PassThrough(), {isTTY: stderrIsTerminal});
	stdin.write(given.input ?? '');
	if (!given.staysOpen) stdin.end();
	let stdout = '';
	const outcome = await callOperation(source, ['fake-api', ...args, '--endpoint', origin, '--max-attempts', '1'], {
		env: given.env ?? {RXAUDIT_TOKEN: 'S3CR3T-TOKEN'},
		stdin,
		stderr,
		give: given.give ?? (async text => void (stdout += text)),
	}).catch((error: unknown) => {
		assert(error instanceof AuditError, String(error));
		assert.doesNotMatch(error.message, /S3CR3T/);
		return error;
	});
	return {outcome, stdout, stderr: String(stderr.read() ?? ''), listening: !stdin.isPaused()};
}

const json =
	(text: string, status = 200): Script =>
	response =>
		response.writeHead(status, {'content-type': 'application/json'}).end(text);

describe('callOperation', () => {
	const start = scriptedServers();
	const levels: Script = (response, n, {method}) =>
		json(method === 'GET' ? '{"level":"off"}' : '{"ok":1}')(response, n, undefined as never);

	describe('that reads', () => {
		for (const [answer, expected] of [
			['{"id": 9007199254740993, "n":1.0,\n "id":2}', '{"id": 9007199254740993, "n":1.0,\n "id":2}\n'],
			['{}\n', '{}\n'],
			['{}\r\n\n', '{}\r\n\n'],
			['', ''],
		] as const) {
			it(`gives ${JSON.stringify(answer)} as it is, with a line break at its end`, async () => {
				const {origin} = await start(json(answer));
				const {outcome, stdout, stderr} = await callFake(origin, ['level']);
				assert.deepEqual([outcome, stdout], [0, expected]);
				assert.equal(stderr, answer === '' ? 'rxaudit: done; the answer is empty\n' : '');
			});
		}

		it('sends its own options and the credentials', async () => {
			const {origin, requests} = await start(json('{}'));
			const args = ['event', '--event-id', 'e1', '--tag', 'a', '--tag', 'b', '--yes'];
			assert.equal((await callFake(origin, args)).outcome, 0);
			assert.equal(requests[0]!.url, '/events/e1?tag=a&tag=b');
			assert.equal(requests[0]!.headers.authorization, 'Bearer S3CR3T-TOKEN');
		});

		it('takes its name anywhere among the options, even where a value is the name of another', async () => {
			const {origin, requests} = await start(json('{}'));
			assert.equal((await callFake(origin, ['--event-id', 'level', 'event'])).outcome, 0);
			assert.equal(requests[0]!.url, '/events/level');
		});

		for (const [status, code] of [
			[401, 'UNAUTHORIZED'],
			[403, 'FORBIDDEN'],
			[404, 'NOT_FOUND'],
			[500, 'HTTP_STATUS'],
		] as const) {
			it(`fails with ${code} for ${status}, and gives nothing`, async () => {
				const {origin} = await start(json('{"token":"S3CR3T-TOKEN"}', status));
				const {outcome, stdout} = await callFake(origin, ['level']);
				assert.deepEqual([(outcome as AuditError).code, stdout], [code, '']);
			});
		}

		it('passes on that its answer did not arrive', async () => {
			const {origin} = await start(json('{}'));
			const gone = new AuditError('READER_GONE', 'gone');
			assert.equal((await callFake(origin, ['level'], {give: () => Promise.reject(gone)})).outcome, gone);
		});
	});

	describe('that writes', () => {
		const input = '{"level": "full"}';
		const setLevel = ['set-level', '--body', '-'];
		const methods = (requests: readonly {method: string}[]) => requests.map(({method}) => method);

		it('shows what would change and does it with --yes', async () => {
			const {origin, requests} = await start(levels);
			const {outcome, stdout, stderr} = await callFake(origin, [...setLevel, '--yes'], {input});
			assert.deepEqual([outcome, stdout], [0, '{"ok":1}\n']);
			assert.equal(stderr, `rxaudit: fake-api set-level at ${origin}:\n  level: off -> full\n`);
			assert.deepEqual(methods(requests), ['GET', 'PUT']);
			assert.equal(requests[1]!.body, '{"level":"full"}');
		});

		for (const terminal of [
			[false, false],
			[true, false],
			[false, true],
		] as const) {
			it(`sends nothing without --yes when stdin, stderr are a terminal: ${terminal.join()}`, async () => {
				const {origin, requests} = await start(levels);
				const {outcome, stderr} = await callFake(origin, ['purge'], {terminal, input: 'yes\n'});
				assert.equal((outcome as AuditError).code, 'CONFIG');
				assert.match((outcome as AuditError).message, /^call: purge changes .*: expected --yes.*; nothing was sent$/);
				assert.deepEqual([requests.length, stderr], [0, '']);
			});
		}

		it('needs --yes on a terminal too when the body comes from there', async () => {
			const {origin, requests} = await start(levels);
			const {outcome} = await callFake(origin, setLevel, {terminal: [true, true], input});
			assert.match((outcome as AuditError).message, /expected --yes/);
			assert.equal(requests.length, 0);
		});

		it('asks on a terminal, and goes on after yes', async () => {
			const {origin, requests} = await start(levels);
			const given = {terminal: [true, true], input: 'yes\nrest', staysOpen: true} as const;
			const {outcome, stdout, stderr, listening} = await callFake(origin, ['purge'], given);
			assert.deepEqual([outcome, stdout], [0, '{"ok":1}\n']);
			assert.equal(stderr, `rxaudit: fake-api purge at ${origin}:\n  Deletes everything.\nType yes to go on: `);
			assert.deepEqual(methods(requests), ['POST']);
			assert.equal(listening, false, 'else the process would never end');
		});

		for (const answer of ['no\n', 'y\n', '\nyes\n', 'YES\n', '']) {
			it(`changes nothing after ${JSON.stringify(answer)}, and ends with 1`, async () => {
				const {origin, requests} = await start(levels);
				const {outcome, stdout, stderr} = await callFake(origin, ['purge'], {terminal: [true, true], input: answer});
				assert.deepEqual([outcome, stdout, requests.length], [1, '', 0]);
				assert.match(stderr, /Type yes to go on: rxaudit: nothing was changed\n$/);
			});
		}

		it('shows what the API says without letting it drive the terminal', async () => {
			const {origin} = await start(json('{"level":"\\u001b[2J\\u202eoff"}'));
			const {stderr} = await callFake(origin, [...setLevel, '--yes'], {input});
			assert.match(stderr, /\n {2}level: \\u001b\[2J\\u202eoff -> full\n$/);
		});

		it('changes nothing when what is there cannot be read', async () => {
			const {origin, requests} = await start(json('{}', 403));
			const {outcome} = await callFake(origin, [...setLevel, '--yes'], {input});
			assert.equal((outcome as AuditError).code, 'FORBIDDEN');
			assert.deepEqual(methods(requests), ['GET']);
		});
	});

	describe('sends nothing for', () => {
		for (const [args, message, given] of [
			[[], /^call: expected an operation of fake-api, got none: one of event, level, set-level, purge$/],
			[['levl'], /^call: expected an operation of fake-api, got another name \(did you mean level\?\): one of event, /],
			[['constructor'], /^call: expected an operation of fake-api, got another name: one of/],
			[['level', 'event'], /1 argument too many/],
			[['level', '--event-id', 'e'], /^unknown option --event-id/],
			[['level', '--bogus'], /^unknown option --bogus/],
			[['level', '--token', 'S3CR3T'], /a secret on the command line/],
			[['level', '--max-wait', 'x'], /^--max-wait: expected a span/],
			[['level'], /^fake-api: expected credentials, got none; set RXAUDIT_TOKEN/, {env: {}}],
			[['event'], /^--event-id: expected its id, got nothing$/],
			[['level', '--body', '-'], /^unknown option --body/],
			[['set-level', '--yes'], /^--body: expected object, got nothing$/],
			[
				['set-level', '--yes', '--body', '-'],
				/^--body: expected JSON, got "S" at line 1, column 11$/,
				{input: '{"level": S3CR3T}'},
			],
			[
				['set-level', '--yes', '--body', '-'],
				/^--body: level: expected off or full, got "on"$/,
				{input: '{"level":"on"}'},
			],
			[['set-level', '--yes', '--body', '-'], /--body: .*\blevle\b/, {input: '{"level":"off","levle":1}'}],
		] as readonly (readonly [string[], RegExp, Given?])[]) {
			it(`${args.join(' ') || 'no operation'} ${given?.input ?? ''}`, async () => {
				const {origin, requests} = await start(levels);
				const {outcome, stdout} = await callFake(origin, args, given);
				assert.equal((outcome as AuditError).code, 'CONFIG');
				assert.match((outcome as AuditError).message, message);
				assert.deepEqual([stdout, requests.length], ['', 0]);
			});
		}
	});

	it('says that a source has no operations', async () => {
		await assert.rejects(callOperation({...source, name: 'bare', operations: {}}, ['bare', 'x'], undefined as never), {
			name: 'ConfigError',
			message: 'call: bare has no operations',
		});
	});
});
