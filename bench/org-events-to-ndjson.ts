/**
 * 200,000 events, page 500, from an emulator in a second process into one NDJSON file: beside a bare sequential loop
 * of fetch, JSON.parse, JSON.stringify per event and one write per page.
 *
 *   npm run build && node --import tsx bench/org-events-to-ndjson.ts
 */
import assert from 'node:assert/strict';
import {rmSync, statSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {dedupe, fileState, normalize, run} from 'rxaudit';
import ndjson from 'rxaudit/sinks/ndjson';
import orgEvents from 'rxaudit/sources/atlassian-org-events';
import {compare, emulatorProcess} from './sides.ts';

const count = Number(process.env['BENCH_EVENTS'] ?? 200_000);
const pageSize = 500;
const url = process.env['BENCH_URL']!;
const file = join(tmpdir(), `rxaudit-bench-${process.pid}.ndjson`);

async function bareLoop() {
	const handle = await open(file, 'w');
	let events = 0;
	let cursor = '';
	do {
		const answer = await fetch(`${url}/admin/v1/orgs/any/events?limit=${pageSize}${cursor}`, {
			headers: {authorization: 'Bearer emulator'},
		});
		const page = JSON.parse(await answer.text()) as {data: unknown[]; meta: {next?: string | null}};
		let lines = '';
		for (const event of page.data) lines += `${JSON.stringify(event)}\n`;
		await handle.write(lines);
		events += page.data.length;
		cursor = page.meta.next ? `&cursor=${encodeURIComponent(page.meta.next)}` : '';
	} while (cursor);
	await handle.close();
	return finish(events);
}

/** The same, with the body dropped: what the emulator and the connection allow at most. */
async function bodyDropped() {
	let events = 0;
	let cursor = '';
	do {
		const answer = await fetch(`${url}/admin/v1/orgs/any/events?limit=${pageSize}${cursor}`, {
			headers: {authorization: 'Bearer emulator'},
		});
		const body = Buffer.from(await answer.arrayBuffer());
		const next = /"next":"([^"]+)","prev"/.exec(body.toString('latin1', body.length - 1000))?.[1];
		events += next ? pageSize : count - events;
		cursor = next ? `&cursor=${next}` : '';
	} while (cursor);
	return {events};
}

async function pull(format: 'raw' | 'audit', state: boolean) {
	const {events} = await run(
		start => {
			const pages = orgEvents({endpoint: url, orgId: 'any', token: 'emulator', pageSize}, start).pipe(dedupe(start));
			return format === 'audit' ? pages.pipe(normalize()) : pages;
		},
		ndjson({path: file, mode: 'replace'}),
		state ? {state: fileState(`${file}.state`)} : {},
	);
	return finish(events);
}

function finish(events: number) {
	return {
		events,
		finish() {
			assert.equal(events, count);
			assert.ok(statSync(file).size > 0);
			for (const ending of ['', '.state', '.state.previous', '.state.seen-1']) rmSync(file + ending, {force: true});
		},
	};
}

await compare(
	import.meta.url,
	{
		'bare loop': bareLoop,
		'body dropped': bodyDropped,
		'--format raw': () => pull('raw', false),
		'--format raw, with a state': () => pull('raw', true),
		'--format audit': () => pull('audit', false),
		'--format audit, with a state': () => pull('audit', true),
	},
	async () => {
		const emulator = await emulatorProcess(count);
		return {env: {BENCH_URL: emulator.url}, done: emulator.done};
	},
);
