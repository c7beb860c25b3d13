/**
 * 100,000 events as compressed NDJSON in a folder of objects, by day: beside zlib alone on the same bytes, all pages
 * through one `createGzip()` into one file.
 *
 *   npm run build && node --import tsx bench/gzip-ndjson.ts
 */
import assert from 'node:assert/strict';
import {createWriteStream, mkdtempSync, readdirSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {createGzip} from 'node:zlib';
import type {Batch, SinkContext} from '../lib/sink/sink.ts';
import ndjson from 'rxaudit/sinks/ndjson';
import {compare} from './sides.ts';

const count = Number(process.env['BENCH_EVENTS'] ?? 100_000);
const pageSize = 500;
const commitPages = 100;
const perDay = 20_000;

/** Pages of events of about 1.2 KB, of which no two are alike; made beforehand, since only compression is measured. */
function pages(): Batch[] {
	return Array.from({length: count / pageSize}, (_, page) => {
		const records = Array.from({length: pageSize}, (_unused, index) => {
			const id = page * pageSize + index;
			const timeMs = Date.UTC(2026, 0, 1) + Math.floor((id / perDay) * 86_400_000);
			const text = Buffer.from(JSON.stringify(eventOf(id, timeMs)));
			return {id: String(id), timeMs, orderMs: timeMs, wholeSecond: false, text, value: undefined};
		});
		const lines = Buffer.concat(records.flatMap(({text}) => [text, Buffer.from('\n')]));
		let end = 0;
		const ends = Uint32Array.from(records, ({text}) => (end += text.length + 1));
		const source = {name: 'bench', tenant: 'acme', ids: 'global' as const};
		return {events: records, records, lines, ends, source};
	});
}

function eventOf(id: number, timeMs: number) {
	const random = Math.imul(id + 1, 0x9e3779b1) >>> 0;
	const person = `user-${random % 5000}`;
	return {
		id: `${random.toString(16)}-${id.toString(16)}-4000-8000-${(random ^ id).toString(16)}`,
		time: new Date(timeMs).toISOString(),
		action: ['user_login', 'user_added_to_group', 'page_viewed', 'token_created'][random % 4],
		actor: {id: `557058:${random.toString(36)}`, name: person, email: `${person}@example.com`},
		origin: {ip: `10.${random & 255}.${(random >> 8) & 255}.${id & 255}`, geo: {country: 'Germany', city: 'Bremen'}},
		targets: Array.from({length: 4}, (_, index) => ({type: 'user', id: (random + index).toString(36), name: person})),
		message: `${person} did something to ${random} and its ${id} neighbours. `.repeat(8),
	};
}

const batches = process.env['BENCH_SIDE'] ? pages() : [];
const folder = process.env['BENCH_FOLDER'] ?? '';

async function zlibAlone() {
	const lines = Readable.from(batches.map(batch => batch.lines));
	await pipeline(lines, createGzip({level: 6}), createWriteStream(join(folder, 'alone.ndjson.gz')));
	return finish();
}

async function archive(compression: 'gzip' | 'none') {
	const context: SinkContext = {
		resume: undefined,
		signal: new AbortController().signal,
		warn: console.warn,
		note: console.warn,
	};
	const sink = await ndjson({path: `${folder}/archive/`, compression}).open(context);
	for (const [index, batch] of batches.entries()) {
		await sink.write(batch);
		if ((index + 1) % commitPages === 0) await commit();
	}
	await commit();
	await sink.close();
	return finish();

	async function commit() {
		await sink.prepare!();
		await sink.flush();
	}
}

function finish() {
	return {
		events: count,
		finish() {
			const files = readdirSync(folder, {recursive: true, encoding: 'utf8'}).map(name => join(folder, name));
			const bytes = files.filter(name => name.includes('.ndjson')).reduce((sum, name) => sum + statSync(name).size, 0);
			assert.ok(bytes > count);
			for (const name of readdirSync(folder)) rmSync(join(folder, name), {recursive: true});
		},
	};
}

await compare(
	import.meta.url,
	{
		'zlib alone': zlibAlone,
		'ndjson:DIR/': () => archive('gzip'),
		'ndjson:DIR/, compression=none': () => archive('none'),
	},
	async () => {
		const made = mkdtempSync(join(tmpdir(), 'rxaudit-bench-'));
		return {env: {BENCH_FOLDER: made}, done: () => rmSync(made, {recursive: true})};
	},
);
