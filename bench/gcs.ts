/**
 * Four objects of 64 MiB into a stand-in for Google Cloud Storage in a second process: by the sink, from pages of lines,
 * beside Google's own client, which uploads files of the same bytes one after the other.
 *
 *   npm run build && node --import=tsx bench/gcs.ts
 */
import {type Bucket, Storage} from '@google-cloud/storage';
import assert from 'node:assert/strict';
import {fork} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, mkdtempSync, openSync, rmSync, writeSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import gcs from 'rxaudit/sinks/gcs';
import {batchOf, sinkContext} from '../lib/testing/sink-batch.ts';
import {compare} from './sides.ts';

const days = 4;
const pagesPerDay = 64;
const linesPerPage = 1024;
const lineBytes = 1024;
const url = process.env['BENCH_URL']!;
const folder = process.env['BENCH_FOLDER']!;
const bytes = pagesPerDay * linesPerPage * lineBytes;

/** A mebibyte of lines of one day, made once: it is not what is measured. */
function page(day: number) {
	return batchOf(
		Array.from({length: linesPerPage}, (_, line) => {
			const id = `${day}-${line}`;
			const text = JSON.stringify({id}).padEnd(lineBytes - 1); // and the line break
			return {id, timeMs: Date.UTC(2026, 0, 1 + day), text};
		}),
	);
}

async function emptied(bucket: Bucket): Promise<{events: number}> {
	const [files] = await bucket.getFiles();
	const sizes = files.map(({metadata}) => Number(metadata.size)).filter(size => size >= bytes);
	assert.deepEqual(sizes, Array(days).fill(bytes));
	for (const file of files) await file.delete();
	return {events: days * pagesPerDay * linesPerPage};
}

const bucket = () => new Storage({apiEndpoint: url, projectId: 'any'}).bucket('evidence');

async function bare(validation: 'crc32c' | false) {
	for (let day = 0; day < days; day++) {
		await bucket().upload(join(folder, `${day}`), {validation, preconditionOpts: {ifGenerationMatch: 0}});
	}
	return emptied(bucket());
}

async function sink() {
	const options = {bucket: 'evidence', apiEndpoint: url, spoolDir: folder, compression: 'none'} as const;
	const pages = Array.from({length: days}, (_, day) => page(day));
	const open = await gcs(options).open(sinkContext());
	for (let index = 0; index < pagesPerDay; index++) {
		for (const batch of pages) await open.write(batch);
	}
	await open.flush();
	await open.close();
	return emptied(bucket());
}

await compare(
	import.meta.url,
	{
		'client: upload()': () => bare('crc32c'),
		'client: upload(), unchecked': () => bare(false),
		'sink, compression=none': sink,
	},
	async () => {
		const child = fork(fileURLToPath(new URL('gcs-server-process.ts', import.meta.url)));
		const [server] = (await once(child, 'message')) as [string];
		const made = mkdtempSync(join(tmpdir(), 'rxaudit-bench-'));
		for (let day = 0; day < days; day++) {
			const descriptor = openSync(join(made, `${day}`), 'w');
			const {lines} = page(day);
			for (let index = 0; index < pagesPerDay; index++) writeSync(descriptor, lines);
			closeSync(descriptor);
		}
		return {
			env: {BENCH_URL: server, BENCH_FOLDER: made},
			done() {
				child.kill();
				rmSync(made, {recursive: true});
			},
		};
	},
);
