import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {root} from '../support/tree.ts';

/** The package as `npm publish` would send it, and a project that has installed it. */
export interface Packed {
	readonly tarball: string;
	/** Paths inside the package, sorted. */
	readonly files: readonly string[];
	/** The folder of the project. */
	readonly consumer: string;
}

const execute = promisify(execFile);
/** The repository's folder. */
export const house = path.resolve(fileURLToPath(root));
const scratch = mkdtempSync(path.join(tmpdir(), 'rxaudit-package-'));
process.once('exit', () => rmSync(scratch, {recursive: true, force: true}));

let packing: Promise<Packed> | undefined;

/** Packs and installs once, for all specs of this folder. Takes what `npm run build` left in dist. */
export function packed(): Promise<Packed> {
	packing ??= pack();
	return packing;
}

/** Runs a program; resolves with its stdout. A failure shows everything that it said. */
export async function output(cwd: string, command: string, ...args: string[]): Promise<string> {
	try {
		const {stdout} = await execute(command, args, {cwd, env: consumerEnv(), maxBuffer: 64 * 1024 * 1024});
		return stdout;
	} catch (error) {
		const {stdout, stderr} = error as {stdout?: string; stderr?: string};
		throw new Error(`${command} ${args.join(' ')}\n${stdout ?? ''}${stderr ?? ''}`);
	}
}

/** The path of a program that is installed here: the consumer has no development tools. */
export function tool(name: string): string {
	return path.join(house, 'node_modules', '.bin', name);
}

/** Without what npm, mocha and tsx hand down to their children. */
function consumerEnv(): NodeJS.ProcessEnv {
	const inherited = Object.entries(process.env).filter(
		([name]) => !/^(npm_|NODE_OPTIONS|NODE_V8_COVERAGE)/i.test(name),
	);
	return {...Object.fromEntries(inherited), NO_COLOR: '1'};
}

async function pack(): Promise<Packed> {
	assert.ok(existsSync(new URL('dist', root)), 'expected a build in dist, got none: npm run build');
	const answer = await output(house, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', scratch);
	const [report] = JSON.parse(answer) as [{filename: string; files: {path: string}[]}];
	const tarball = path.join(scratch, report.filename);
	const consumer = path.join(scratch, 'consumer');
	cpSync(new URL('consumer', import.meta.url), consumer, {recursive: true});
	cpSync(new URL('../types', import.meta.url), path.join(consumer, 'types'), {recursive: true});
	writeFileSync(path.join(consumer, 'package.json'), JSON.stringify({name: 'consumer', private: true, type: 'module'}));
	writeFileSync(path.join(consumer, 'tsconfig.json'), JSON.stringify(strictest()));
	await copyDependencies(consumer);
	await output(consumer, 'npm', 'install', tarball, '--offline', '--no-audit', '--no-fund', '--ignore-scripts');
	return {tarball, files: report.files.map(file => file.path).sort(), consumer};
}

/** What the package needs, as it is installed here: npm finds it in place, so that no registry is asked. */
async function copyDependencies(consumer: string): Promise<void> {
	const listed = await output(house, 'npm', 'ls', '--omit=dev', '--all', '--parseable');
	for (const folder of listed.trim().split('\n').slice(1)) {
		cpSync(folder, path.join(consumer, path.relative(house, folder)), {recursive: true});
	}
}

/** The house's own compiler options without its conveniences: declarations are checked, files are emitted. */
function strictest() {
	const {compilerOptions} = JSON.parse(readFileSync(new URL('tsconfig.json', root), 'utf8')) as {
		compilerOptions: object;
	};
	return {
		compilerOptions: {
			...compilerOptions,
			noEmit: false,
			allowImportingTsExtensions: false,
			skipLibCheck: false,
			rootDir: '.',
			outDir: 'out',
			typeRoots: [path.join(house, 'node_modules', '@types')],
			types: ['node'],
		},
		include: ['*.ts', 'types/**/*.ts'],
	};
}
