/**
 * 100,000 common records with their own text into a CSV file, in pages of 500: beside csv-stringify's own stream, which
 * gets the same rows ready-made, and beside the same with its `columns`, which does what a user would write instead.
 *
 *   node --import=tsx bench/csv.ts
 */
import assert from 'node:assert/strict';
import {createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {type Options, stringify} from 'csv-stringify';
import {startEmulator} from '../lib/emulator/index.ts';
import type {AuditEvent} from '../lib/model/event.ts';
import {normalize, toEvents} from '../lib/index.ts';
import type {Batch} from '../lib/sink/sink.ts';
import {commonColumns, mapRows, parseColumns} from '../sinks/_csv/rows.ts';
import csv from '../sinks/csv.ts';
import orgEvents from '../sources/atlassian-org-events.ts';
import {compare} from './sides.ts';

const count = Number(process.env['BENCH_EVENTS'] ?? 100_000);
const distinct = 5000;
const pageSize = 500;
const file = join(tmpdir(), `rxaudit-bench-${process.pid}.csv`);
const dialect: Options = {record_delimiter: 'windows', quote_record_delimiter: true};

const source = process.env['BENCH_CSV_EVENTS'];
const events = source === undefined ? [] : (JSON.parse(readFileSync(source, 'utf8')) as AuditEvent[]);
const records = events.map(({id, time}) => {
	const timeMs = Date.parse(time);
	return {id, timeMs, orderMs: timeMs, wholeSecond: false, text: new Uint8Array(), value: undefined};
});
const batches: Batch[] = Array.from({length: events.length / pageSize}, (_, page) => ({
	events: events.slice(page * pageSize, (page + 1) * pageSize),
	records: records.slice(page * pageSize, (page + 1) * pageSize),
	lines: new Uint8Array(),
	ends: new Uint32Array(),
	source: {name: 'atlassian-org-events', tenant: 'any', ids: 'global'},
}));
const columnText = process.env['BENCH_COLUMNS'] ?? commonColumns;
const columns = parseColumns(columnText);
const mapping = mapRows(columns, true);
const rows = process.env['BENCH_SIDE'] === 'rows' ? batches.map(batch => mapping.rows(batch).rows) : [];

function* repeated<T>(items: readonly T[]): Generator<T> {
	for (let pass = 0; pass < count / distinct; pass++) yield* items;
}

async function ownStream(items: readonly unknown[], options: Options) {
	await pipeline(Readable.from(repeated(items)), stringify({...dialect, ...options}), createWriteStream(file));
	return finish();
}

async function sink() {
	const context = {resume: undefined, signal: new AbortController().signal, warn() {}, note() {}};
	const open = await csv({path: file, columns: columnText, durability: 'process'}).open(context);
	for (const batch of repeated(batches)) await open.write(batch);
	await open.flush();
	await open.close();
	return finish();
}

function finish() {
	return {
		events: count,
		finish() {
			assert.ok(statSync(file).size > count * columns.length);
			for (const ending of ['', '.manifest']) rmSync(file + ending, {force: true});
		},
	};
}

await compare(
	import.meta.url,
	{
		rows: () => ownStream(rows.flat(), {}),
		columns: () =>
			ownStream(events, {header: true, columns: columns.map(({path, header}) => ({key: [...path], header}))}),
		'csv:FILE': sink,
	},
	async () => {
		const folder = mkdtempSync(join(tmpdir(), 'rxaudit-bench-'));
		const path = join(folder, 'events.json');
		const emulator = await startEmulator({events: distinct});
		const pulled: AuditEvent[] = [];
		await orgEvents({endpoint: emulator.url, orgId: 'any', token: 'emulator', pageSize})
			.pipe(normalize(), toEvents())
			.forEach(event => void pulled.push(event));
		await emulator.close();
		writeFileSync(path, JSON.stringify(pulled));
		return {env: {BENCH_CSV_EVENTS: path}, done: () => rmSync(folder, {recursive: true})};
	},
);
