import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {pullHelp} from '../../lib/cli/output/pull-help.ts';
import {load} from '../../lib/registry.ts';
import {runCli} from '../support/cli.ts';
import {apiSources} from '../support/api-sources.ts';
import {commandLine, linesOf} from '../support/command-line.ts';
import {runExample, shownIn} from '../support/examples.ts';

/** A log and a listing, whose examples are all run; of the others the first, from which they differ by the target. */
const runWhole = ['atlassian-org-events', 'atlassian-org-users'];
const flags = {quiet: {help: 'silence'}};

describe('each example of pull --help', () => {
	// as new as the real ones, so that a span back from now finds them
	const {folder, emulator} = commandLine({events: 40, newestMs: Date.now() - 120_000});

	/** The example as it stands, but for what only the user knows: host, secrets, and the port of the emulator. */
	function filledIn(line: string, endpoint: string | undefined): string {
		const {url, token, username, password} = emulator();
		const known = line
			.replace('RXAUDIT_TOKEN=…', `RXAUDIT_TOKEN=${token}`)
			.replace('RXAUDIT_USERNAME=…', `RXAUDIT_USERNAME=${username}`)
			.replace('RXAUDIT_PASSWORD=…', `RXAUDIT_PASSWORD=${password}`)
			.replace('https://HOST', url)
			.replace('http://127.0.0.1:8080', url);
		// the vendor's own host is not to be asked by a test
		return endpoint === undefined ? known : known.replace(' --org-id', ` --endpoint ${url} --org-id`);
	}

	for (const {name} of apiSources) {
		it(`of ${name} runs, and gives everything`, async () => {
			const source = await load('source', name);
			const [[login, ...atApi], atEmulator] = shownIn(pullHelp(source, flags));
			assert.match(login!, /^export /);
			assert.deepEqual([atApi.length, atEmulator.length], [3, 1]);
			// the emulator takes some requests without their context path too
			const address = ` --endpoint ${emulator().endpoints[name]} `;
			assert.ok(filledIn(atEmulator[0]!, undefined).includes(address), address);
			const held = [...emulator().api(name).records()].length;
			const run = async (script: string, place: string) => {
				const own = path.join(folder(), place);
				fs.mkdirSync(own);
				const {code, stdout, stderr} = await runExample(script, own, {});
				assert.equal(code, 0, `${script}\n${stderr}`);
				return {lines: linesOf(stdout), files: fs.readdirSync(own), stderr};
			};
			const [command] = atApi[0]!.split(/ --since| \|/);
			for (const line of atApi) assert.ok(line.startsWith(`${command} `), line);
			const first = await run(filledIn(atEmulator[0]!, undefined), 'emulator');
			assert.equal(first.lines.length, 3);
			const [seen, ...written] = await Promise.all(
				atApi
					.slice(0, runWhole.includes(name) ? 3 : 1)
					.map((line, at) => run(`${filledIn(login!, undefined)}\n${filledIn(line, source.endpoint)}`, `api-${at}`)),
			);
			assert.equal(seen!.lines.length, held);
			const isLog = source.order !== 'none';
			assert.equal(atApi[0]!.includes("'.time "), isLog, 'a member that the lines have');
			assert.ok(seen!.lines.every(line => !isLog || typeof (JSON.parse(line) as {time: unknown}).time === 'string'));
			if (!runWhole.includes(name)) return;
			const [file, tree] = written;
			assert.ok(file!.files.includes('audit.ndjson.gz') && file!.files.includes('audit.state'));
			assert.ok(tree!.files.includes('backup') && tree!.files.includes('backup.state'));
			for (const {stderr} of [file!, tree!]) assert.match(stderr, new RegExp(`^rxaudit: done: ${held} events, `, 'm'));
		});
	}
});

describe('the examples of status --help and state --help', () => {
	const {folder, emulator, pull} = commandLine({events: 40, newestMs: Date.now() - 120_000});

	it('run one after the other, on states of real pulls', async () => {
		const {endpoints, username, password} = emulator();
		for (const name of ['audit', 'backup']) {
			const target = `ndjson:${name}.ndjson.gz`;
			assert.equal((await pull(['--to', target, '--state', `${name}.state`])).code, 0);
		}
		const env = {RXAUDIT_USERNAME: username, RXAUDIT_PASSWORD: password};
		const jira = ['pull', 'jira-data-center', '--endpoint', endpoints['jira-data-center']!, '--state', 'jira.state'];
		assert.equal((await runCli([...jira, '--to', 'ndjson:jira.ndjson'], {cwd: folder(), env})).code, 0);
		const config = "pipelines: {backup: {source: {name: atlassian-org-events}, to: 'ndjson:x', state: backup.state}}";
		fs.writeFileSync(path.join(folder(), 'rxaudit.yaml'), config);
		const archive = path.join(folder(), 'archive');
		const said: string[] = [];
		for (const command of ['status', 'state']) {
			const {stdout: help} = await runCli([command, '--help']);
			const [examples] = shownIn(help.replace(/^[^]*^Examples:$/m, 'x\nExamples:'));
			assert.ok(examples.length > 1);
			for (const example of examples) {
				if (example.includes('/mnt/archive')) {
					fs.mkdirSync(archive);
					for (const file of ['audit.ndjson.gz', 'audit.ndjson.gz.manifest'])
						fs.renameSync(path.join(folder(), file), path.join(archive, file));
				}
				const {code, stdout, stderr} = await runExample(example.replace('/mnt/archive', archive), folder());
				assert.deepEqual([code, stderr], [0, ''], example);
				said.push(stdout);
			}
		}
		const all = said.join('');
		for (const expected of [
			/backup\.state: ok$/m,
			/^\{"state":/m,
			/bound to/,
			/reads again from/,
			/is ndjson:\S+archive/,
		]) {
			assert.match(all, expected);
		}
		assert.match(all, /^jira-data-center:\S+ is jira-data-center:jira\.example\.com now/m);
	});
});

describe('the example of run --help', () => {
	const {folder, emulator} = commandLine({events: 40});

	it('is a file that runs', async () => {
		const {stdout: help} = await runCli(['run', '--help']);
		const [, indented] = /^Example of a file:\n([^]*?)\n\n/m.exec(help)!;
		const text = indented!.replace(/^ {2}/gm, '').replace('orgId: ORG', `orgId: ORG, endpoint: ${emulator().url}`);
		fs.writeFileSync(path.join(folder(), 'rxaudit.yaml'), text);
		const [[check, run]] = shownIn(help.replace(/^[^]*^Examples:$/m, 'x\nExamples:'));
		const checked = await runExample(check!, folder());
		assert.deepEqual([checked.code, checked.stdout], [0, 'rxaudit.yaml: 1 pipeline, nothing is wrong\n']);
		const {code, stderr} = await runExample(run!.replace('9464', '0'), folder());
		assert.equal(code, 0, stderr);
		assert.match(stderr, /^rxaudit: organization: done: 40 events/m);
	});
});
