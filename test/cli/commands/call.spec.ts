import assert from 'node:assert/strict';
import fs from 'node:fs';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import {text} from 'node:stream/consumers';
import {PassThrough, Writable} from 'node:stream';
import {z} from 'zod';
import {callOperation, run as call} from '../../../lib/cli/commands/call.ts';
import {AuditError} from '../../../lib/model/errors.ts';
import {defineOperation} from '../../../lib/source/define-operation.ts';
import {defineSource} from '../../../lib/source/define-source.ts';
import {deferred} from '../../support/deferred.ts';
import {type Script, scriptedServers} from '../../support/scripted-server.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {testWorld} from '../../support/world.ts';
import {cliFile, runCli, settled} from '../../support/cli.ts';
import {assertRefused, commandLine} from '../../support/command-line.ts';

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
	mapping: {},
	operations: {
		event: defineOperation({
			docs: 'One event.',
			options: {
				eventId: z.string().min(1).describe('its id'),
				tag: z.array(z.string()).optional().describe('some tags'),
			},
			run: ({options: {eventId, tag}, ask}) => ask({path: `/events/${eventId}`, query: {tag}}),
		}),
		old: {
			docs: 'As it was.',
			options: {},
			deprecations: [{date: '2026-12-21', what: 'GET /old', advice: 'use /new', reference: 'https://example.com/end'}],
			run: ({ask}) => ask({path: '/old'}),
		},
		level: {docs: 'The level.', options: {}, run: ({ask}) => ask({path: '/level'})},
		'set-level': defineOperation({
			docs: 'Sets the level.',
			options: {},
			body: level,
			writes: true,
			preview: async ({body, ask}) => {
				const answer = await ask<{level: string}>({path: '/level'});
				return answer.json.level === body.level ? {unchanged: answer} : `level: ${answer.json.level} -> ${body.level}`;
			},
			run: ({body, ask}) => ask({method: 'PUT', path: '/level', body}),
		}),
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
	/** The reader of standard output. Default: takes everything. */
	readonly reader?: Writable;
	readonly signal?: AbortSignal;
	/** What day it is. */
	readonly now?: number;
}

async function callFake(origin: string, args: readonly string[], given: Given = {}) {
	const [stdinIsTerminal, stderrIsTerminal] = given.terminal ?? [false, false];
	const stdin = Object.assign(new PassThrough(), {isTTY: stdinIsTerminal});
	const stderr = Object.assign(new PassThrough(), {isTTY: stderrIsTerminal});
	stdin.write(given.input ?? '');
	if (!given.staysOpen) stdin.end();
	const {now = 0} = given;
	const world = testWorld({env: given.env ?? {RXAUDIT_TOKEN: 'S3CR3T-TOKEN'}, now});
	const {signal = new AbortController().signal} = given;
	const outcome = await callOperation(
		source,
		['fake-api', ...args, '--endpoint', origin, '--max-attempts', '1'],
		{...world, stdin, stderr, stdout: given.reader ?? world.stdout},
		signal,
	).catch((error: unknown) => {
		if (given.signal?.aborted) return error;
		assert(error instanceof AuditError, String(error));
		assert.doesNotMatch(error.message, /S3CR3T/);
		return error;
	});
	return {outcome, stdout: world.said(), stderr: String(stderr.read() ?? ''), listening: !stdin.isPaused()};
}

/** Long enough for everything that waits for nobody. */
async function turns(): Promise<void> {
	for (let left = 100; left > 0; left--) await new Promise(resolve => setImmediate(resolve));
}

const json =
	(text: string, status = 200): Script =>
	response =>
		response.writeHead(status, {'content-type': 'application/json'}).end(text);

describe('callOperation', () => {
	const start = scriptedServers();
	const folder = temporaryFolder();
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

		it('warns where it ends within 90 days, also when it is quiet', async () => {
			const {origin} = await start(json('{}'));
			const ends = 'warning: GET /old ends on 2026-12-21; use /new; see https://example.com/end';
			for (const [now, expected] of [
				['2026-09-21', ''],
				['2026-09-22', `rxaudit: ${ends}\n`],
			] as const) {
				const {outcome, stderr} = await callFake(origin, ['old', '--quiet'], {now: Date.parse(now)});
				assert.deepEqual([outcome, stderr], [0, expected]);
			}
		});

		it('sends its own options and the credentials', async () => {
			const {origin, requests} = await start(json('{}'));
			const args = ['event', '--event-id', 'e1', '--tag', 'a', '--tag', 'b'];
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
			const gone = Object.assign(new Error('gone'), {code: 'EPIPE'});
			const reader = new Writable({write: (_chunk, _encoding, done) => done(gone)});
			const {outcome} = await callFake(origin, ['level'], {reader});
			assert.deepEqual([(outcome as AuditError).code, (outcome as AuditError).cause], ['READER_GONE', gone]);
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

		it('asks and sends nothing where nothing would change, and gives what is set', async () => {
			const file = path.join(folder(), 'body.json');
			fs.writeFileSync(file, input);
			for (const [args, terminal] of [
				[
					['set-level', '--body', file, '--yes'],
					[false, false],
				],
				[
					['set-level', '--body', file],
					[true, true],
				],
			] as const) {
				const {origin, requests} = await start(json('{"level": "full", "since": 1.0}'));
				const {outcome, stdout, stderr} = await callFake(origin, args, {terminal, staysOpen: true});
				assert.deepEqual([outcome, stdout], [0, '{"level": "full", "since": 1.0}\n']);
				assert.equal(
					stderr,
					`rxaudit: fake-api set-level at ${origin}: nothing changes, so nothing was sent; the answer is what is set\n`,
				);
				assert.deepEqual(methods(requests), ['GET']);
			}
		});

		it('is quiet where it is told so, but for what it asks', async () => {
			const {origin} = await start(levels);
			assert.equal((await callFake(origin, [...setLevel, '--yes', '--quiet'], {input})).stderr, '');
			const {stderr} = await callFake(origin, ['purge', '--quiet'], {terminal: [true, true], input: 'no\n'});
			assert.match(
				stderr,
				/^rxaudit: fake-api purge at .*:\n {2}Deletes everything\.\nType yes to go on: rxaudit: nothing was/,
			);
		});

		it('says what it says as JSON where it is told so', async () => {
			const {origin} = await start(levels);
			const {stderr} = await callFake(origin, [...setLevel, '--yes', '--log-format', 'json'], {input});
			const {time, ...said} = JSON.parse(stderr) as {time: string};
			assert.ok(Date.parse(time) > 0);
			assert.deepEqual(said, {level: 'info', message: `fake-api set-level at ${origin}:\n  level: off -> full`});
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

		for (const terminal of [
			[true, true],
			[false, false],
		] as const) {
			it(`needs --yes where the body comes from standard input, before that is read: ${terminal.join()}`, async () => {
				const {origin, requests} = await start(levels);
				const {outcome, stderr} = await callFake(origin, setLevel, {terminal, input, staysOpen: true});
				assert.equal((outcome as AuditError).code, 'CONFIG');
				assert.match((outcome as AuditError).message, /expected --yes, got nothing; nothing was sent$/);
				assert.deepEqual([requests.length, stderr], [0, '']);
			});
		}

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
			[[], /^call: expected an operation of fake-api, got none: one of event, old, level, set-level, purge$/],
			[['levl'], /^call: expected an operation of fake-api, got another name \(did you mean level\?\): one of event, /],
			[['constructor'], /^call: expected an operation of fake-api, got another name: one of/],
			[['level', 'event'], /1 argument too many/],
			[['level', '--event-id', 'e'], /^unknown option --event-id/],
			[['level', '--bogus'], /^unknown option --bogus/],
			[['level', '--yes'], /^unknown option --yes/],
			[['level', '--log-format', 'xml'], /^--log-format: expected text or json, got "xml"$/],
			[['level', '--token', 'S3CR3T'], /a secret on the command line/],
			[['level', '--max-wait', 'x'], /^--max-wait: expected a span/],
			[['level'], /^fake-api: expected credentials, got none; set RXAUDIT_TOKEN/, {env: {}}],
			[['event'], /^--event-id: expected its id, got nothing$/],
			[['level', '--body', '-'], /^unknown option --body/],
			[['set-level', '--yes'], /^--body: expected --body FILE, or --body - for standard input, got nothing$/],
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

	describe('that is stopped', () => {
		const stopped = new Error('stopped by SIGTERM');
		const setLevel = ['set-level', '--yes', '--body', '-'];
		const unknown = /^rxaudit: the change was on its way; whether it was made is not known$/m;

		/** The outcome of a call that is stopped when `when` resolves. */
		async function stop(origin: string, args: readonly string[], given: Given, when: () => Promise<unknown>) {
			const controller = new AbortController();
			const called = callFake(origin, args, {...given, signal: controller.signal});
			await when();
			controller.abort(stopped);
			return called;
		}

		it('ends while it reads its body or waits for a yes, and sends nothing', async () => {
			for (const [args, terminal] of [
				[setLevel, [false, false]],
				[['purge'], [true, true]],
			] as const) {
				const {origin, requests} = await start(levels);
				const given = {terminal, input: '{"level"', staysOpen: true};
				const {outcome, stdout} = await stop(origin, args, given, turns);
				assert.deepEqual([outcome, stdout, requests.length], [stopped, '', 0]);
			}
		});

		it('ends during a request, and says so where that may have changed something', async () => {
			for (const [args, method, expected] of [
				[['level'], 'GET', false],
				[setLevel, 'GET', false],
				[setLevel, 'PUT', true],
			] as const) {
				const asked = deferred();
				const {origin} = await start((response, n, request) =>
					request.method === method ? asked.resolve() : levels(response, n, request),
				);
				const {outcome, stdout, stderr} = await stop(origin, args, {input: '{"level": "full"}'}, () => asked.promise);
				assert.deepEqual([(outcome as Error).name, stdout, unknown.test(stderr)], ['AbortError', '', expected]);
			}
		});

		it('ends while nobody takes its answer', async () => {
			const {origin} = await start(levels);
			const given = deferred();
			const reader = new Writable({write: () => given.resolve()});
			assert.equal((await stop(origin, ['level'], {reader}, () => given.promise)).outcome, stopped);
		});

		it('does nothing at all where that was before', async () => {
			const {origin, requests} = await start(levels);
			const signal = AbortSignal.abort(stopped);
			await callFake(origin, setLevel, {input: '{"level": "full"}', signal});
			assert.equal(requests.length, 0);
			const {stderr} = await callFake(origin, ['purge', '--yes'], {signal});
			assert.deepEqual([requests.length, unknown.test(stderr)], [0, false]);
		});
	});

	it('says that a source has no operations', async () => {
		await assert.rejects(
			callOperation({...source, name: 'bare', operations: {}}, ['bare', 'x'], testWorld(), AbortSignal.timeout(1)),
			{
				name: 'ConfigError',
				message: 'call: bare has no operations',
			},
		);
	});
});

describe('call', () => {
	const {emulator} = commandLine({events: 1});

	it('gives the answer on stdout and nothing else', async () => {
		const args = ['call', 'atlassian-org-events', 'event-actions', '--org-id', 'ORG', '--endpoint', emulator().url];
		const {code, stdout, stderr} = await runCli(args, {env: {RXAUDIT_TOKEN: emulator().token}});
		assert.deepEqual([code, stderr], [0, '']);
		assert.ok(Array.isArray((JSON.parse(stdout) as {data: unknown}).data));
	});

	it('refuses a change that nobody confirms, and sends nothing', async () => {
		const args = ['call', 'jira-data-center', 'set-retention', '--endpoint', emulator().url, '--body', '-'];
		const refused = await runCli(args, {env: {RXAUDIT_TOKEN: emulator().token}, input: '{"period": {"years": 1}}'});
		assertRefused(refused, 2, /set-retention changes something .*: expected --yes, got nothing; nothing was sent$/m);
		assert.equal(emulator().requestCount, 0);
	});

	it('wants the name of a source', async () => {
		assertRefused(await runCli(['call']), 2, /call: expected a source, got none: one of atlassian-org-events, /);
		assertRefused(
			await runCli(['call', 'jira-cluod']),
			2,
			/expected a source, got another name \(did you mean jira-cloud\?\)/,
		);
	});
});

describe('a stopped call', () => {
	const {emulator} = commandLine({events: 1, latencyMs: 60_000});

	for (const [signal, expected] of [
		['SIGINT', 130],
		['SIGTERM', 143],
	] as const) {
		it(`ends at once with ${expected} after ${signal}, however late the answer is`, async () => {
			const world = testWorld({env: {RXAUDIT_TOKEN: emulator().token}});
			const ended = call(
				['atlassian-org-events', 'event-actions', '--org-id', 'ORG', '--endpoint', emulator().url],
				world,
			);
			await settled(() => emulator().requestCount);
			world.send(signal);
			assert.deepEqual([await ended, world.said(), world.warned()], [expected, '', `rxaudit: stopped by ${signal}\n`]);
			assert.deepEqual(world.endedBy, [], 'nothing is left that would keep the process alive');
		});
	}

	it('ends at once while it reads standard input', async () => {
		const args = ['call', 'crowd-data-center', 'add-changeset', '--endpoint', emulator().url, '--yes', '--body', '-'];
		const reading = spawn(process.execPath, [cliFile, ...args], {stdio: ['pipe', 'ignore', 'pipe']});
		const ended = Promise.all([once(reading, 'close'), text(reading.stderr)]);
		// more than a pipe holds, so that it is out when some of it was read
		await new Promise(resolve => reading.stdin.write('['.repeat(1_000_000), resolve));
		reading.kill('SIGTERM');
		assert.deepEqual(await ended, [[143, null], 'rxaudit: stopped by SIGTERM\n']);
		assert.equal(emulator().requestCount, 0);
	});
});
