import {existsSync, readdirSync, rmSync, statSync, writeFileSync, mkdirSync} from 'node:fs';
import {join, relative} from 'node:path';
import {type Emulator, startEmulator} from '../../emulator/index.ts';
import {ConfigError} from '../../model/errors.ts';
import {dedupe} from '../../operators/dedupe.ts';
import {run as runPages} from '../../run/run.ts';
import {list, load} from '../../registry.ts';
import type {Sink} from '../../sink/sink.ts';
import {parseFlags} from '../flags/flags.ts';
import {write} from '../output/log.ts';
import {fileIn, type World} from '../world.ts';
import {run as pull} from './pull.ts';

const folder = 'rxaudit-demo';

export function help(): string {
	return 'Usage: rxaudit demo\n\nPulls from a local emulator into ./rxaudit-demo, twice.\n\nExample:\n  rxaudit demo\n';
}

/** `rxaudit demo`: the main job on a local emulator, with files to look at. */
export async function run(args: string[], world: World): Promise<number> {
	parseFlags(args, {}, 0, world);
	const place = fileIn(world, folder);
	const marker = join(place, '.rxaudit-demo');
	const say = (text: string) => write(world.stdout, `${text}\n`);
	if (existsSync(place) && !existsSync(marker)) {
		throw new ConfigError(
			`demo: expected ./${folder} to be free or of an earlier demo; it is neither, so nothing was touched`,
		);
	}
	rmSync(place, {recursive: true, force: true});
	mkdirSync(place);
	writeFileSync(marker, '');

	const emulator = await startEmulator({events: 2000, newestMs: Date.UTC(2026, 0, 31)});
	const inside = {...world, env: {...world.env, RXAUDIT_TOKEN: emulator.token}};
	const source = ['atlassian-org-events', '--org-id', emulator.orgId, '--endpoint', emulator.url, '--page-size', '200'];
	const sinks = ['--to', `filesystem:${folder}/events`, '--to', `ndjson:${folder}/events.ndjson.gz`];
	const command = [...source, ...sinks, '--state', `${folder}/state`];
	try {
		await say(
			`An emulator of the Organizations API listens at ${emulator.url} and holds 2,000 events.\n\n$ rxaudit pull ${command.join(' ')}`,
		);
		const first = await pull(command, inside);
		const newest = emulator.events()[Symbol.iterator]().next().value!;
		emulator.insert([{timeMs: newest.timeMs - 60_000}, {timeMs: newest.timeMs + 60_000}]);
		await say('\nTwo more events arrive, one of them late. The same command again fetches just those:\n');
		const second = await pull(command, inside);
		await say(`\nThe other audit APIs, a run each:\n${await everySource(emulator)}`);
		await say(`\nWhat there is now in ./${folder}:\n${tree(place).join('\n')}`);
		await say(
			`\nLook at it:\n  find ${folder}/events -name '*.json' | head -3\n  zcat ${folder}/events.ndjson.gz | head -1`,
		);
		return first || second;
	} finally {
		await emulator.close();
	}
}

/** Pulls from every source there is; a table of what came. */
async function everySource(emulator: Emulator): Promise<string> {
	const {token, username, password, orgId} = emulator;
	const rows: string[] = [];
	for (const name of list('source')) {
		const endpoint = emulator.endpoints[name];
		if (endpoint === undefined) continue;
		const source = await load('source', name);
		const known = Object.entries({endpoint, token, username, password, orgId});
		const options = Object.fromEntries(known.filter(([option]) => Object.hasOwn(source.options.shape, option)));
		const {events, requests, seconds} = await runPages(source(options as never).pipe(dedupe()), discard);
		rows.push(
			`  ${name.padEnd(28)}${String(events).padStart(5)} records ${String(requests).padStart(4)} requests ${seconds.toFixed(1).padStart(5)} s`,
		);
	}
	return rows.join('\n');
}

/** A sink that counts for nothing but its run's report. */
const discard: Sink = {
	name: 'discard',
	target: '-',
	open: async () => ({write: async () => {}, flush: async () => null, close: async () => {}}),
};

/** Folders with how many files they hold, and single files with their size. */
function tree(root: string): string[] {
	const lines: string[] = [];
	for (const entry of readdirSync(root, {withFileTypes: true}).sort((a, b) => a.name.localeCompare(b.name))) {
		const path = join(root, entry.name);
		if (entry.name.startsWith('.')) continue;
		if (entry.isDirectory()) {
			const files = readdirSync(path, {recursive: true, withFileTypes: true}).filter(file => file.isFile());
			const first = files.find(({name}) => name.endsWith('.json')) ?? files[0];
			const example = first ? `, for example ${relative(root, join(first.parentPath, first.name))}` : '';
			lines.push(`  ${entry.name}/  ${files.length} files${example}`);
		} else {
			lines.push(`  ${entry.name}  ${statSync(path).size} bytes`);
		}
	}
	return lines;
}
