import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import {join} from 'node:path';
import * as zlib from 'node:zlib';
import {ConfigError} from '../../../lib/model/errors.ts';
import ndjson from '../../../sinks/ndjson.ts';
import {patchFs, restoreFs, systemError} from '../../support/patch-fs.ts';
import {batchOf, sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

const dayMs = 24 * 60 * 60 * 1000;
const batches = [0, 1, 2, 3].map(page =>
	batchOf([0, 1].map(event => ({id: `${page}-${event}`, timeMs: Date.UTC(2026, 0, 1) + (page + event) * dayMs}))),
);
const texts = batches.flatMap(({lines}) => Buffer.from(lines).toString().split('\n').slice(0, -1));
type Zstd = {readonly createZstdCompress?: unknown; zstdDecompressSync(bytes: Uint8Array): Buffer};

describe('ndjson:DIR/', () => {
	const temporary = temporaryFolder();
	let path: string;
	beforeEach(() => (path = `${join(temporary(), 'deep/archive')}/`));

	const filesOf = () =>
		fs
			.readdirSync(path, {recursive: true, encoding: 'utf8'})
			.filter(name => /\.ndjson(\.gz|\.zst)?$/.test(name))
			.map(name => join(path, name));
	const unpacked = () =>
		filesOf().flatMap(file => execFileSync('zcat', [file], {encoding: 'utf8'}).split('\n').slice(0, -1));

	async function write(options: Partial<Parameters<typeof ndjson>[0]> = {}): Promise<void> {
		const sink = await ndjson({path, ...options}).open(sinkContext());
		for (const batch of batches) await sink.write(batch);
		await sink.flush();
		await sink.close();
	}

	it('writes files by source, tenant and day, which zcat reads and verify finds intact', async () => {
		await write();
		assert.deepEqual(unpacked().sort(), texts.toSorted());
		const names = filesOf().map(file => file.slice(path.length).replace(/-[0-9a-f]{8}\./, '-RUN.'));
		assert.deepEqual(
			names.sort(),
			[1, 2, 3, 4, 5].map(day => `some-source/some-tenant/dt=2026-01-0${day}/000000000000-RUN.ndjson.gz`),
		);
		const {damage, sources} = await ndjson.verify!({path});
		assert.deepEqual(damage, []);
		assert.equal(sources['some-source:some-tenant']!.events, texts.length);
	});

	it('follows a layout and leaves out the compression when it is told to', async () => {
		await write({layout: '{year}/x', compression: 'none', durability: 'process'});
		const [file, ...others] = filesOf();
		assert.match(file!, /\/2026\/x\/000000000000-[0-9a-f]{8}\.ndjson$/);
		assert.deepEqual(others, []);
		assert.deepEqual(fs.readFileSync(file!, 'utf8'), texts.map(text => `${text}\n`).join(''));
	});

	it('compresses with zstd where Node can, and says what it needs where not', async () => {
		const {createZstdCompress, zstdDecompressSync} = zlib as unknown as Zstd;
		if (!createZstdCompress) {
			assert.throws(
				() => ndjson({path, compression: 'zstd'}),
				/expected gzip or none: zstd needs Node 22\.15 .*got "zstd"/,
			);
			return;
		}
		await write({layout: '{year}', compression: 'zstd'});
		const [file] = filesOf();
		assert.match(file!, /\.ndjson\.zst$/);
		assert.equal(zstdDecompressSync(fs.readFileSync(file!)).toString(), texts.map(text => `${text}\n`).join(''));
	});

	it('rolls when it is told to', () => {
		const mebibyte = 1024 * 1024;
		const {target, commitSize, layout} = ndjson({path});
		assert.equal(target, path);
		assert.deepEqual(layout, {layout: '{source}/{tenant}/dt={date}'});
		assert.deepEqual(commitSize, {pages: 10_000, events: Infinity, bytes: 64 * mebibyte, ageMs: 300_000});
		const rolls = {rollBytes: '1000', rollEvents: '10', rollAge: '90s'};
		assert.deepEqual(ndjson({path, ...rolls}).commitSize, {pages: 10_000, events: 10, bytes: 1000, ageMs: 90_000});
		assert.equal(ndjson({path, rollAge: '52w'}).commitSize!.ageMs, 2 ** 31 - 1, 'no timer waits longer');
	});

	it('refuses options that cannot work, and those of the other kind of target', () => {
		for (const options of [
			{layout: '{id}'},
			{layout: '../{date}'},
			{layout: ''},
			{compression: 'brotli' as 'gzip'},
			{rollBytes: 0},
			{rollAge: '5'},
			{mode: 'replace' as const},
			{manifest: false},
		]) {
			assert.throws(() => ndjson({path, ...options}), ConfigError, JSON.stringify(options));
		}
		for (const file of ['x.ndjson', '-']) {
			assert.throws(() => ndjson({path: file, rollEvents: 5}), /rollEvents is for folders: write ndjson:DIR\//);
		}
	});

	it('refuses a folder with content that no state knows, and what is no folder', async () => {
		await write();
		await assert.rejects(write(), sinkError('TARGET_REFUSED', /is not empty.*\?mode=append/));
		await write({mode: 'append'});
		assert.deepEqual(unpacked().sort(), [...texts, ...texts].sort());
		path = `${filesOf()[0]}/`;
		await assert.rejects(write(), sinkError('TARGET_REFUSED', /ENOTDIR/));
		await assert.rejects(write({mode: 'append'}), sinkError('TARGET_REFUSED', /ENOTDIR/));
	});

	it('says where it cannot read, when it is verified or asked what it holds', async () => {
		const sink = await ndjson({path}).open(sinkContext());
		await sink.write(batches[0]!);
		const mark = await sink.flush();
		await sink.close();
		patchFs('lstatSync', () => () => {
			throw systemError('EACCES');
		});
		const cannotRead = sinkError('TARGET_REFUSED', /^ndjson: cannot read .*deep\/archive: EACCES/);
		try {
			await assert.rejects(ndjson.verify!({path}), cannotRead);
			await assert.rejects(ndjson({path}).holds!(mark), cannotRead);
		} finally {
			restoreFs();
		}
	});

	it('refuses to go on in a folder that is gone, and does not make it', async () => {
		const sink = await ndjson({path}).open(sinkContext());
		await sink.write(batches[0]!);
		const mark = await sink.flush();
		await sink.close();
		fs.rmSync(path, {recursive: true});
		await assert.rejects(ndjson({path}).open(sinkContext(mark)), sinkError('TARGET_CHANGED', /is missing/));
		assert.equal(fs.existsSync(path), false);
	});
});
