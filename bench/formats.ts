/**
 * Records of each source, parsed and in pages of 100, mapped to each format and written as NDJSON, each with its own text
 * inside: beside `JSON.stringify` of the same parsed records into the same kind of buffer.
 *
 *   node --import=tsx bench/formats.ts
 *   BENCH_SOURCES=crowd-data-center BENCH_ROUNDS=3 node --import=tsx bench/formats.ts
 *
 * With `BENCH_SINKS=1`: whole pulls of `atlassian-org-events` from an emulator in a second process, with a state, in each
 * format into each sink that writes files.
 *
 *   BENCH_SINKS=1 BENCH_ROUNDS=3 node --import=tsx bench/formats.ts
 */
import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {of, type OperatorFunction} from 'rxjs';
import {toBatch} from '../lib/run/batch.ts';
import {startEmulator} from '../lib/emulator/index.ts';
import type {AuditEvent} from '../lib/model/event.ts';
import {ecs, fileState, normalize, ocsf, run} from '../lib/index.ts';
import {mappingFacts} from '../lib/source/common-record.ts';
import {Page, type SourceFacts} from '../lib/model/page.ts';
import {parseRecord, readRecord} from '../lib/source/records.ts';
import {list, load} from '../lib/registry.ts';
import type {Sink} from '../lib/sink/sink.ts';
import csv from '../sinks/csv.ts';
import filesystem from '../sinks/filesystem.ts';
import ndjson from '../sinks/ndjson.ts';
import orgEvents from '../sources/atlassian-org-events.ts';
import {compare, emulatorProcess, type Side} from './sides.ts';

const distinct = 5000;
const passes = Number(process.env['BENCH_PASSES'] ?? 12);
const pageSize = 100;

async function readPages(file: string): Promise<Page[]> {
	const {name, texts} = JSON.parse(readFileSync(file, 'utf8')) as {name: string; texts: readonly string[]};
	const {records: facts, ids, order} = await load('source', name);
	const source: SourceFacts = {
		name,
		tenant: 'any',
		ids,
		order,
		overlapMs: 0,
		maxEventBytes: Infinity,
		limit() {},
		...mappingFacts(facts),
	};
	const listedAtMs = order === 'none' ? 0 : undefined;
	const records = texts.map(text => readRecord(facts, parseRecord(Buffer.from(text)), listedAtMs));
	return Array.from({length: records.length / pageSize}, (_, sequence) => {
		const some = records.slice(sequence * pageSize, (sequence + 1) * pageSize);
		const events = some.map(({value}) => value);
		return Page.of({events, records: some, source, sequence, position: null, bytes: 0}, {taken() {}, nacked() {}});
	});
}

function stringified({records}: Page): number {
	let bytes = 0;
	const lines = Buffer.allocUnsafe(records.reduce((sum, {text}) => sum + text.length * 2 + 1024, 0));
	for (const {value} of records) {
		bytes += lines.write(JSON.stringify(value), bytes);
		lines[bytes++] = 0x0a;
	}
	return bytes;
}

function written<T>(format: OperatorFunction<Page<AuditEvent>, Page<T>>): (page: Page) => number {
	return page => {
		let bytes = 0;
		of(page)
			.pipe(normalize(), format)
			.subscribe(formatted => {
				const {batch, rejected} = toBatch(formatted);
				assert.equal(rejected.length + formatted.rejected.length, 0);
				bytes = batch.lines.length;
			});
		return bytes;
	};
}

const ofPage: Readonly<Record<string, (page: Page) => number>> = {
	'JSON.stringify': stringified,
	audit: written(pages => pages),
	ecs: written(ecs()),
	ocsf: written(ocsf()),
};

const pulled = Number(process.env['BENCH_EVENTS'] ?? 50_000);

const formats: Readonly<Record<string, OperatorFunction<Page, Page>>> = {
	raw: pages => pages,
	audit: normalize(),
	ecs: pages => pages.pipe(normalize(), ecs()),
	ocsf: pages => pages.pipe(normalize(), ocsf()),
};

const sinks: Readonly<Record<string, (folder: string) => Sink>> = {
	'ndjson:FILE': folder => ndjson({path: join(folder, 'lines.ndjson')}),
	'ndjson:FILE.gz': folder => ndjson({path: join(folder, 'lines.ndjson.gz')}),
	'ndjson:DIR/': folder => ndjson({path: `${folder}/`}),
	'csv:FILE': folder => csv({path: join(folder, 'lines.csv')}),
	filesystem: folder => filesystem({dir: folder}),
};

/** A whole pull; rows of CSV are made of common records only. */
function pullsOf(): Record<string, Side> {
	const pairs = Object.keys(sinks).flatMap(sink => Object.keys(formats).map(format => [format, sink] as const));
	const possible = pairs.filter(([format, sink]) => format === 'audit' || !sink.startsWith('csv'));
	return Object.fromEntries(
		possible.map(([format, sink]) => [
			`${format} into ${sink}`,
			async () => {
				const folder = mkdtempSync(join(tmpdir(), 'rxaudit-bench-'));
				mkdirSync(join(folder, 'target'));
				const options = {endpoint: process.env['BENCH_URL']!, orgId: 'any', token: 'emulator'};
				const {events} = await run(
					start => orgEvents(options, start).pipe(formats[format]!),
					sinks[sink]!(join(folder, 'target')),
					{state: fileState(join(folder, 'state'))},
				);
				assert.equal(events, pulled);
				return {events, finish: () => rmSync(folder, {recursive: true})};
			},
		]),
	);
}

const file = process.env['BENCH_RECORDS'];
const pages = file === undefined ? [] : await readPages(file);
const sides: Record<string, Side> = Object.fromEntries(
	Object.entries(ofPage).map(([name, write]) => [
		name,
		async () => {
			let bytes = 0;
			for (let pass = 0; pass < passes; pass++) for (const page of pages) bytes += write(page);
			assert.ok(bytes > 0);
			return {events: passes * pages.length * pageSize};
		},
	]),
);

async function recordsOf(name: string) {
	const folder = mkdtempSync(join(tmpdir(), 'rxaudit-bench-'));
	const path = join(folder, 'records.json');
	const emulator = await startEmulator({events: distinct});
	const texts = Array.from(emulator.api(name).records(), ({text}) => text);
	await emulator.close();
	writeFileSync(path, JSON.stringify({name, texts: texts.slice(0, texts.length - (texts.length % pageSize))}));
	return {env: {BENCH_RECORDS: path}, done: () => rmSync(folder, {recursive: true})};
}

if (process.env['BENCH_SINKS']) {
	await compare(import.meta.url, pullsOf(), async () => {
		const {url, done} = await emulatorProcess(pulled);
		return {env: {BENCH_URL: url}, done};
	});
	process.exit();
}

const isApi = async (name: string) => (await load('source', name)).reads === 'api';

for (const name of file === undefined ? (process.env['BENCH_SOURCES']?.split(',') ?? list('source')) : ['']) {
	if (name && !(await isApi(name))) continue;
	if (name) console.log(`\n${name}`);
	await compare(import.meta.url, sides, async () => recordsOf(name));
}
