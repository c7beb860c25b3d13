import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {readStatus} from '../../../lib/cli/commands/read-status.ts';
import {type PipelineStatus, pipelineText, spanWords} from '../../../lib/cli/output/pipeline.ts';
import {fileState} from '../../../lib/state/file-state.ts';
import {readState} from '../../../lib/state/state-files.ts';
import {runCli} from '../../support/cli.ts';
import {assertRefused, commandLine} from '../../support/command-line.ts';
import {newestMs} from '../../support/emulator.ts';
import {patchFs, restoreFs} from '../../support/patch-fs.ts';

const dayMs = 86_400_000;
const api = 'atlassian-org-events';

describe('rxaudit status', () => {
	const {folder, emulator, pull} = commandLine();
	afterEach(restoreFs);
	const at = (name = 'pull.state') => path.join(folder(), name);
	const to = ['--to', 'ndjson:out.ndjson', '--state', 'pull.state'];
	const status = (...args: string[]) => runCli(['status', ...args], {cwd: folder()});
	const json = async (...args: string[]) => JSON.parse((await status(...args, '--json')).stdout) as PipelineStatus;

	async function pullWithGap(): Promise<void> {
		emulator().setFaults([{kind: 'status', status: 500, at: {from: 2}}]);
		const attempts = ['--max-attempts', '1', '--retry-base-ms', '1', '--page-size', '30'];
		assert.equal((await pull([...to, ...attempts, '--since', new Date(newestMs - dayMs).toISOString()])).code, 1);
		emulator().clearFaults();
	}

	it('says of a pipeline that is well how it is', async () => {
		const beganMs = Date.now();
		assert.equal((await pull(to)).code, 0);
		const {code, stdout, stderr} = await status('pull.state', '--max-age', '1h');
		assert.deepEqual([code, stderr], [0, '']);
		assert.match(stdout, /^\S+pull\.state: ok\n {2}last success {2}\S+Z, \d seconds? ago\n/);
		assert.match(stdout, new RegExp(`\\n  source        ${api}:ORG at ${emulator().url}/\n`));
		const {sources, succeeded, ...rest} = await json('pull.state');
		const none = {ok: true, problems: [], inUse: false, lacks: [], deadLetters: []};
		assert.deepEqual(rest, {state: at(), ...none});
		assert.ok(Date.parse(succeeded!) >= beganMs && Date.parse(succeeded!) <= Date.now());
		const [{newest, lagSeconds, readUpTo, purges, ...source}, ...others] = sources as [PipelineStatus['sources'][0]];
		assert.equal(others.length, 0);
		assert.equal(newest, new Date(newestMs).toISOString());
		// what is younger than a minute may still be on its way
		assert.ok(lagSeconds! >= 60 && lagSeconds! < 90, `${lagSeconds}`);
		assert.deepEqual(source, {
			source: api,
			tenant: 'ORG',
			endpoint: `${emulator().url}/`,
			interrupted: null,
			gaps: [],
			retention: {days: 180},
		});
		const purgedMs = Date.parse(readUpTo!) + 180 * dayMs;
		assert.deepEqual(
			purges.map(({from, at, gone}) => [from, at, gone]),
			[[readUpTo, new Date(purgedMs).toISOString(), false]],
		);
	});

	it('writes a page for people, in place of the last one and of nothing else', async () => {
		assert.equal((await pull(to)).code, 0);
		const page = () => fs.readFileSync(at('status.html'), 'utf8');
		const {code, stdout} = await status('pull.state', '--quiet', '--html', at('status.html'));
		assert.deepEqual([code, stdout], [0, '']);
		assert.match(page(), /<strong>All is well<\/strong>, as of \d/);
		const bad = await status('pull.state', 'other.state', '--html', at('status.html'));
		assert.equal(bad.code, 1);
		assert.match(page(), /<strong>1 of 2 need attention<\/strong>/);
		assert.match(page(), /needs attention: expected the state of a pull, got no file/);
		assert.doesNotMatch(page(), /<script|https?:\/\/[^1]/);
		const held = fs.readFileSync(at('out.ndjson'));
		assertRefused(
			await status('pull.state', '--html', at('out.ndjson')),
			2,
			/expected a new file, or a page that rxaudit wrote/,
		);
		assert.deepEqual(fs.readFileSync(at('out.ndjson')), held);
	});

	it('ends with 1 at an open gap, and says when the API deletes what lies in it', async () => {
		await pullWithGap();
		const {code, stdout} = await status('pull.state');
		assert.equal(code, 1);
		assert.match(stdout, /pull\.state: needs attention\n {2}problem {7}atlassian-org-events: 1 open gap\n/);
		assert.match(stdout, /\n {2}last success {2}never, as far as this state knows\n/);
		assert.match(stdout, /\n {2}gap {11}from 2026-01-30T23:59:59\.987Z to \S+Z: .*answered 500/);
		const nowMs = newestMs + 170 * dayMs;
		const {sources} = await readStatus(at(), nowMs);
		const [{gaps, purges}] = sources as [PipelineStatus['sources'][0]];
		assert.equal(gaps.length, 1);
		// ten days are left of the 180, less the one that --since went back
		const [first] = purges;
		assert.deepEqual([first!.from, first!.to], [gaps[0]!.from, gaps[0]!.to]);
		assert.deepEqual([first!.inSeconds, first!.gone], [9 * 86_400, false]);
		const late = newestMs + 200 * dayMs;
		const gone = await readStatus(at(), late);
		assert.equal(gone.sources[0]!.purges[0]!.gone, true);
		assert.match(pipelineText(gone, late), /\n {2}purged {8}the API deleted what was not read from 2026-01-30T/);
		assert.equal((await pull(to)).code, 0);
		assert.equal((await status('pull.state')).code, 0);
	});

	it('says nothing with --quiet where all is well, and else what is not', async () => {
		assert.equal((await pull(to)).code, 0);
		for (const how of [['--quiet'], ['--quiet', '--json']]) {
			const well = await status('pull.state', ...how);
			assert.deepEqual([well.code, well.stdout, well.stderr], [0, '', '']);
		}
		const {code, stdout} = await status('pull.state', 'gone.state', '--quiet');
		assert.equal(code, 1);
		assert.match(stdout, /^\S+gone\.state: needs attention\n {2}problem /);
		assert.doesNotMatch(stdout, /pull\.state/);
		const asJson = await status('pull.state', 'gone.state', '--quiet', '--json');
		assert.equal((JSON.parse(asJson.stdout) as PipelineStatus).ok, false);
	});

	it('ends with 1 where nothing ever came, until something does', async () => {
		const empty = ['--since', new Date(newestMs + dayMs).toISOString()];
		assert.equal((await pull([...to, ...empty])).code, 0);
		const {code, stdout} = await status('pull.state');
		assert.equal(code, 1);
		assert.match(stdout, /problem {7}atlassian-org-events: nothing ever came, and none of it counts as read: check /);
		assert.equal((await pull(to)).code, 0);
		assert.equal((await status('pull.state')).code, 0);
	});

	it('ends with 1 when a success is older than --max-age, or there was none', async () => {
		assert.equal((await pull(to)).code, 0);
		const nowMs = Date.parse((await json('pull.state')).succeeded!);
		assert.deepEqual((await readStatus(at(), nowMs + 3_600_000, {maxAgeMs: 3_600_000})).problems, []);
		const {ok, problems} = await readStatus(at(), nowMs + 3_600_001, {maxAgeMs: 3_600_000});
		assert.equal(ok, false);
		assert.match(problems.join(), /^expected a run that came to its end within 60 minutes, the last one did 20/);
		await withoutSuccess();
		const {code, stdout} = await status('pull.state', '--max-age', '1h');
		assert.equal(code, 1);
		assert.match(stdout, /got none, as far as this state knows\n {2}last success {2}never, as far as this state knows/);
		assert.equal((await status('pull.state')).code, 0);
	});

	it('ends with 1 when a run had a clock that was ahead, until the next one that comes to its end', async () => {
		assert.equal((await pull(to)).code, 0);
		const tomorrowMs = Date.now() + dayMs;
		const store = fileState(at());
		const {checkpoint, version} = (await store.load())!;
		const sources = Object.entries(checkpoint.sources).map(([key, position]) => {
			return [key, {...(position as object), covered: [[0, tomorrowMs]]}];
		});
		await store.commit({...checkpoint, sources: Object.fromEntries(sources), succeededMs: tomorrowMs}, version);
		await store.close!();
		for (const limits of [[], ['--max-age', '26h']]) {
			const {code, stdout} = await status('pull.state', ...limits);
			assert.equal(code, 1);
			const advice = 'ahead of this clock: set right the clock that is wrong; the next success makes it well\n';
			assert.ok(
				stdout.includes(
					`problem       the last success is of ${new Date(tomorrowMs).toISOString()}, 23 hours ${advice}`,
				),
				stdout,
			);
			assert.match(stdout, /problem {7}atlassian-org-events: all is read up to \S+, 23 hours ahead of this clock: set/);
			assert.match(stdout, /\n {2}read up to {4}\S+, 23 hours ahead of this clock\n/);
		}
		const lags = (await json('pull.state')).sources.map(({lagSeconds}) => Math.round(lagSeconds! / 3600));
		assert.deepEqual(lags, [24]);
		assert.equal((await pull(to)).code, 0);
		const {ok, problems, succeeded, sources: after} = await json('pull.state');
		assert.deepEqual([ok, problems, after[0]!.readUpTo], [true, [], succeeded]);
	});

	/** As a state is that was written before successes were noted. */
	async function withoutSuccess(): Promise<void> {
		const store = fileState(at());
		const {checkpoint, version} = (await store.load())!;
		const {succeededMs: _, ...older} = checkpoint;
		await store.commit(older, version);
		await store.close!();
	}

	it('keeps the time of a success through a run that is killed, and says that a pass was interrupted', async () => {
		assert.equal((await pull(to)).code, 0);
		const before = (await json('pull.state')).succeeded;
		emulator().insert(Array.from({length: 80}, (_, index) => ({timeMs: newestMs + 1000 * index})));
		const killed = runningCopy();
		// a commit every 64 pages
		assert.equal((await pull([...to, '--page-size', '1'])).code, 0);
		const copy = killed();
		const {checkpoint} = readState(copy, false).stored!;
		assert.notEqual((Object.values(checkpoint.sources)[0] as {scan?: object}).scan, undefined);
		const {succeeded, sources} = await json(path.basename(copy));
		assert.equal(succeeded, before);
		assert.notEqual(sources[0]!.interrupted, null);
		assert.notEqual((await json('pull.state')).succeeded, before);
	});

	/** Copies the state at its first commit, as a kill behind it would leave it. */
	function runningCopy(): () => string {
		const copy = at('killed.state');
		patchFs('renameSync', original => (...args: never[]) => {
			original(...(args as unknown as [string, string]));
			if (String(args[1]) !== fs.realpathSync(at()) || fs.existsSync(copy)) return;
			fs.copyFileSync(at(), copy);
			fs.copyFileSync(`${at()}.seen-1`, `${copy}.seen-1`);
		});
		return () => copy;
	}

	it('counts dead letters, beside the state and where else it put them', async () => {
		emulator().insert([{timeMs: newestMs + 1000}]);
		assert.equal((await pull(to)).code, 0);
		fs.writeFileSync(at('pull.state.dead-letter.ndjson'), '{"reason":"odd"}\n{"reason":"odd"}\n{"half');
		const {deadLetters, ok} = await json('pull.state');
		assert.deepEqual([ok, deadLetters], [true, [{file: at('pull.state.dead-letter.ndjson'), count: 2}]]);
		const {stdout} = await status('pull.state');
		assert.match(stdout, /dead letters {2}2 in \S+; once mended: rxaudit pull dead-letter:\S+\n$/);
		const store = fileState(at());
		const {checkpoint, version} = (await store.load())!;
		const elsewhere = {[`dead letters ndjson:${at('letters')}`]: {bytes: 3}};
		await store.commit({...checkpoint, sinks: {...checkpoint.sinks, ...elsewhere}}, version);
		await store.close!();
		fs.writeFileSync(at('letters'), '{}\n');
		assert.equal((await json('pull.state')).deadLetters.length, 2);
		fs.rmSync(at('letters'));
		fs.mkdirSync(at('letters'));
		assert.match(
			(await json('pull.state')).problems.join(),
			/^dead letters: expected a file that can be read, got EISDIR/,
		);
	});

	it('says how to ask for how long a server keeps its log, where no document does', async () => {
		const {endpoints, username, password} = emulator();
		for (const [name, operation] of [
			['confluence-data-center', 'retention'],
			['crowd-data-center', 'configuration'],
		] as const) {
			const args = ['pull', name, '--endpoint', endpoints[name]!, '--to', `ndjson:${name}`, '--state', 'dc.state'];
			fs.rmSync(at('dc.state'), {force: true});
			const env = {RXAUDIT_USERNAME: username, RXAUDIT_PASSWORD: password};
			const {code, stderr} = await runCli(args, {cwd: folder(), env});
			assert.equal(code, 0, stderr);
			const [{retention, purges}] = (await json('dc.state')).sources as [PipelineStatus['sources'][0]];
			const ask = `rxaudit call ${name} ${operation} --endpoint ${endpoints[name]}`;
			assert.deepEqual([retention, purges], [{ask}, []]);
			assert.ok((await status('dc.state')).stdout.includes(`\n  purged next   as the server is set: ${ask}\n`));
			const asked = await runCli(ask.split(' ').slice(1), {env});
			assert.deepEqual([asked.code, asked.stderr], [0, '']);
		}
	});

	it('names each state that is missing, damaged or something else, and answers for the others', async () => {
		assert.equal((await pull(to)).code, 0);
		fs.writeFileSync(at('other.txt'), 'pipelines: {}\n');
		const whole = fs.readFileSync(at());
		fs.writeFileSync(at('cut.state'), whole.subarray(0, -20));
		const {code, stdout, stderr} = await status('none/x.state', 'other.txt', 'cut.state', 'pull.state', '--json');
		assert.deepEqual([code, stderr], [1, '']);
		const all = stdout
			.trimEnd()
			.split('\n')
			.map(line => JSON.parse(line) as PipelineStatus);
		assert.deepEqual(
			all.map(({ok}) => ok),
			[false, false, false, true],
		);
		assert.match(
			all[0]!.problems.join(),
			/expected the state of a pull, got no file .*x\.state: check the path, or run/,
		);
		assert.match(all[1]!.problems.join(), /other\.txt: expected a state of rxaudit, got something else/);
		assert.match(all[2]!.problems.join(), /cut\.state: expected a state of rxaudit, got a truncated or altered file/);
		assert.ok(!fs.existsSync(at('none')), 'nothing is made');
		assertRefused(await status(), 2, /status: expected the state files of pulls, got none/);
		assertRefused(await status('x', '--max-age', '5'), 2, /--max-age: expected a span such as .*got "5"; add the unit/);
	});

	for (const [what, damage, problem] of [
		['gone', (journal: string) => fs.rmSync(journal), /expected the journal of this state, got no file/],
		['empty', (journal: string) => fs.writeFileSync(journal, ''), /expected \d+ bytes, got 0/],
		['cut', (journal: string) => fs.truncateSync(journal, 100), /expected \d+ bytes, got 100/],
		['altered', invert, /expected what was committed, got other bytes/],
		['a folder', replaceByFolder, /cannot read the journal: EISDIR/],
	] as const) {
		it(`ends with 1 where the journal is ${what}, as state show, check and a pull end, too`, async () => {
			assert.equal((await pull(to)).code, 0);
			damage(at('pull.state.seen-1'));
			const files = fs.readdirSync(folder());
			const {code, stdout} = await status('pull.state', '--max-age', '1h');
			assert.equal(code, 1);
			assert.match(stdout, /^\S+pull\.state: needs attention\n {2}problem /);
			assert.match(stdout, problem);
			for (const action of ['show', 'gaps']) {
				const shown = await runCli(['state', action, 'pull.state'], {cwd: folder()});
				assert.deepEqual([shown.stdout, shown.code === 0], ['', false], shown.stderr);
				assert.match(shown.stderr, problem);
			}
			const args = ['check', api, '--org-id', 'ORG', '--endpoint', emulator().url, ...to];
			const checked = await runCli(args, {cwd: folder(), env: {RXAUDIT_TOKEN: emulator().token}});
			assert.equal(checked.code, 1, checked.stdout);
			assert.match(checked.stdout, new RegExp(`FAILED {2}state .*${problem.source}`));
			assert.deepEqual(fs.readdirSync(folder()), files, 'nothing is made');
			const pulled = await pull(to);
			assert.notEqual(pulled.code, 0);
			assert.match(pulled.stderr, problem);
		});
	}

	it('neither takes the lock of a run nor waits for it, and changes nothing', async () => {
		assert.equal((await pull(to)).code, 0);
		const running = fileState(at());
		await running.load();
		const files = () => fs.readdirSync(folder()).map(name => [name, fs.readFileSync(at(name)).toString('latin1')]);
		const before = files();
		assert.equal((await json('pull.state')).inUse, true);
		assert.match((await status('pull.state')).stdout, /\n {2}in use {8}by a run that goes on, or was killed/);
		assert.deepEqual(files(), before);
		await running.assertHeld!();
		await running.close!();
	});
});

function invert(file: string): void {
	fs.writeFileSync(
		file,
		fs.readFileSync(file).map(byte => byte ^ 255),
	);
}

function replaceByFolder(file: string): void {
	fs.rmSync(file);
	fs.mkdirSync(file);
}

describe('spanWords', () => {
	it('counts in the largest unit that there are two of', () => {
		const spans = [0, 1, 119, 120, 7199, 7200, 172_799, 172_800];
		const words = ['0 seconds', '1 second', '119 seconds', '2 minutes', '119 minutes', '2 hours', '47 hours', '2 days'];
		assert.deepEqual(spans.map(spanWords), words);
	});
});
