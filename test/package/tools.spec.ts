import assert from 'node:assert/strict';
import {cpSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {type Emulator, startEmulator} from '../../lib/emulator/index.ts';
import {house, output, packed, tool} from './packed.ts';

/** What is no development tool of ours: others' tools, and the last compiler that knows the resolution `node10`. */
const others = ['typescript@5.9.3', 'ts-node@10.9.2', 'jest@30.5.2', 'vite@8.4.0'];

const node = process.execPath;
const other = (name: string) => path.join('node_modules', '.bin', name);

/** Compiles one file into a folder of its own and runs it there. */
const compiled = (module: string, moduleResolution: string, file = 'program.ts') => {
	const outDir = `${module}-${moduleResolution}`;
	const options = {
		target: 'es2022',
		module,
		moduleResolution,
		outDir,
		types: 'node',
		typeRoots: `${house}/node_modules/@types`,
	};
	const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
	return [
		[tool('tsc'), '--ignoreConfig', '--strict', '--skipLibCheck', ...flags, file],
		[node, path.join(outDir, file.replace(/ts$/, 'js'))],
	];
};

/** Bundles the program into one file and runs that where no package is. */
const bundled = (format: string, ...more: string[]) => {
	const file = `../../alone/${format}.${format === 'esm' ? 'mjs' : 'cjs'}`;
	const options = ['--bundle', '--platform=node', `--format=${format}`, `--outfile=${file}`, ...more];
	return [
		[tool('esbuild'), 'program.ts', ...options],
		[node, file],
	];
};
/** A bundle of ES modules needs it where CommonJS is inside; docs/library.md says so. */
const banner = "--banner:js=import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);";

const ways: Readonly<Record<string, readonly (readonly string[])[]>> = {
	'TypeScript: commonjs, bundler': compiled('commonjs', 'bundler'),
	'TypeScript: nodenext, from CommonJS': compiled('nodenext', 'nodenext'),
	// which imports an ES module, so that both are compiled
	'TypeScript: node16, from CommonJS by import()': compiled('node16', 'node16', 'late.ts'),
	tsx: [[tool('tsx'), 'program.ts']],
	'ts-node: commonjs, node10': [[other('ts-node'), 'program.ts']],
	'esbuild: esm': bundled('esm', banner),
	'esbuild: cjs': bundled('cjs'),
	'vite: ssr': [
		[other('vite'), 'build', '--ssr', 'module.mts', '--outDir', 'vite', '--logLevel', 'error'],
		[node, 'vite/module.mjs'],
	],
	'jest: ES modules': [[node, '--experimental-vm-modules', other('jest'), '--config', 'jest.esm.json']],
	'jest: CommonJS': [[node, other('jest'), '--config', 'jest.cjs.json']],
};

const transform = `
const {transformSync} = require(${JSON.stringify(path.join(house, 'node_modules', 'esbuild'))});
exports.process = (source, file, {supportsStaticESM}) => transformSync(source, {
	loader: 'ts',
	target: 'node20',
	format: supportsStaticESM ? 'esm' : 'cjs',
	supported: {'dynamic-import': supportsStaticESM},
});`;

/** jest takes ES modules of packages where they are transformed, or where it is told of them. */
const jest = (kind: string, more: object) => ({
	testMatch: [`**/${kind}.test.ts`],
	transform: {'\\.[jt]s$': './transform.cjs'},
	...more,
});

const files: Readonly<Record<string, string>> = {
	'package.json': JSON.stringify({name: 'tools', private: true}),
	'tsconfig.json': JSON.stringify({
		compilerOptions: {module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true, skipLibCheck: true},
	}),
	'late.ts': "void import('./module.mjs');",
	'transform.cjs': transform,
	'esm.test.ts': "import {report} from './program';\ntest('pulls', () => report);",
	'cjs.test.ts': "const {report} = require('./program');\ntest('pulls', () => report);",
	'jest.esm.json': JSON.stringify(jest('esm', {extensionsToTreatAsEsm: ['.ts']})),
	'jest.cjs.json': JSON.stringify(jest('cjs', {transformIgnorePatterns: []})),
};

describe('package tools', function () {
	this.timeout(300_000);
	let folder: string;
	let emulator: Emulator;

	before(async () => {
		folder = path.join((await packed()).consumer, 'tools');
		mkdirSync(folder);
		for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
		for (const name of ['program.ts', 'module.mts']) {
			cpSync(new URL('tools/program.ts', import.meta.url), path.join(folder, name));
		}
		const quietly = ['--prefer-offline', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
		await output(folder, 'npm', 'install', ...quietly, ...others);
		emulator = await startEmulator({events: 120});
	});
	after(() => emulator?.close());

	for (const [way, commands] of Object.entries(ways)) {
		it(`let a program pull, by ${way}`, async () => {
			const file = path.join(folder, `${way.replace(/\W+/g, '-')}.ndjson`);
			for (const command of commands) {
				await output(folder, 'env', `ENDPOINT=${emulator.url}`, `FILE=${file}`, ...command);
			}
			const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
			const held = [...emulator.events()].map(({id}) => id);
			assert.deepEqual(lines.map(line => (JSON.parse(line) as {id: string}).id).sort(), held.sort());
		});
	}

	it('are told that a CommonJS file of node16 cannot import statically', async () => {
		const [compile] = compiled('node16', 'node16');
		await assert.rejects(output(folder, ...(compile as [string, ...string[]])), /TS1479/);
	});
});
