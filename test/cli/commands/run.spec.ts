import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type {Clock} from '../../../lib/model/clock.ts';
import {type CliOptions, eventually, openCli, runCli, spawnCli} from '../../support/cli.ts';
import {commandLine, idsIn, linesOf} from '../../support/command-line.ts';
import {deferred} from '../../support/deferred.ts';
import {newestMs} from '../../support/emulator.ts';
import {scriptedServers} from '../../support/scripted-server.ts';

describe('rxaudit run', () => {
	const {folder, emulator, held, pull} = commandLine();
	const serve = scriptedServers();
	const at = (name: string) => path.join(folder(), name);
	const env = {TOKEN: 'emulator', PASSWORD: 'emulator'};
	const given = (more: CliOptions = {}): CliOptions => ({cwd: folder(), env, ...more});
	const runFile = (args: readonly string[] = [], more: CliOptions = {}) =>
		runCli(['run', 'c.yaml', ...args], given(more));
	const idsOf = (name: string) => idsIn(fs.readFileSync(at(name), 'utf8'));

	/** Writes the file, `URL` being the emulator's. */
	function write(text: string, name = 'c.yaml'): void {
		fs.writeFileSync(at(name), text.replaceAll('URL', emulator().url));
	}
	const org = '{name: atlassian-org-events, orgId: ORG, endpoint: URL, token: {env: TOKEN}, maxAttempts: 1}';

	describe('once', () => {
		it('runs each pipeline, with what defaults say, and paths that begin at the file', async () => {
			fs.mkdirSync(at('etc'));
			fs.writeFileSync(at('etc/password'), 'emulator\n');
			write(
				`
defaults:
  state: states/
  to: ndjson:archive/
  source: {token: {env: TOKEN}, maxAttempts: 3}
pipelines:
  org:
    source: {name: atlassian-org-events, orgId: ORG, endpoint: URL}
  crowd:
    source: {name: crowd-data-center, endpoint: URL/crowd, username: admin, password: {file: password}}
    to: [filesystem:crowd, {name: csv, path: crowd.csv, columns: 'time,who=actor.name', bom: true}]
    where: outcome=success
`,
				'etc/c.yaml',
			);
			const {code, stdout, stderr} = await runCli(['run', 'etc/c.yaml'], given());
			assert.deepEqual([code, stdout], [0, ''], stderr);
			assert.deepEqual(
				linesOf(stderr)
					.map(line => line.replace(/: done: .*/, ''))
					.sort(),
				['rxaudit: crowd', 'rxaudit: org'],
			);
			assert.deepEqual(fs.readdirSync(at('etc')).sort(), [
				'archive',
				'c.yaml',
				'crowd',
				'crowd.csv',
				'crowd.csv.manifest',
				'password',
				'states',
			]);
			assert.ok(fs.existsSync(at('etc/states/crowd.state')));
			assert.match(fs.readFileSync(at('etc/crowd.csv'), 'utf8'), /^\ufefftime,who\r\n20/);
			const again = await runCli(['run', 'etc/c.yaml', '--quiet'], given());
			assert.deepEqual([again.code, again.stderr], [0, '']);
		});

		it('goes on with the state of a pull, and a pull with its own', async () => {
			const args = ['--to', 'ndjson:out', '--state', 'state', '--where', 'outcome=success'];
			assert.equal((await pull(args)).code, 0);
			emulator().insert(Array.from({length: 40}, (_, index) => ({timeMs: newestMs + index})));
			write(`pipelines: {one: {source: ${org}, to: 'ndjson:out', state: state, where: [outcome=success]}}`);
			const before = idsOf('out').length;
			const {code, stderr} = await runFile();
			assert.equal(code, 0, stderr);
			assert.ok(idsOf('out').length > before);
			const last = await pull(args);
			assert.match(last.stderr, /done: 0 events/);
		});

		it('ends with 0, with 3 where some failed, and with the code of all where all failed alike', async () => {
			const refused = org.replace('{env: TOKEN}', '{env: OTHER}');
			const missing =
				'{name: crowd-data-center, endpoint: "http://127.0.0.1:1", username: a, password: {env: TOKEN}, maxAttempts: 1}';
			const more = {env: {...env, OTHER: 'wrong'}};
			for (const [pipelines, expected] of [
				[{a: org, b: refused}, 3],
				[{a: refused, b: refused.replace('ORG', 'OTHER')}, 4],
				[{a: refused, b: missing}, 3],
			] as const) {
				const lines = Object.entries(pipelines).map(
					([name, source]) => `  ${name}: {source: ${source}, to: 'ndjson:${name}/'}`,
				);
				write(`pipelines:\n${lines.join('\n')}\n`);
				const {code, stderr} = await runFile([], more);
				assert.equal(code, expected, stderr);
				assert.match(stderr, /^rxaudit: b: /m);
			}
			assert.equal(fs.readdirSync(at('a')).length > 0, true, 'one that fails stops no other');
		});

		it('runs those that are named, reads secrets of these only, and names what there is', async () => {
			write(`pipelines:
  one: {source: ${org}, to: 'ndjson:one'}
  two: {source: ${org.replace('TOKEN', 'NONE')}, to: 'ndjson:two'}`);
			assert.equal((await runFile(['--only', 'one'])).code, 0);
			assert.equal(fs.existsSync(at('two')), false);
			const other = await runFile(['--only', 'tow']);
			assert.equal(other.code, 2);
			assert.match(other.stderr, /--only: expected a pipeline \(did you mean two\?\), one of one, two, got another/);
		});

		it('says as JSON whose line it is', async () => {
			write(`pipelines: {one: {source: ${org}, to: 'ndjson:one'}}`);
			const {stderr} = await runFile(['--log-format', 'json']);
			const {pipeline, source, events} = JSON.parse(stderr) as Record<string, unknown>;
			assert.deepEqual([pipeline, source, events], ['one', 'atlassian-org-events', 60]);
		});

		it('reads once with --once what would be read for ever', async () => {
			write(`pipelines: {one: {source: ${org}, to: 'ndjson:one', every: 1h, state: one.state}}`);
			assert.equal((await runFile(['--once'])).code, 0);
			assert.deepEqual(idsOf('one'), held());
		});
	});

	describe('a file with mistakes', () => {
		const mistakes = async (text: string, more: CliOptions = {}) => {
			write(text);
			const {code, stdout, stderr} = await runFile(['--check'], more);
			assert.deepEqual([code, stdout], [2, '']);
			assert.equal(emulator().requestCount, 0);
			return linesOf(stderr);
		};

		it('is told all of them at once, with line and column, and shows no secret', async () => {
			const lines = await mistakes(
				`defaults:
  other: 5
pipelines:
  a b: {source: ${org}, to: ndjson:x}
  two:
    source: {name: nothing}
    every: 5
  three:
    source: {name: jira-data-center, endpoint: URL/jira, token: S3CR3T, pageSize: 0, sinc: 1d}
    to: [ndjson:y.ndjson, {name: csv, path: 7, delimter: ';'}, {name: ndjsn}]
  four:
    source: {name: jira-data-center, endpoint: URL/jira, token: {env: x-S3CR3T}}
    where: actr.name=5
    ping: https://hc-ping.com/S3CR3T
  five: {to: ndjson:z}
  six: 7
  seven:
    source: {name: jira-data-center, endpoint: URL/jira, password: {file: no-such-file}}
    to: {name: http, endpoint: 'https://h.test/', header: {X-Key: S3CR3T}}
`,
			);
			const places = lines.map(line => /^rxaudit: c\.yaml:(\d+:\d+: [\w .-]+): expected /.exec(line)?.[1]);
			const expected = [
				/^2:3: defaults\.other$/,
				/^4:3: pipelines\.a b$/,
				/^5:3: pipelines\.two$/,
				/^6:14: pipelines\.two\.source\.name$/,
				/^7:5: pipelines\.two\.every$/,
				/^9:\d+: pipelines\.three\.source\.token$/,
				/^9:\d+: pipelines\.three\.source\.pageSize$/,
				/^9:\d+: pipelines\.three\.source\.sinc$/,
				/^10:\d+: pipelines\.three\.to\.1\.path$/,
				/^10:\d+: pipelines\.three\.to\.1\.delimter$/,
				/^10:\d+: pipelines\.three\.to\.2\.name$/,
				/^11:3: pipelines\.four$/,
				/^12:\d+: pipelines\.four\.source\.token\.env$/,
				/^14:5: pipelines\.four\.ping$/,
				/^15:3: pipelines\.five$/,
				/^16:3: pipelines\.six$/,
				/^18:\d+: pipelines\.seven\.source\.password\.file$/,
				/^18:\d+: pipelines\.seven\.source$/,
				/^19:\d+: pipelines\.seven\.to\.header/,
			];
			assert.equal(places.length, expected.length, lines.join('\n'));
			for (const [index, pattern] of expected.entries()) {
				assert.ok(
					places.some(place => pattern.test(place ?? '')),
					`${pattern} at ${index} in ${lines.join('\n')}`,
				);
			}
			assert.doesNotMatch(lines.join('\n'), /S3CR3T/);
			assert.match(lines.join('\n'), /sinc: .*\(did you mean since\?\)/);
		});

		it('is told once of what is wrong in defaults, with the name of a variable that is not set', async () => {
			const lines = await mistakes(`defaults:
  to: ndjson:x/
  source: {name: jira-data-center, token: {env: SITE_TOKEN}}
pipelines: {a: {source: {endpoint: URL/a}}, b: {source: {endpoint: URL/b}}}
`);
			assert.deepEqual(lines, [
				'rxaudit: c.yaml:3:44: defaults.source.token.env: expected a variable with the secret, but SITE_TOKEN is not set',
			]);
		});

		for (const [wrong, ...rest] of [
			['evry: 1m', 'alertSilence: 1d', 'to: ndjson:x/', `source: ${org}`],
			['too: ndjson:x/', `source: ${org}`],
			[`sorce: ${org}`, 'to: ndjson:x/'],
			[
				'sourec: {endpoint: URL, orgId: ORG, token: {env: TOKEN}}',
				'to: ndjson:x/',
				'source: {name: atlassian-org-events}',
			],
		]) {
			it(`is told of a misspelt member in defaults, and of nothing that follows from it: ${wrong}`, async () => {
				const own = rest.filter(member => member.startsWith('source')).join();
				const others = rest.filter(member => !member.startsWith('source'));
				const lines = await mistakes(`defaults: {${[wrong, ...others].join(', ')}}
pipelines: {a: {${own}}, b: {${own}}}
`);
				assert.equal(lines.length, 1, lines.join('\n'));
				assert.match(lines[0]!, /^rxaudit: c\.yaml:1:\d+: defaults\.\w+: .*\(did you mean (every|to|source)\?\)$/);
			});
		}

		for (const [what, text, message] of [
			[
				'an unknown member of the event',
				`pipelines: {a: {source: ORG, to: 'ndjson:x', where: actr.name=5}}`,
				/1:\d+: pipelines\.a\.where: expected a member of the event in format audit, got "actr\.name" \(did you mean actor\.name\?\)/,
			],
			[
				'a time that is none',
				`pipelines: {a: {source: {name: jira-cloud, endpoint: URL, since: yesterday, username: u, password: {env: TOKEN}}, to: 'ndjson:x'}}`,
				/1:\d+: pipelines\.a\.source\.since: expected a time such as/,
			],
			[
				'no state where one is needed',
				`pipelines: {a: {source: ORG, to: 'ndjson:x', follow: true}}`,
				/pipelines\.a\.follow: expected state FILE beside to ndjson:\S+x, got none/,
			],
			[
				'a sink that takes other events',
				`pipelines: {a: {source: ORG, to: {name: atlassian-user-profile, token: {env: TOKEN}, set: {name: x}}}}`,
				/pipelines\.a: .*atlassian-user-profile/,
			],
			[
				'two with one state',
				`pipelines:\n  a: {source: ORG, to: 'ndjson:x', state: s}\n  b: {source: ORG, to: 'ndjson:y', state: ./s}`,
				/3:\d+: pipelines\.b\.state: expected a file of its own, got that of a$/,
			],
			[
				'two with one file',
				`pipelines:\n  a: {source: ORG, to: 'ndjson:x'}\n  b: {source: ORG, to: 'ndjson:./x'}`,
				/3:\d+: pipelines\.b\.to: expected a file of its own, got that of a; several may share filesystem:DIR, those of/,
			],
			[
				'two with standard output',
				`pipelines:\n  a: {source: ORG, to: 'ndjson:-'}\n  b: {source: ORG, to: 'csv:-'}`,
				/3:\d+: pipelines\.b\.to: expected a file of its own/,
			],
			[
				'two of one log with one archive',
				`pipelines:\n  a: {source: ORG, to: 'ndjson:x/'}\n  b: {source: ORG, to: ['csv:y', {name: ndjson, path: ./x/}]}`,
				/3:\d+: pipelines\.b\.to: expected one pipeline of atlassian-org-events:ORG in ndjson:\S+\/x\/, got a and b: give each/,
			],
			['no pipelines', 'pipelines: {}', /1:1: pipelines: expected at least one pipeline, got none/],
			['nothing', '', /1:1: pipelines: expected pipelines by name, got nothing/],
			['a list', '[1]', /1:1: expected object, got list$/],
			['a text', 'hello', /1:1: expected object, got string$/],
			[
				'a pipeline that would be left out',
				`pipelines:\n  a: {source: ORG, to: 'ndjson:x'}\n  __proto__: {source: ORG, to: 'ndjson:y'}`,
				/c\.yaml:3:3: __proto__: expected another name/,
			],
			[
				'a name that is no plain one',
				`pipelines:\n  a: {source: ORG, to: 'ndjson:x'}\n  _b: {source: ORG, to: 'ndjson:y'}`,
				/c\.yaml:3:3: pipelines\._b: expected a name of letters, digits, - _ and \., that begins with a letter or a digit$/,
			],
			[
				'a name that drives the terminal',
				`pipelines:\n  "a\\nb\\e": {source: ORG, to: 'ndjson:x'}`,
				/c\.yaml:2:3: pipelines\.a\\u\{a\}b\\u\{1b\}: expected a name of letters/,
			],
			[
				'an address that is none',
				`pipelines: {a: {source: ORG, to: 'ndjson:x', ping: {env: TOKEN}}}`,
				/pipelines\.a\.ping: expected a URL that begins with https:\/\/ or http:\/\/, got another, which is not shown/,
			],
			[
				'concurrency where there is none',
				`pipelines: {a: {source: {name: data-center-log-files, path: logs, product: jira}, to: 'ndjson:x', concurrency: 2}}`,
				/pipelines\.a\.concurrency: expected none/,
			],
		] as const) {
			it(`is told of ${what}`, async () => {
				const lines = await mistakes(text.replaceAll('source: ORG', `source: ${org}`));
				assert.equal(lines.length, 1, lines.join('\n'));
				assert.match(lines[0]!, message);
			});
		}

		it('is told as JSON with its members', async () => {
			write('pipelines: {a: {source: {name: jira-cloud}}}');
			const {stderr} = await runFile(['--log-format', 'json']);
			const [{time: _, ...first}] = linesOf(stderr).map(line => JSON.parse(line) as Record<string, unknown>) as [
				Record<string, unknown>,
			];
			const {message, text, ...place} = first;
			assert.deepEqual(place, {level: 'error', file: 'c.yaml', line: 1, column: 13, member: 'pipelines.a'});
			assert.equal(message, `c.yaml:1:13: pipelines.a: ${text as string}`);
		});

		it('is missing, or another one', async () => {
			const none = await runFile();
			assert.equal(none.code, 2);
			assert.match(none.stderr, /^rxaudit: c\.yaml: expected a YAML file with pipelines, but ENOENT/);
			const nothing = await runCli(['run'], given());
			assert.match(nothing.stderr, /^rxaudit: run: expected a YAML file with pipelines, got none$/m);
		});

		it('is right, and nothing is opened', async () => {
			write(`pipelines: {one: {source: ${org}, to: 'ndjson:one', state: s}}`);
			const {code, stdout} = await runFile(['--check']);
			assert.deepEqual([code, stdout], [0, 'c.yaml: 1 pipeline, nothing is wrong\n']);
			assert.deepEqual(fs.readdirSync(folder()), ['c.yaml']);
			assert.equal(emulator().requestCount, 0);
		});
	});

	describe('one archive of two pipelines', () => {
		const two = (one: string, other: string, action = 'a') => {
			const filtered = org.replace('orgId: ORG', `orgId: ORG, action: ${action}`);
			write(
				`pipelines:\n  a: {source: ${org}, to: '${one}', state: a}\n  b: {source: ${filtered}, to: '${other}', state: b}`,
			);
		};

		it('is refused as they would be for ever, but where one of them may add to it', async () => {
			two('ndjson:x/', 'ndjson:x/?mode=append', 'user_login');
			assert.equal((await runFile(['--check'])).code, 0);
			two('filesystem:x', 'filesystem:x', 'user_login');
			assert.equal((await runFile(['--check'])).code, 0);
			two('s3:bucket/x', 's3:bucket/x');
			assert.match((await runFile()).stderr, /^rxaudit: c\.yaml:3:\d+: pipelines\.b\.to: expected one pipeline of /);
			two('gcs:bucket/x', 'gcs:bucket/x');
			assert.equal((await runFile()).code, 2);
			assert.equal(emulator().requestCount, 0);
		});

		it('takes the events of both with the way out that is told', async () => {
			const both = 'ndjson:x/?mode=append';
			two(both, both, 'user_login');
			for (let times = 0; times < 2; times++) {
				const {code, stderr} = await runFile();
				assert.equal(code, 0, stderr);
			}
		});
	});

	describe('for ever', () => {
		let clock: Clock;
		let real: Clock;
		let hour: ReturnType<typeof deferred<void>>;
		let waits: number;
		beforeEach(async () => {
			clock = (await import('../../../lib/model/clock.ts')).systemClock; // the one of the commands
			real = {...clock};
			const realSleep = real.sleep;
			hour = deferred();
			waits = 0;
			clock.sleep = async (ms, signal) => {
				if (ms < 60_000) return realSleep(ms, signal);
				waits++;
				signal?.throwIfAborted();
				const stopped = new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
				await Promise.race([hour.promise, stopped]);
			};
		});
		afterEach(() => Object.assign(clock, real));
		const idle = (rounds: number) => eventually(() => waits === rounds);
		const open = (args: readonly string[] = [], more: CliOptions = {}) =>
			openCli(['run', 'c.yaml', ...args], given(more));
		const following = (name: string, more = '') =>
			`  ${name}: {source: ${org}, to: 'ndjson:${name}', state: ${name}.state, every: 1h${more}}\n`;

		it('is stopped by a signal, all of it, and by a second one at once', async () => {
			write(`pipelines:\n${following('a')}${following('b')}`);
			const {world, ended} = open();
			await idle(2);
			world.send('SIGTERM');
			const {code, stderr} = await ended;
			assert.equal(code, 143, stderr);
			assert.deepEqual([idsOf('a'), idsOf('b')], [held(), held()]);
			emulator().setFaults([{kind: 'hang', at: 'all'}]);
			const other = open(['--quiet']);
			const before = emulator().requestCount;
			await eventually(() => emulator().requestCount >= before + 2);
			other.world.send('SIGINT');
			other.world.send('SIGINT');
			assert.equal((await other.ended).code, 130);
		});

		it('reads the file again by SIGHUP: what is the same goes on, the rest is stopped and started', async () => {
			write(`pipelines:\n${following('same')}${following('changed')}${following('gone')}`);
			const {world, ended} = open();
			await idle(3);
			write(
				`pipelines:\n${following('same')}${following('changed', ', where: outcome=success').replace('changed.state', 'other.state').replace('ndjson:changed', 'ndjson:other')}${following('new')}`,
			);
			world.send('SIGHUP');
			await eventually(() => /was read again/.test(world.warned()));
			await idle(5);
			const said = linesOf(world.warned()).map(line => line.replace(/^rxaudit: |: \d.*/g, ''));
			assert.deepEqual(
				said,
				['changed: stopped', 'gone: stopped', 'c.yaml was read again: started new; changed changed; stopped gone'],
				world.warned(),
			);
			world.send('SIGHUP');
			await eventually(() => world.warned().endsWith('c.yaml was read again: nothing changed\n'));
			assert.deepEqual(idsOf('new'), held());
			assert.ok(idsOf('other').length < held().length);
			world.send('SIGTERM');
			assert.equal((await ended).code, 143);
		});

		it('goes on with the file of before where the new one is wrong', async () => {
			write(`pipelines:\n${following('a')}`);
			const {world, ended} = open();
			await idle(1);
			write('pipelines: {a: {}, b: 5}');
			world.send('SIGHUP');
			await eventually(() => linesOf(world.warned()).length === 3);
			assert.match(
				world.warned(),
				/^rxaudit: warning: what is in c\.yaml is not taken: c\.yaml:1:13: pipelines\.a: expected source/,
			);
			const [late] = emulator().insert([{timeMs: newestMs + 1}]);
			hour.resolve();
			await eventually(() => idsOf('a').includes(late!));
			world.send('SIGTERM');
			assert.equal((await ended).code, 143);
		});

		it('starts again by SIGHUP what failed, once it can', async () => {
			fs.writeFileSync(at('bad'), 'of somebody else\n');
			write(`pipelines:\n${following('good')}${following('bad')}`);
			const {world, ended} = open(['--metrics', '0']);
			await idle(1);
			const [, origin] = /served at (\S+)\/metrics/.exec(world.warned())!;
			const health = async () => (await (await fetch(`${origin}/healthz`)).text()).trim();
			await eventually(async () => (await health()).startsWith('bad: it ended: '));
			fs.rmSync(at('bad'));
			world.send('SIGHUP');
			await idle(2);
			await eventually(() => world.warned().includes('c.yaml was read again: retried bad\n'));
			assert.equal(await health(), 'ok');
			const text = await (await fetch(`${origin}/metrics`)).text();
			assert.match(text, /^rxaudit_events_total\{pipeline="good",.* 60$/m);
			assert.match(text, /^rxaudit_events_total\{pipeline="bad",.* 60$/m);
			world.send('SIGTERM');
			assert.equal((await ended).code, 143);
		});

		it('pings for each pipeline, and shows no address', async () => {
			const server = await serve(response => response.end('OK'));
			const more = {env: {...env, PING_A: `${server.origin}/a`, PING_B: `${server.origin}/b`}};
			write(`pipelines:\n${following('a', ', ping: {env: PING_A}')}${following('b', ', ping: {env: PING_B}')}`);
			const {world, ended} = open([], more);
			await idle(2);
			await eventually(() => server.requests.length === 4);
			world.send('SIGTERM');
			const {stderr} = await ended;
			assert.ok(!stderr.includes(server.origin));
			const asked = (name: string) => server.requests.map(({url}) => url).filter(url => url.startsWith(`/${name}`));
			for (const name of ['a', 'b']) assert.deepEqual(asked(name), [`/${name}/start`, `/${name}`, `/${name}/fail`]);
		});

		it('has a line for each on a terminal', async () => {
			write(`pipelines:\n${following('one')}${following('two')}`);
			const {world, ended} = open([], {isTTY: true});
			await eventually(() => /one: .*60 events.*\ntwo: .*60 events/.test(world.warned()));
			world.send('SIGTERM');
			assert.equal((await ended).code, 143);
		});
	});

	it('is read by status, too', async () => {
		write(`pipelines:
  one: {source: ${org}, to: 'ndjson:one', state: states/}
  two: {source: ${org}, to: 'ndjson:two', state: two.state}
  three: {source: ${org}, to: 'ndjson:three'}`);
		assert.equal((await runFile(['--only', 'one'])).code, 0);
		const {code, stdout} = await runCli(['status', 'c.yaml', '--json'], given());
		assert.equal(code, 1, 'two never ran');
		const all = linesOf(stdout).map(line => JSON.parse(line) as {pipeline: string; ok: boolean; state: string});
		assert.deepEqual(
			all.map(({pipeline, ok, state}) => [pipeline, ok, state]),
			[
				['one', true, at('states/one.state')],
				['two', false, at('two.state')],
			],
		);
		const text = await runCli(['status', 'c.yaml'], given());
		assert.match(text.stdout, /^one: \S+one\.state: ok$/m);
		write('pipelines: {a: {}}');
		assert.equal((await runCli(['status', 'c.yaml'], given())).code, 2);
	});

	it('shares one archive among pipelines, each event once', async () => {
		write(`
defaults: {to: ndjson:archive/, state: states/, source: {endpoint: URL, token: {env: TOKEN}}}
pipelines:
  a: {source: {name: atlassian-org-events, orgId: A}}
  b: {source: {name: atlassian-org-events, orgId: B}}
  stream: {source: {name: atlassian-org-events-stream, orgId: A}}
`);
		for (let times = 0; times < 2; times++) {
			const {code, stderr} = await runFile();
			assert.equal(code, 0, stderr);
		}
		const {code, stdout} = await runCli(['verify', 'ndjson:archive/'], given());
		assert.equal(code, 0, stdout);
		assert.equal(stdout.match(/written {2}60 events of/g)?.length, 3, stdout);
	});

	it('is a process that hears SIGHUP and goes on', async () => {
		write(`pipelines: {a: {source: ${org}, to: 'ndjson:a', state: a.state, every: 100ms}}`);
		const running = spawnCli(['run', 'c.yaml'], given());
		await eventually(() => emulator().requestCount > 3);
		running.kill('SIGHUP');
		await running.said('stderr', /c\.yaml was read again/);
		const [late] = emulator().insert([{timeMs: newestMs}]);
		await eventually(() => idsOf('a').includes(late!));
		running.kill('SIGTERM');
		assert.equal((await running.ended).code, 143);
	});
});
