/**
 * Do many pipelines in one process get along? `tsx <this file> [pipelines] [events]`, after `npm run build`; Linux only.
 * Default: 50 pipelines of 5,000 events each. Prints peak memory and descriptors, and how much longer the slowest of them
 * took than the fastest.
 */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {emulatorProcess} from './sides.ts';

const [pipelines = 50, events = 5000] = process.argv.slice(2).map(Number);
const cli = path.resolve(process.env['RXAUDIT_E2E_DIST'] ?? 'dist', 'lib/cli/main.js');
const folder = mkdtempSync(path.join(tmpdir(), 'rxaudit-pipelines-'));
const {url, done} = await emulatorProcess(events);
const config = path.join(folder, 'rxaudit.yaml');
const names = Array.from({length: pipelines}, (_, index) => `p${index}`);
writeFileSync(
	config,
	`defaults:
  state: states/
  source: {name: atlassian-org-events, endpoint: ${url}, token: {env: TOKEN}, pageSize: 200}
pipelines:
${names.map(name => `  ${name}: {source: {orgId: ${name}}, to: 'ndjson:${name}.ndjson'}`).join('\n')}
`,
);
try {
	const child = spawn(process.execPath, [cli, 'run', config, '--log-format', 'json'], {
		env: {...process.env, TOKEN: 'emulator'},
		stdio: ['ignore', 'inherit', 'pipe'],
	});
	let said = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
	let descriptors = 0;
	let peakMb = 0;
	const timer = setInterval(() => {
		try {
			const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
			peakMb = Number(kilobytes ?? 0) / 1024 || peakMb;
			descriptors = Math.max(descriptors, readdirSync(`/proc/${child.pid}/fd`).length);
		} catch {} // it has ended
	}, 20);
	const began = performance.now();
	const [code] = (await once(child, 'close')) as [number];
	const seconds = (performance.now() - began) / 1000;
	clearInterval(timer);
	assert.equal(code, 0, said);
	const lines = said.trimEnd().split('\n').map(parse);
	for (const line of lines) assert.notEqual(line.level, 'warn', JSON.stringify(line));
	const took = lines.flatMap(line => (line.seconds === undefined ? [] : [line.seconds]));
	assert.equal(took.length, pipelines);
	assert.ok(lines.filter(line => line.seconds !== undefined).every(line => line.events === events));
	const fairness = Math.max(...took) / Math.min(...took);
	console.log(
		`${pipelines} pipelines of ${events} events: peak RSS ${peakMb.toFixed(0)} MB, ${descriptors} descriptors, ` +
			`${seconds.toFixed(1)} s, slowest ÷ fastest ${fairness.toFixed(2)}`,
	);
} finally {
	done();
	rmSync(folder, {recursive: true});
}

function parse(line: string): {readonly level: string; readonly seconds?: number; readonly events?: number} {
	return JSON.parse(line) as ReturnType<typeof parse>;
}
