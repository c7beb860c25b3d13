import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {resetIn, resetReason} from '../../../lib/cli/commands/state-reset.ts';
import {fileState} from '../../../lib/state/file-state.ts';
import {readState} from '../../../lib/state/state-files.ts';
import type {Checkpoint} from '../../../lib/state/state.ts';
import {main} from '../../../lib/cli/rxaudit.ts';
import {runCli} from '../../support/cli.ts';
import {testWorld} from '../../support/world.ts';
import {assertRefused, commandLine, idsIn} from '../../support/command-line.ts';
import {newestMs} from '../../support/emulator.ts';

const hourMs = 3_600_000;
const key = 'atlassian-org-events:ORG';

describe('rxaudit state', () => {
	const {folder, emulator, pull, held} = commandLine({spacingMs: 600_000});
	const at = (name = 'pull.state') => path.join(folder(), name);
	const to = [
		'--to',
		'ndjson:out.ndjson',
		'--state',
		'pull.state',
		'--since',
		new Date(newestMs - 9 * hourMs).toISOString(),
	];
	const state = (verb: string, ...args: string[]) => runCli(['state', verb, 'pull.state', ...args], {cwd: folder()});
	const written = () => idsIn(fs.readFileSync(at('out.ndjson'), 'utf8'));
	const timeBack = (hours: number) => new Date(newestMs - hours * hourMs).toISOString();

	async function pulled(): Promise<void> {
		const {code, stderr} = await pull(to);
		assert.equal(code, 0, stderr);
	}

	/** What the API holds since the first time that is asked for. */
	function expected(): string[] {
		return Array.from(emulator().events())
			.filter(({timeMs}) => timeMs >= newestMs - 9 * hourMs)
			.map(({id}) => id)
			.sort();
	}

	describe('show', () => {
		it('says what the state knows, without its lock', async () => {
			await pulled();
			const running = fileState(at());
			await running.load();
			const {code, stdout, stderr} = await state('show');
			await running.close!();
			assert.deepEqual([code, stderr], [0, '']);
			assert.match(stdout, /^\S+pull\.state: generation \d\n {2}success {7}20\S+Z\n/);
			for (const line of [
				`source        ${key}`,
				`newest event  ${new Date(newestMs).toISOString()}`,
				`bound to      ${key} endpoint: ${emulator().url}/`,
				`identities    ${expected().length} events, which do not come twice`,
			]) {
				assert.ok(stdout.includes(`\n  ${line}\n`), `${line}\n${stdout}`);
			}
			assert.match(stdout, new RegExp(`\\n  read          from ${timeBack(9)} to \\S+Z\\n`));
			assert.match(stdout, /\n {2}target {8}ndjson:\S+out\.ndjson \{"bytes":\d+/);
			const {stdout: json} = await state('show', '--json');
			assert.deepEqual(JSON.parse(json), {state: at(), ...readState(at(), false).stored});
		});

		it('keeps to its lines, whatever a name or a server says', async () => {
			await pulled();
			const store = fileState(at());
			const {checkpoint, version} = (await store.load())!;
			const gap = {sinceMs: 1, untilMs: 2, coversToMs: 2, reason: 'odd\n\u001b[2Jline'};
			const sources = {[key]: {...(checkpoint.sources[key] as object), gaps: [gap]}};
			await store.commit({...checkpoint, sources}, version);
			await store.close!();
			for (const args of [['state', 'gaps'], ['state', 'show'], ['status']]) {
				const {stdout} = await runCli([...args, at()]);
				assert.match(stdout, /: odd\\u\{a\}\\u\{1b\}\[2Jline$/m);
			}
		});

		it('refuses what is no state, with what to do', async () => {
			assertRefused(await state('show'), 2, /state show: expected the state of a pull, but \S+ does not exist/);
			fs.writeFileSync(at(), 'x');
			assertRefused(await state('gaps'), 5, /expected a state of rxaudit, got something else/);
			assertRefused(await state('show', '--yes'), 2, /state show: expected --json only, got --yes/);
			assertRefused(await runCli(['state', 'show']), 2, /state show: expected the file of a state, got none/);
			assertRefused(await state('sho'), 2, /one of its verbs, got another name \(did you mean show\?\): one of show, /);
		});
	});

	describe('gaps', () => {
		it('has a line each and ends with 1, and with 0 where there is none', async () => {
			emulator().setFaults([{kind: 'status', status: 500, at: {from: 2}}]);
			const attempts = ['--max-attempts', '1', '--page-size', '20'];
			assert.equal((await pull([...to, ...attempts])).code, 1);
			emulator().clearFaults();
			const {code, stdout} = await state('gaps');
			assert.equal(code, 1);
			assert.match(stdout, new RegExp(`^${key} from ${timeBack(9)} to \\S+Z: .*answered 500[^\\n]*\\n$`));
			const {gaps} = JSON.parse((await state('gaps', '--json')).stdout) as {gaps: {source: string}[]};
			assert.deepEqual(
				gaps.map(({source}) => source),
				[key],
			);
			await pulled();
			const none = await state('gaps');
			assert.deepEqual([none.code, none.stdout], [0, '']);
		});
	});

	describe('reset', () => {
		it('lets the next run read again, and find what is there now, with nothing twice', async () => {
			await pulled();
			// far behind the overlap: no run finds it by itself
			emulator().insert([{timeMs: newestMs - 5 * hourMs}, {timeMs: newestMs - 8 * hourMs}]);
			await pulled();
			assert.equal(written().length, expected().length - 2);
			const before = fs.readFileSync(at());
			const {code, stdout} = await state('reset', '--since', timeBack(6), '--yes');
			assert.equal(code, 0);
			assert.match(
				stdout,
				new RegExp(`^${key}: the next run reads again from ${timeBack(6)} to \\S+Z; what is in the targets`),
			);
			assert.deepEqual(fs.readFileSync(at('pull.state.previous')), before);
			assert.ok((await state('gaps')).stdout.includes(resetReason));
			assert.equal((await runCli(['status', at()])).code, 1);
			await pulled();
			assert.equal(written().length, expected().length - 1);
			assert.equal((await runCli(['status', at()])).code, 0);
			assert.equal((await state('reset', '--yes')).code, 0);
			await pulled();
			assert.deepEqual(written().sort(), expected());
			assert.ok(expected().length < held().length);
		});

		it('is gone on with where the run that reads again is stopped, with nothing twice', async () => {
			await pulled();
			emulator().insert([{timeMs: newestMs - 5 * hourMs}]);
			assert.equal((await state('reset', '--yes')).code, 0);
			emulator().setFaults([{kind: 'status', status: 500, at: {from: emulator().requestCount + 4}}]);
			assert.equal((await pull([...to, '--page-size', '5', '--max-attempts', '1'])).code, 1);
			emulator().clearFaults();
			await pulled();
			assert.deepEqual(written().sort(), expected());
		});

		it('shows what it would do where it is not told to, and asks for a time that was read', async () => {
			await pulled();
			const before = fs.readFileSync(at());
			const {code, stdout, stderr} = await state('reset');
			assert.deepEqual([code, stdout], [1, '']);
			assert.match(
				stderr,
				/^rxaudit: would change: \S+: the next run reads again .*\nrxaudit: nothing was changed; --yes does it\n$/,
			);
			assertRefused(
				await state('reset', '--since', '2099-01-01', '--yes'),
				2,
				/expected something that was read from 2099/,
			);
			assertRefused(await state('reset', '--since', 'noon'), 2, /--since: expected a time such as /);
			assertRefused(await state('reset', '--source', 'x:y'), 2, /expected --source with one .* got another: \S+:ORG/);
			assert.deepEqual(fs.readFileSync(at()), before);
		});

		it('asks whom it can ask', async () => {
			await pulled();
			const before = fs.readFileSync(at());
			for (const [input, code] of [
				['no\n', 1],
				['', 1],
				['yes\n', 0],
			] as const) {
				assert.deepEqual(fs.readFileSync(at()), before);
				const world = testWorld({cwd: folder(), isTTY: true, input});
				assert.equal(await main(['state', 'reset', 'pull.state'], world), code);
				assert.match(world.warned(), /^rxaudit: would change: .*\nType yes to go on: /);
			}
			assert.notDeepEqual(fs.readFileSync(at()), before);
		});

		it('changes nothing while a run goes on', async () => {
			await pulled();
			const running = fileState(at());
			await running.load();
			const before = fs.readFileSync(at());
			assertRefused(await state('reset', '--yes'), 5, /in use by process \d+ on /);
			assertRefused(await state('rebind', '--endpoint', 'https://x', '--yes'), 5, /in use by process/);
			assert.deepEqual(fs.readFileSync(at()), before);
			await running.close!();
		});

		it('refuses what would come twice, unless that is allowed', async () => {
			await pulled();
			const {checkpoint} = readState(at(), false).stored!;
			// a journal that was begun anew, without what is older than the overlap
			const thinned: Checkpoint = {...checkpoint, journal: {...(checkpoint.journal as object), file: 2}};
			const sinceMs = newestMs - 2 * hourMs;
			const {floorMs} = checkpoint.snapshots[`dedupe:${key}`] as {floorMs: number};
			await assert.rejects(resetIn(thinned, {sinceMs, allowDuplicates: false}), {
				code: 'CONFIG',
				message: new RegExp(`would come twice; give --since ${new Date(floorMs).toISOString()} or later, begin a new`),
			});
			assert.match((await resetIn(thinned, {sinceMs, allowDuplicates: true})).said.join(), /events may come twice/);
			await resetIn(thinned, {sinceMs: floorMs, allowDuplicates: false});
			await resetIn(checkpoint, {sinceMs, allowDuplicates: false});
		});

		it('refuses a state with a commit in the middle, and a source that is read by place', async () => {
			await pulled();
			const {checkpoint} = readState(at(), false).stored!;
			const options = {allowDuplicates: false};
			const pending = {...checkpoint, pending: {pages: 1, checkpoint}};
			await assert.rejects(resetIn(pending, options), {code: 'STATE_CONFLICT', message: /run the same pull once more/});
			const sources = {'data-center-log-files:jira': {covered: [[0, 9]], place: {folders: {}}}};
			await assert.rejects(resetIn({...checkpoint, sources}, options), /goes on by its place in files; to read them/);
		});
	});
});
