/**
 * How near is a plan to the pull that follows it? Both by the command, with an emulator in a process of its own that takes
 * 100 ms for each answer.
 *
 *   npm run build && node --import=tsx bench/plan.ts [--latency MS]
 */
import {execFile, fork} from 'node:child_process';
import {rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs, promisify} from 'node:util';
import {type Asked, heardFrom, type Served} from './source-emulator.ts';

const {values} = parseArgs({options: {latency: {type: 'string', default: '100'}}});
const command = fileURLToPath(new URL('../dist/lib/cli/main.js', import.meta.url));
const file = join(tmpdir(), `rxaudit-bench-${process.pid}.ndjson`);
const cases = [
	['atlassian-org-events', 20_000],
	['jira-data-center', 40_000],
	['confluence-cloud', 14_000],
	['jira-data-center', 100_000],
] as const;

const off = (planned: number, real: number) => `${planned} (${real}, ${Math.round((planned / real - 1) * 100)} %)`;
console.log('source                    events planned (read)      requests planned (sent)    seconds planned (taken)');
for (const [name, events] of cases) {
	const emulator = fork(fileURLToPath(new URL('source-emulator.ts', import.meta.url)), [
		name,
		String(events),
		values.latency,
	]);
	const {options, held} = await heardFrom<Served>(emulator);
	const flags = Object.entries(options).flatMap(([option, value]) => [
		`--${option.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`,
		String(value),
	]);
	const secrets = name.startsWith('atlassian')
		? {RXAUDIT_TOKEN: 'emulator'}
		: {RXAUDIT_USERNAME: 'admin', RXAUDIT_PASSWORD: 'emulator'};
	const rxaudit = (...args: string[]) =>
		promisify(execFile)(process.execPath, [command, ...args], {env: {...process.env, ...secrets}});
	const {stdout} = await rxaudit('plan', name, ...flags, '--json');
	const plan = JSON.parse(stdout) as Record<'events' | 'requests' | 'seconds', number>;
	emulator.send('');
	await heardFrom<Asked[]>(emulator);
	const began = performance.now();
	await rxaudit('pull', name, ...flags, '--to', `ndjson:${file}?mode=replace`);
	const seconds = Math.round((performance.now() - began) / 100) / 10;
	emulator.send('');
	const {length} = await heardFrom<Asked[]>(emulator);
	const row = [off(plan.events, held.length), off(plan.requests, length), off(plan.seconds, seconds)];
	console.log(name.padEnd(26) + row.map(text => text.padEnd(27)).join(''));
	emulator.disconnect();
	rmSync(file, {force: true});
}
