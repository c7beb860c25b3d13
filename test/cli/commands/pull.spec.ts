import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {runCli, settled} from '../../support/cli.ts';
import {assertRefused, commandLine, idsIn, linesOf} from '../../support/command-line.ts';

describe('pull', () => {
	const {pull, startPull, held, folder, emulator} = commandLine();
	const read = (name: string) => fs.readFileSync(path.join(folder(), name), 'utf8');
	const files = () => fs.readdirSync(folder()).sort();
	const stateful = ['--to', 'ndjson:out', '--state', 'state'];

	it('needs a source', async () => {
		for (const [args, message] of [
			[['pull'], /pull: expected a source, got none: one of atlassian-org-events/],
			[['pull', 'atlassian-org-event'], /got another name \(did you mean atlassian-org-events\?\)/],
			[['pull', '--org-id', 'foo'], /expected a source, got none/],
			[['pull', '--org-id', 'atlassian-org-events'], /expected a source, got none/],
		] as const) {
			assertRefused(await runCli(args), 2, message);
		}
	});

	it('takes its options before the source too', async () => {
		const args = ['pull', '--org-id', 'o', '--endpoint', emulator().url, 'atlassian-org-events'];
		assert.equal((await runCli(args, {env: {RXAUDIT_TOKEN: 'emulator'}})).code, 0);
	});

	it('refuses choices that there are not', async () => {
		for (const [args, message] of [
			[['--format', 'bogus'], /--format: expected audit or raw or ecs or ocsf, got "bogus"/],
			[['--log-format', 'xml'], /--log-format: expected text or json, got "xml"/],
			[['--on-poison', 'ignore'], /--on-poison: expected dead-letter or stop, got "ignore"/],
			[['--on-poison', 'stop', '--dead-letter', 'x'], /--dead-letter: expected --on-poison dead-letter beside it/],
			[['--recover-previous'], /--recover-previous: expected --state FILE beside it/],
			[['--state', ''], /--state: expected --state FILE, got no value/],
		] as const) {
			assertRefused(await pull(args), 2, message);
		}
		assert.deepEqual(files(), []);
	});

	it("writes the record's own text with --format raw", async () => {
		const texts = Array.from(emulator().events(), ({text}) => text);
		assert.deepEqual(linesOf((await pull(['--format', 'raw'])).stdout), texts);
	});

	describe('of a listing', () => {
		const users = (args: readonly string[]) =>
			runCli(['pull', 'atlassian-org-users', '--org-id', 'ORG', '--endpoint', emulator().url, ...args], {
				cwd: folder(),
				env: {RXAUDIT_TOKEN: emulator().token},
			});

		it('writes records as they are unless it is told otherwise', async () => {
			const texts = Array.from(emulator().api('atlassian-org-users').records(), ({text}) => text);
			assert.deepEqual(linesOf((await users([])).stdout), texts);
			const {stdout} = await users(['--format', 'audit']);
			assert.deepEqual(
				linesOf(stdout).map(line => (JSON.parse(line) as {raw: string}).raw),
				texts,
			);
		});

		it('writes back to the API, with the credentials and the endpoint of the source', async () => {
			const lila = ['--where', 'name=Lila Smalls', '--to'];
			const to = 'atlassian-user-profile?set.extended_profile.department=Marketing';
			const patched = () => emulator().requests.filter(({method}) => method === 'PATCH').length;
			for (const [target, said, patches] of [
				[to, /Lila Smalls .* would change extended_profile\.department .*\n.*nothing was changed/, 0],
				[`${to}&apply=true`, /Lila Smalls .* changed extended_profile\.department .*\n.*1 changed/, 1],
				[`${to}&apply=true`, /0 changed, 1 as they should be, 0 refused/, 1],
			] as const) {
				const {code, stdout, stderr} = await users([...lila, target]);
				assert.deepEqual([code, stdout, patched()], [0, '', patches], stderr);
				assert.match(stderr, said);
			}
			const {code, stderr} = await users([...lila, `${to}&apply=true`, '--quiet']);
			assert.deepEqual([code, stderr], [0, '']);
		});
	});

	it('refuses a sink that cannot take the records, before it asks for any', async () => {
		const env = {RXAUDIT_USERNAME: 'admin', RXAUDIT_PASSWORD: 'emulator'};
		const crowd = ['--to', `crowd-changeset:${emulator().url}/crowd`];
		for (const [args, message] of [
			[
				['--to', 'atlassian-user-profile?set.nickname=x'],
				/expected records of atlassian-org-users, got common records/,
			],
			[[...crowd, '--format', 'raw'], /expected common records or raw records of .*; give --format audit/],
		] as const) {
			assertRefused(await pull(args, {env}), 2, message);
		}
		assert.equal(emulator().requestCount, 0);
		assert.deepEqual(files(), []);
	});

	describe('and a failing API', () => {
		it('ends with 1 and says which host or organization is not there', async () => {
			const quick = ['--max-attempts', '1'];
			emulator().setFaults([{kind: 'status', status: 404, at: 1}]);
			assertRefused(await pull(), 1, /orgs\/ORG\/events answered 404: .*check the id and --endpoint/);
			await emulator().close();
			assertRefused(await pull(quick), 1, /nothing listens at 127\.0\.0\.1:\d+ \(ECONNREFUSED\); check --endpoint/);
		});

		it('ends with 1 when the API asks for a longer wait than --max-wait, and keeps the state', async () => {
			emulator().setFaults([{kind: 'status', status: 429, headers: {'retry-after': '7200'}, at: 2}]);
			const {code, stderr} = await pull([...stateful, '--page-size', '30']);
			assert.equal(code, 1);
			assert.match(
				stderr,
				/^rxaudit: .*answered 429: .*longer .*than --max-wait allows; run again later, or raise it\n$/,
			);
			assert.equal((await pull(stateful)).code, 0);
			assert.deepEqual(idsIn(read('out')), held());
		});

		it('keeps what was read when the API fails in the middle', async () => {
			emulator().setFaults([{kind: 'status', status: 500, at: {from: 2}}]);
			const failed = await pull([...stateful, '--page-size', '30', '--max-attempts', '2', '--retry-base-ms', '1']);
			assert.deepEqual([failed.code, failed.stdout], [1, '']);
			const [warning, summary, error, ...more] = failed.stderr.split('\n');
			assert.match(warning!, /^rxaudit: warning: atlassian-org-events: left a gap from \S+ to \S+, .*answered 500/);
			assert.match(summary!, /^rxaudit: failed: 30 events, .*, 1 open gap: atlassian-org-events from \S+ to \S+$/);
			assert.match(error!, /^rxaudit: atlassian-org-events: .*answered 500/);
			assert.deepEqual(more, ['']);
			assert.deepEqual(idsIn(read('out')), held().slice(0, 30));
			emulator().clearFaults();
			assert.equal((await pull(stateful)).code, 0);
			assert.deepEqual(idsIn(read('out')), held());
		});
	});

	describe('with a state', () => {
		it('reads nothing twice, whatever of this changes', async () => {
			assert.equal((await pull(stateful)).code, 0);
			for (const more of [
				[],
				['--page-size', '7'],
				['--rate', '100/s'],
				['--overlap', '5m'],
				['--since', '2026-01-01'],
				['--quiet'],
			]) {
				const {code, stderr} = await pull([...stateful, ...more]);
				assert.equal(code, 0, stderr);
				assert.deepEqual(idsIn(read('out')), held());
			}
		});

		it('is refused with 5 for another pipeline, naming the difference', async () => {
			await pull([...stateful, '--action', 'none']);
			const before = files().map(name => [name, read(name)]);
			for (const [args, message] of [
				[
					['--to', 'ndjson:other', '--state', 'state', '--action', 'none'],
					/--to: expected ndjson:.*\/out, got ndjson:.*\/other;/,
				],
				[[...stateful, '--to', 'ndjson:-', '--action', 'none'], /--to: expected ndjson:.*\/out, got ndjson:- ndjson:/],
				[[...stateful, '--format', 'raw', '--action', 'none'], /--format: expected audit, got raw;/],
				[[...stateful, '--where', 'id=b', '--action', 'none'], /--where: expected nothing, got \["id=b"\];/],
				[[...stateful, '--action', 'other'], /action: expected "none", got "other";/],
				[stateful, /action: expected "none", got nothing;/],
			] as const) {
				assertRefused(await pull(args), 5, message);
				assertRefused(await pull(args), 5, /the state belongs to another pipeline/);
			}

			const other = [
				'pull',
				'atlassian-org-events',
				'--org-id',
				'OTHER',
				'--endpoint',
				emulator().url,
				'--action',
				'none',
				...stateful,
			];
			const result = await runCli(other, {cwd: folder(), env: {RXAUDIT_TOKEN: 'emulator'}});
			assertRefused(result, 5, /--org-id: expected ORG, got OTHER;/);
			assert.deepEqual(
				files().map(name => [name, read(name)]),
				before,
			);
		});

		it('is refused with 5 when it is damaged, and recovered on demand', async () => {
			await pull(stateful);
			const requests = emulator().requestCount;
			fs.writeFileSync(path.join(folder(), 'state'), 'garbage');
			assertRefused(
				await pull(stateful),
				5,
				/state: expected a state of rxaudit.*nothing was changed.*--recover-previous/,
			);
			assert.equal(emulator().requestCount, requests);
			// the file has what the generation before does not know of, and nothing that is listed is ever cut
			assertRefused(await pull([...stateful, '--recover-previous']), 5, /lie behind byte 0.*nothing is cut/);
			const tree = ['--to', 'filesystem:tree', '--state', 'of-tree'];
			await pull(tree);
			fs.writeFileSync(path.join(folder(), 'of-tree'), 'garbage');
			const recovered = await pull([...tree, '--recover-previous']);
			assert.equal(recovered.code, 0, recovered.stderr);
			assert.equal((await pull(tree)).code, 0);
			assert.deepEqual(idsIn(read('out')), held());
		});

		it('is refused with 5 while another run holds it, naming the process', async () => {
			emulator().setFaults([{kind: 'hang', at: 'all'}]);
			const holder = startPull(stateful);
			await settled(() => emulator().requestCount);
			assertRefused(
				await pull(stateful),
				5,
				new RegExp(`in use by process ${holder.pid} on .*wait for its end or stop it`),
			);
			holder.kill('SIGTERM');
			assert.equal((await holder.ended).code, 143);
			emulator().clearFaults();
			assert.equal((await pull(stateful)).code, 0);
		});

		it('is refused with 5 when the target was changed', async () => {
			await pull([...stateful, '--page-size', '30']);
			const changed = read('out').replaceAll('ORG', 'ORH');
			fs.writeFileSync(path.join(folder(), 'out'), changed);
			assertRefused(await pull(stateful), 5, /out was changed/);
			assert.equal(read('out'), changed);
			fs.rmSync(path.join(folder(), 'out'));
			assertRefused(await pull(stateful), 5, /out is missing, but the state says/);
			assert.equal(emulator().requestCount, 2);
		});

		it('must be in a place that can be written', async () => {
			fs.writeFileSync(path.join(folder(), 'file'), 'x');
			assertRefused(await pull(['--state', 'file/state']), 2, /file\/state: cannot open the state/);
			assertRefused(await pull(['--state', '.']), 2, /expected a file for the state, got a folder/);
			assertRefused(await pull(['--state', 'file']), 5, /file: expected a state of rxaudit, got something else/);
			assert.deepEqual(files(), ['file']);
			assert.equal(read('file'), 'x');
		});

		it('makes no trace of a run that is refused for its options', async () => {
			for (const args of [
				['--page-size', '0'],
				['--since', '1h', '--until', '2h'],
				['--to', 'nowhere'],
			]) {
				assertRefused(await pull([...args, '--state', 'new/state']), 2, /expected/);
			}
			assert.deepEqual(files(), []);
		});
	});

	describe('and an event that cannot be read', () => {
		const poison = '{"id":"poison","attributes":{"time":"yesterday"}}';
		beforeEach(() => {
			const [newest] = emulator().events();
			emulator().insert([{timeMs: newest!.timeMs - 1, id: 'poison', text: poison}]);
		});
		const letters = (name: string) =>
			linesOf(read(name)).map(line => JSON.parse(line) as {reason: string; record: string});
		const rest = () => held().filter(id => id !== 'poison');

		for (const [args, name] of [
			[[], 'rxaudit.dead-letter.ndjson'],
			[['--state', 'state'], 'state.dead-letter.ndjson'],
			[['--dead-letter', 'letters'], 'letters'],
		] as const) {
			it(`keeps it in ${name} and ends with 3`, async () => {
				const {code, stdout, stderr} = await pull([...args, '--quiet']);
				assert.equal(code, 3);
				assert.deepEqual(idsIn(stdout), rest());
				assert.deepEqual(
					letters(name).map(({record}) => record),
					[poison],
				);
				assert.match(letters(name)[0]!.reason, /time cannot be read: "yesterday"/);
				assert.equal(stderr, `rxaudit: warning: 1 dead letter, see ${path.join(folder(), name)}\n`);
			});
		}

		it('ends with 1 before it with --on-poison stop, and goes on there', async () => {
			assertRefused(
				await pull([...stateful, '--on-poison', 'stop', '--page-size', '10']),
				1,
				/event .*: the record's time cannot be read/,
			);
			assert(!files().includes('state.dead-letter.ndjson'));
			assert.equal((await pull(stateful)).code, 3);
			assert.deepEqual(idsIn(read('out')), rest());
			const records = letters('state.dead-letter.ndjson').map(({record}) => record);
			assert.deepEqual([...new Set(records)], [poison]);
		});
	});
});
