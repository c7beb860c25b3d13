import assert from 'node:assert/strict';
import {cpSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {type Emulator, startEmulator} from '../../lib/emulator/index.ts';
import {runProcess} from '../support/cli.ts';
import {house, output, packed, tool} from './packed.ts';

const name = 'rxaudit-github-audit-log';
const example = path.join(house, 'examples', 'github-audit-log');

describe('a source of another package', function () {
	this.timeout(300_000);
	let consumer: string;
	let installed: string;
	let emulator: Emulator;

	before(async () => {
		({consumer} = await packed());
		installed = path.join(consumer, 'node_modules', name);
		cpSync(example, installed, {recursive: true});
		const api = (await import(path.join(installed, 'emulator.js'))) as {default: never};
		emulator = await startEmulator({events: 250, token: 'secret', apis: {'github-audit-log': api.default}});
	});
	after(() => emulator.close());

	it('is one file of at most 100 lines', () => {
		assert.ok(readFileSync(path.join(example, 'index.js'), 'utf8').split('\n').length <= 100);
	});

	it('passes what every source must pass, by the packed package alone', async () => {
		const said = await output(consumer, tool('mocha'), '--timeout', '60000', path.join(installed, 'test.js'));
		assert.match(said, /\b[56]\d passing/);
		assert.doesNotMatch(said, /failing|pending/);
	});

	it('has types that are right', async () => {
		const compilerOptions = {
			module: 'nodenext',
			strict: true,
			checkJs: true,
			noEmit: true,
			skipLibCheck: true,
			types: [],
			maxNodeModuleJsDepth: 0,
		};
		const config = path.join(consumer, 'plugin.json');
		writeFileSync(
			config,
			JSON.stringify({compilerOptions, files: ['index.js', 'emulator.js'].map(file => path.join(installed, file))}),
		);
		await output(consumer, tool('tsc'), '-p', config);
	});

	for (const [how, named, cwd] of [
		['by a path', './examples/github-audit-log', () => house],
		['by the path of its file', './node_modules/rxaudit-github-audit-log/index.js', () => consumer],
		['by its name', name, () => consumer],
	] as const) {
		it(`is pulled ${how}`, async () => {
			const args = ['pull', named, '--org-id', 'octo-org', '--endpoint', emulator.url, '--format', 'raw'];
			const {code, stdout, stderr} = await runProcess(args, {cwd: cwd(), env: {RXAUDIT_TOKEN: 'secret'}});
			assert.equal(code, 0, stderr);
			const held = Array.from(emulator.api('github-audit-log').records(), ({text}) => text);
			assert.deepEqual(stdout.trimEnd().split('\n'), held);
		});
	}

	it('is no success where it ends the process', async () => {
		const folder = path.join(consumer, 'ending');
		mkdirSync(folder, {recursive: true});
		writeFileSync(path.join(folder, 'exits.mjs'), 'process.exit(0);');
		writeFileSync(path.join(folder, 'never.mjs'), 'await new Promise(() => {});');
		for (const file of ['./exits.mjs', './never.mjs']) {
			const {code, stderr} = await runProcess(['pull', file], {cwd: folder});
			assert.deepEqual([code, stderr], [1, 'rxaudit: error: the process ended before the command was done\n'], file);
		}
	});
});
