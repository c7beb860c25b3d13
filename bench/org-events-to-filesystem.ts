/**
 * 20,000 events, page 500, from an emulator in a second process into one file each: beside the method of Atlassian's own
 * recipe, one mkdirSync and one writeFileSync for every event, in a sequential loop.
 *
 *   npm run build && node --import=tsx bench/org-events-to-filesystem.ts
 */
import assert from 'node:assert/strict';
import {mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {dedupe, run} from 'rxaudit';
import filesystem from 'rxaudit/sinks/filesystem';
import orgEvents from 'rxaudit/sources/atlassian-org-events';
import {compare, emulatorProcess} from './sides.ts';

const count = Number(process.env['BENCH_EVENTS'] ?? 20_000);
const pageSize = 500;
const url = process.env['BENCH_URL']!;
const folder = join(tmpdir(), `rxaudit-bench-${process.pid}`);

async function recipe() {
	let events = 0;
	let cursor = '';
	do {
		const answer = await fetch(`${url}/admin/v1/orgs/any/events?limit=${pageSize}${cursor}`, {
			headers: {authorization: 'Bearer emulator'},
		});
		const page = JSON.parse(await answer.text()) as {
			data: {id: string; attributes: {time: string}}[];
			meta: {next?: string | null};
		};
		for (const event of page.data) {
			const date = new Date(event.attributes.time);
			const day = join(folder, String(date.getFullYear()), String(date.getMonth() + 1), String(date.getDate()));
			mkdirSync(day, {recursive: true});
			writeFileSync(join(day, `${event.id}.json`), JSON.stringify(event));
		}
		events += page.data.length;
		cursor = page.meta.next ? `&cursor=${encodeURIComponent(page.meta.next)}` : '';
	} while (cursor);
	return {events};
}

async function pull(durability: 'process' | 'power') {
	const {events} = await run(
		start => orgEvents({endpoint: url, orgId: 'any', token: 'emulator', pageSize}, start).pipe(dedupe(start)),
		filesystem({dir: folder, durability}),
	);
	return {events};
}

async function counted(side: () => Promise<{events: number}>) {
	const {events} = await side();
	return {
		events,
		finish() {
			const files = readdirSync(folder, {recursive: true}).filter(file => String(file).endsWith('.json'));
			assert.equal(files.length, count);
			rmSync(folder, {recursive: true});
		},
	};
}

await compare(
	import.meta.url,
	{
		'recipe: mkdir, write': () => counted(recipe),
		'durability=process': () => counted(() => pull('process')),
		'durability=power': () => counted(() => pull('power')),
	},
	async () => {
		const emulator = await emulatorProcess(count);
		return {env: {BENCH_URL: emulator.url}, done: emulator.done};
	},
);
