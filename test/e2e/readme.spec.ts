import assert from 'node:assert/strict';
import {execFile, spawn} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {gunzipSync} from 'node:zlib';
import {startEmulator} from '../support/emulator.ts';
import {pages} from '../support/doc-pages.ts';
import {appendLog, logLine, logName} from '../support/log-files.ts';
import {root} from '../support/tree.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

const run = promisify(execFile);
const project = fileURLToPath(root);
const cli = join(project, 'dist/lib/cli/main.js');
const readme = readFileSync(join(project, 'README.md'), 'utf8');
/** How many the emulator holds: each of some twenty commands reads them all. */
const events = 1000;
const all = [readme, ...pages.map(file => readFileSync(join(project, file), 'utf8'))].join('\n');

function blocks(language: string, text = all): string[] {
	return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(match => match[1]!);
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await new Promise(resolve => server.once('listening', resolve));
	const {port} = server.address() as {port: number};
	await new Promise(resolve => server.close(resolve));
	return port;
}

describe('README and the pages of docs/', () => {
	const folder = temporaryFolder();

	// each is a process of its own, and some wait for a lock
	it('has commands that do what they say', async function () {
		this.timeout(600_000);
		const bin = join(folder(), 'bin');
		mkdirSync(bin);
		writeFileSync(join(bin, 'jq'), `#!/bin/sh\nexec node '${join(project, 'test/support/jq.mjs')}' "$@"\n`, {
			mode: 0o755,
		});
		for (const node of ['a', 'b']) {
			appendLog(join(folder(), 'nodes', node, 'log', 'audit'), logName(0), logLine({number: node.charCodeAt(0)}));
		}
		const script = await scriptOf(all);
		const output = await shell('bash', script, folder(), {PATH: `${bin}:${process.env['PATH']}`, HOME: folder()});
		assert.match(output.stdout, /^"?user_login_failed|^[a-z_]+$/m);
		const lines = gunzipSync(readFileSync(join(folder(), 'audit.ndjson.gz')))
			.toString()
			.trimEnd()
			.split('\n');
		assert.equal(lines.length, events);
		const files = readdirSync(join(folder(), 'backup'), {recursive: true}).filter(file =>
			String(file).endsWith('.json'),
		);
		assert.equal(files.length, events);
		const recipes = ['all', 'all.state', 'nightly.state', 'ever.state', 'ever'];
		for (const made of recipes) assert.ok(existsSync(join(folder(), made)), made);
		assert.match(output.stdout, /of jira-data-center:jira\.example\.com\/jira/);
		const said = output.stdout.split('\n').filter(line => line.startsWith('{"id":'));
		const redacted = said.filter(line => line.includes('redacted:'));
		const failures = said.filter(line => !line.includes('redacted:'));
		assert.ok(failures.length > 0);
		for (const line of failures) {
			const event = JSON.parse(line) as {outcome: string; origin: {geo: {country: string}}};
			assert.deepEqual([event.outcome, event.origin.geo.country], ['failure', 'Germany']);
		}
		assert.match(output.stdout, /^ *\d+ \["authentication"\]$/m);
		assert.match(output.stdout, /← action, by the rule "\w+/);
		assert.equal(redacted.length, 1);
		assert.doesNotMatch(redacted[0]!, /@example/);
		assert.match(output.stdout, /^\{"@timestamp":"[^"]+","user":\{"id":"[^"]+"\},"event":\{"action":"\w+"\}\}$/m);
		const ocsf = readFileSync(join(folder(), 'ocsf.ndjson'), 'utf8');
		assert.match(ocsf.slice(0, ocsf.indexOf('\n')), /^\{"activity_id":\d+,.*"class_uid":\d+/);
	});

	it('has five minutes that work in zsh, too', async () => {
		const bin = join(folder(), 'bin');
		mkdirSync(bin);
		writeFileSync(join(bin, 'jq'), `#!/bin/sh\nexec node '${join(project, 'test/support/jq.mjs')}' "$@"\n`, {
			mode: 0o755,
		});
		const env = {PATH: `${bin}:${process.env['PATH']}`, HOME: folder()};
		const {stdout} = await shell('zsh', await scriptOf(readme), folder(), env);
		assert.match(stdout, /^[a-z_]+$/m);
		assert.ok(existsSync(join(folder(), 'archive.state')));
	});

	it('has library examples that compile and run', async function () {
		this.timeout(600_000);
		const emulator = await startEmulator({events: 600});
		// below the project, so that `rxaudit` means this package
		const place = mkdtempSync(join(project, 'test', '.readme-'));
		try {
			const examples = blocks('ts');
			assert.ok(examples.length >= 2);
			for (const [index, example] of examples.entries()) writeFileSync(join(place, `example-${index}.ts`), example);
			const compilerOptions = {noEmit: false, allowImportingTsExtensions: false, rootDir: '.', outDir: 'out'};
			const config = {extends: '../../tsconfig.json', compilerOptions, include: ['*.ts']};
			writeFileSync(join(place, 'tsconfig.json'), JSON.stringify(config));
			await run(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), '-p', place]);
			const env = {...process.env, ENDPOINT: emulator.url, RXAUDIT_TOKEN: emulator.token};
			for (const index of examples.keys()) {
				const {stdout} = await run(process.execPath, [`out/example-${index}.js`], {cwd: place, env});
				assert.notEqual(stdout, '');
			}
			const backup = readFileSync(join(place, 'backup.ndjson.gz'));
			assert.ok(gunzipSync(backup).length > 0);
			assert.ok(existsSync(join(place, 'backup', '2026', '01')));
		} finally {
			rmSync(place, {recursive: true, force: true});
			await emulator.close();
		}
	});
});

/** The examples as they stand: npm has built already, npx finds the command, the port is a free one, events are fewer. */
async function scriptOf(text: string): Promise<string> {
	const port = await freePort();
	return [
		'set -euo pipefail',
		'npm() { true; }',
		'npx() {',
		'	shift',
		'	case " $* " in',
		// what never ends is stopped: behind its first round, where a state tells of it
		`	*' --state '*' --follow '*) node '${cli}' "$@" &`,
		'		until grep -qs succeededMs "$(sed "s/.* --state \\([^ ]*\\).*/\\1/" <<< "$*")"; do sleep 0.2; done',
		'		kill -TERM $!; wait $! || [ $? -eq 143 ] ;;',
		`	*' --follow '*) timeout -s INT 15 node '${cli}' "$@" || [ $? -eq 124 ] ;;`,
		`	*) node '${cli}' "$@" ;;`,
		'	esac',
		'}',
		...blocks('sh', text).map(block =>
			block.replaceAll('8080', String(port)).replace('--events 5000', `--events ${events}`),
		),
	].join('\n');
}

function shell(shell: 'bash' | 'zsh', script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<{stdout: string}> {
	return new Promise((resolve, reject) => {
		const child = spawn(shell, ['-c', script], {cwd, env, detached: true});
		let stdout = '';
		let stderr = '';
		child.stdout.setEncoding('utf8').on('data', text => (stdout += text));
		child.stderr.setEncoding('utf8').on('data', text => (stderr += text));
		child.once('error', error => reject(new Error(`${error.message}: apt-get install ${shell}`)));
		child.once('exit', () => process.kill(-child.pid!)); // the emulator
		child.once('close', code => (code === 0 ? resolve({stdout}) : reject(new Error(`exit ${code}\n${stderr}`))));
	});
}
