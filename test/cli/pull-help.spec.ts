import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {pullHelp} from '../../lib/cli/pull-help.ts';
import type {ApiName} from '../../lib/emulator/index.ts';
import {list, load} from '../../lib/registry.ts';
import {runCli} from '../support/cli.ts';
import {commandLine, linesOf} from '../support/command-line.ts';
import {runExample} from '../support/examples.ts';

const flags = {quiet: {help: 'silence'}};
const events = await load('source', 'atlassian-org-events');

/** What a help text shows to type: the lines in front of `On a local stand-in`, and those behind it. */
function shownIn(help: string): readonly [api: string[], emulator: string[]] {
	const [, api = '', emulator = ''] = help.split(/^(?:Examples:|On a local stand-in,.*)$/m);
	return [linesOf(api).map(line => line.trim()), linesOf(emulator).map(line => line.trim())];
}

describe('pullHelp', () => {
	it('names the sources, or the options of one', () => {
		const general = pullHelp(undefined, flags, events);
		assert.match(general, /^Usage: rxaudit pull <source> \[options\]/);
		assert.match(general, /^Sources: .*atlassian-org-events/m);
		const own = pullHelp(events, flags);
		assert.match(own, /^Usage: rxaudit pull atlassian-org-events --org-id ORG \[options\]/);
		assert.match(own, /^ {2}--org-id VALUE +the organization id; required$/m);
		assert.match(own, /^ {2}--token-file FILE/m);
		assert.doesNotMatch(own, /--password-file|--token /);
		assert.deepEqual(shownIn(general), shownIn(own));
	});

	it('comes with and without a source, on stdout', async () => {
		for (const args of [
			['pull', '--help'],
			['pull', '-h'],
			['help', 'pull'],
			['pull', 'atlassian-org-events', '--help'],
		]) {
			const {code, stdout, stderr} = await runCli(args);
			assert.deepEqual([code, stderr], [0, '']);
			assert.match(stdout, /^Usage: rxaudit pull/);
		}
	});

	it('shows no examples of what reads no API', () => {
		assert.doesNotMatch(pullHelp({...events, name: 'file', auth: []} as never, flags), /Examples/);
	});
});

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

	for (const name of list('source')) {
		it(`of ${name} runs, and gives everything`, async () => {
			const source = await load('source', name);
			const [[login, ...atApi], atEmulator] = shownIn(pullHelp(source, flags));
			assert.match(login!, /^export /);
			assert.deepEqual([atApi.length, atEmulator.length], [3, 1]);
			// the emulator takes some requests without their context path too
			const address = ` --endpoint ${emulator().endpoints[name as ApiName]} `;
			assert.ok(filledIn(atEmulator[0]!, undefined).includes(address), address);
			const held = [
				...emulator()
					.api(name as ApiName)
					.records(),
			].length;
			const run = async (script: string, place: string) => {
				const own = path.join(folder(), place);
				fs.mkdirSync(own);
				const {code, stdout, stderr} = await runExample(script, own, {});
				assert.equal(code, 0, `${script}\n${stderr}`);
				return {lines: linesOf(stdout), files: fs.readdirSync(own), stderr};
			};
			const results = await Promise.all([
				...atApi.map((line, at) =>
					run(`${filledIn(login!, undefined)}\n${filledIn(line, source.endpoint)}`, `api-${at}`),
				),
				run(filledIn(atEmulator[0]!, undefined), 'emulator'),
			]);
			const [seen, file, tree, first] = results;
			assert.equal(seen!.lines.length, held);
			const isLog = source.order !== 'none';
			assert.equal(atApi[0]!.includes("'.time "), isLog, 'a member that the lines have');
			assert.ok(seen!.lines.every(line => !isLog || typeof (JSON.parse(line) as {time: unknown}).time === 'string'));
			assert.ok(file!.files.includes('audit.ndjson.gz') && file!.files.includes('audit.state'));
			assert.ok(tree!.files.includes('backup') && tree!.files.includes('backup.state'));
			for (const {stderr} of [file!, tree!]) assert.match(stderr, new RegExp(`^rxaudit: done: ${held} events, `, 'm'));
			assert.equal(first!.lines.length, 3);
		});
	}
});
