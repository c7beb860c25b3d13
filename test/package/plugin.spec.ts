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

	describe('beside a sink of another package', () => {
		const held = () => Array.from(emulator.api('github-audit-log').records(), ({text}) => text);
		const env = {RXAUDIT_TOKEN: 'secret'};
		const source = () => ['--org-id', 'octo-org', '--endpoint', emulator.url, '--format', 'raw'];
		let folder: string;

		before(() => {
			folder = path.join(consumer, 'sinks');
			const sink = path.join(consumer, 'node_modules', '@acme', 'lines');
			for (const place of [folder, sink]) mkdirSync(place, {recursive: true});
			writeFileSync(
				path.join(sink, 'package.json'),
				'{"name": "@acme/lines", "type": "module", "exports": "./index.js"}',
			);
			const own = `
import fs from 'node:fs';
import {defineSink, z} from 'rxaudit/plugin';
export default defineSink({
	name: 'lines',
	docs: 'Lines of a file.',
	target: 'path',
	options: z.object({path: z.string().meta({file: true}).describe('the file'), upper: z.string().optional().describe('any text: in capitals')}),
	create: ({path, upper}) => ({
		target: path,
		async open() {
			return {
				async write({lines}) { fs.appendFileSync(path, upper ? Buffer.from(lines).toString().toUpperCase() : lines); },
				async flush() { return fs.statSync(path).size; },
				async close() {},
			};
		},
	}),
});
`;
			writeFileSync(path.join(sink, 'index.js'), own);
			writeFileSync(path.join(folder, 'lines.mjs'), own);
			const common = own
				.replace("import fs from 'node:fs';", "const fs = require('node:fs');")
				.replace('import {defineSink, z} from', 'const {defineSink, z} = require(')
				.replace("'rxaudit/plugin';", "'rxaudit/plugin');")
				.replace('export default', 'module.exports =');
			writeFileSync(path.join(folder, 'lines.cjs'), common);
		});

		for (const [how, to] of [
			['by its path', './lines.mjs:'],
			['by its name', '@acme/lines:'],
			['in CommonJS', './lines.cjs:'],
		] as const) {
			it(`is written ${how}, by pull and by run`, async () => {
				const file = `${how.slice(-4)}.txt`;
				const pulled = await runProcess(['pull', name, ...source(), '--to', to + file], {cwd: folder, env});
				assert.equal(pulled.code, 0, pulled.stderr);
				assert.deepEqual(readFileSync(path.join(folder, file), 'utf8').trimEnd().split('\n'), held());
				const pipeline = {
					source: {name, orgId: 'octo-org', endpoint: emulator.url, token: {env: 'RXAUDIT_TOKEN'}},
					format: 'raw',
					to: [{name: to.slice(0, -1), path: `run-${file}`}, `${to}upper-${file}?upper=yes`],
				};
				writeFileSync(path.join(folder, 'run.json'), JSON.stringify({pipelines: {github: pipeline}}));
				const ran = await runProcess(['run', 'run.json'], {cwd: folder, env});
				assert.equal(ran.code, 0, ran.stderr);
				assert.equal(
					readFileSync(path.join(folder, `run-${file}`), 'utf8'),
					readFileSync(path.join(folder, file), 'utf8'),
				);
				assert.match(readFileSync(path.join(folder, `upper-${file}`), 'utf8'), /^[^a-z]*$/);
			});
		}

		it('is described, and refused where it is none', async () => {
			const said = await runProcess(['describe', '@acme/lines'], {cwd: folder});
			assert.match(said.stdout, /^lines \(sink\)[^]* upper +any text/);
			for (const [to, expected] of [
				['./none.mjs:x', /\.\/none\.mjs: expected a file or folder with a sink, got nothing there/],
				[`${name}:x`, /expected a sink as its default export, got a function; see defineSink/],
			] as const) {
				const {code, stderr} = await runProcess(['pull', name, ...source(), '--to', to], {cwd: folder, env});
				assert.equal(code, 2);
				assert.match(stderr, expected);
			}
		});

		it('is blamed for what it throws', async () => {
			const sink = (open: string) =>
				`import {defineSink, z} from 'rxaudit/plugin';
export default defineSink({name: 'odd', docs: '', target: 'path', options: z.object({path: z.string()}), create: ({path}) => ({target: path, ${open}})});`;
			for (const [open, expected] of [
				["open() { throw new Error('no luck'); }", /^rxaudit: odd: no luck$/m],
				['open: async () => undefined', /^rxaudit: odd: expected open\(\) to resolve with \{write, flush, close\}/m],
			] as const) {
				writeFileSync(path.join(folder, 'odd.mjs'), sink(open));
				const {code, stderr} = await runProcess(['pull', name, ...source(), '--to', './odd.mjs:x'], {cwd: folder, env});
				assert.equal(code, 1);
				assert.match(stderr, expected);
				assert.doesNotMatch(stderr, /defect/);
			}
		});

		it('stays away where the source is read by Singer and Airbyte', async () => {
			const config = {source: name, org_id: 'octo-org', endpoint: emulator.url, token: 'secret', format: 'raw'};
			const {source: _, ...ofTap} = config;
			const stream = {stream: {name: 'github-audit-log'}, sync_mode: 'full_refresh', destination_sync_mode: 'append'};
			for (const [file, value] of Object.entries({a: config, s: ofTap, t: {streams: [stream]}}))
				writeFileSync(path.join(folder, `${file}.json`), JSON.stringify(value));
			for (const args of [
				['singer', name, '--config', 's.json'],
				['singer', '../node_modules/rxaudit-github-audit-log', '--config', 's.json'],
				['airbyte', 'read', '--config', 'a.json', '--catalog', 't.json'],
			]) {
				const {code, stdout, stderr} = await runProcess(args, {cwd: folder});
				assert.equal(code, 0, stderr);
				assert.equal(stdout.match(/^\{"type":"RECORD"/gm)!.length, held().length, args[0]);
			}
			const spec = await runProcess(['airbyte', 'spec', name], {cwd: folder});
			assert.match(spec.stdout, /"enum":\["rxaudit-github-audit-log"\]/);
		});
	});

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
