import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {ConfigError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import filesystem from '../../sinks/filesystem.ts';
import {tempPath} from '../../sinks/_files/temp-files.ts';
import {failFs, patchFs, restoreFs, systemError, watchSync} from '../support/patch-fs.ts';
import {batchOf, sinkContext, sinkError} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

const someId = fc.oneof(
	fc.string({unit: 'binary'}),
	fc.constantFrom(
		'..',
		'.',
		'',
		'../../x',
		'/etc/passwd',
		'a/b',
		'a\\b',
		'nul',
		'\0',
		'A',
		'a',
		'.json',
		'x'.repeat(5000),
	),
);

describe('filesystem', () => {
	const folder = temporaryFolder();
	const dir = () => join(folder(), 'backup');
	const at = (...path: string[]) => join(dir(), ...path);
	const open = (options: Partial<Parameters<typeof filesystem>[0]> = {}, context = sinkContext()) =>
		filesystem({dir: dir(), retryBaseMs: 0, ...options}).open(context);
	const eventsOf = (state: Json) => (state as {events?: Json}).events;
	/** Relative paths of all that is no folder, but for the manifest. */
	const files = (below = dir()): string[] =>
		fs
			.readdirSync(below, {recursive: true, withFileTypes: true})
			.filter(entry => !entry.isDirectory() && !entry.name.startsWith('_rxaudit.manifest'))
			.map(entry => join(entry.parentPath, entry.name).slice(below.length + 1))
			.sort();
	const day = '2026/01/02';
	const one = batchOf([{id: '1', text: 'one'}]);
	const other = batchOf([{id: '1', text: 'other'}]);

	afterEach(restoreFs);

	it('says what it is', () => {
		const sink = filesystem({dir: 'backup'});
		assert.equal(sink.name, 'filesystem');
		assert.equal(sink.target, join(process.cwd(), 'backup'));
		assert.deepEqual(sink.layout, {layout: 'default'});
		assert.deepEqual(filesystem({dir: 'x', layout: '{id}.json'}).layout, {layout: '{id}.json'});
	});

	it('writes each event as it is, by its day in UTC', async () => {
		const sink = await open();
		const events = [
			{id: 'é', text: '{"a": 1.0, "b":"é"}', timeMs: Date.parse('2026-03-01T00:30:00+02:00')},
			{id: 'b', text: '{}', timeMs: Date.parse('2026-12-31T23:59:59.999Z')},
		];
		assert.deepEqual(await sink.write(batchOf(events)), []);
		assert.equal(eventsOf(await sink.flush()), 2);
		assert.deepEqual(files(), ['2026/02/28/%C3%A9.json', '2026/12/31/b.json']);
		assert.equal(fs.readFileSync(at('2026/02/28/%C3%A9.json'), 'utf8'), events[0]!.text);
	});

	it('keeps tenants apart where ids are not global, and follows a layout', async () => {
		const timeMs = Date.UTC(2026, 0, 2, 3);
		await (await open()).write(batchOf([{id: '1', timeMs}], 'tenant'));
		await (await open({layout: 'all/{hour}/{tenant}-{id}.txt'})).write(batchOf([{id: '1', timeMs}], 'tenant'));
		assert.deepEqual(files(), ['all/03/some-tenant-1.txt', `some-source/some-tenant/${day}/1.json`]);
	});

	it('refuses a layout that cannot work', () => {
		for (const layout of [
			'',
			'{id}/all',
			'/{id}',
			'../{id}',
			'a//{id}',
			'./{id}',
			'{ids}/{id}',
			'{id',
			'a\\{id}',
			'{toString}{id}',
		]) {
			assert.throws(() => filesystem({dir: 'x', layout}), ConfigError, layout);
		}
	});

	it('stays below its folder and keeps all ids apart, whatever they hold', async () => {
		let run = 0;
		await fc.assert(
			fc.asyncProperty(fc.uniqueArray(someId, {minLength: 1, maxLength: 20}), async ids => {
				const parent = join(folder(), String(run++));
				const sink = await open({dir: join(parent, 'backup'), layout: '{source}/{tenant}/{id}/{id}.json'});
				const batch = batchOf(ids.map((id, n) => ({id, text: String(n)})));
				const hostile = {...batch, source: {name: '../..', tenant: '../../..', ids: 'tenant' as const}};
				assert.deepEqual(await sink.write(hostile), []);
				const written = files(parent);
				assert.equal(written.length, ids.length);
				assert.ok(written.every(path => path.startsWith('backup/') && path.endsWith('.json')));
			}),
			{numRuns: 50},
		);
	});

	for (const durability of ['process', 'power'] as const) {
		it(`writes the same event once, and lets the first of two stay (${durability})`, async () => {
			const sink = await open({durability});
			const twice = batchOf([
				{id: '1', text: 'one'},
				{id: '1', text: 'one'},
				{id: '1', text: 'other'},
			]);
			const rejected = await sink.write(twice);
			assert.deepEqual(
				rejected?.map(({id, text}) => [id, text.toString()]),
				[['1', 'other']],
			);
			assert.match(rejected![0]!.reason, /1\.json exists with other content/);
			await sink.flush();
			const before = fs.statSync(at(day, '1.json'));
			const again = await open({durability});
			assert.deepEqual(await again.write(one), []);
			assert.equal((await again.write(other))?.length, 1);
			assert.equal(eventsOf(await again.flush()), 1);
			assert.deepEqual(files(), [`${day}/1.json`]);
			assert.equal(fs.readFileSync(at(day, '1.json'), 'utf8'), 'one');
			assert.equal(fs.statSync(at(day, '1.json')).mtimeMs, before.mtimeMs);
		});

		it(`shows no half file when the process dies before it is named (${durability})`, async () => {
			const named = failFs('linkSync', 'EKILLED');
			const sink = await open({durability});
			await assert.rejects(
				sink.write(one).then(() => sink.flush()),
				sinkError('SINK_FAILED', /EKILLED/),
			);
			assert.equal(named.count, 1);
			assert.deepEqual(files(), []);
		});

		it(`waits for space, then gives up without a trace (${durability})`, async () => {
			const context = sinkContext();
			const sink = await open({durability}, context);
			failFs('writeSync', 'ENOSPC', 4);
			await sink.write(one);
			await sink.flush();
			assert.equal(context.warnings.length, 4);
			for (const [code, attempts] of [
				['ENOSPC', 5],
				['EIO', 1],
				['EACCES', 1],
			] as const) {
				const failing = await open({durability});
				const calls = failFs('writeSync', code);
				const message = new RegExp(`2\\.json.*${code}`);
				await assert.rejects(failing.write(batchOf([{id: '2'}])), sinkError('SINK_FAILED', message));
				assert.equal(calls.count, attempts);
				restoreFs();
				await assert.rejects(failing.write(one), sinkError('SINK_FAILED', message));
				await failing.close();
			}
			assert.deepEqual(files(), [`${day}/1.json`]);
		});
	}

	it('waits for space for a name too', async () => {
		const sink = await open({durability: 'power'});
		failFs('linkSync', 'ENOSPC', 2);
		await sink.write(one);
		await sink.flush();
		assert.deepEqual(files(), [`${day}/1.json`]);
	});

	for (const code of ['ENOSPC', 'EDQUOT']) {
		it(`waits where ${code} comes only when a file is closed`, async () => {
			const context = sinkContext();
			const sink = await open({}, context);
			let failures = 2;
			patchFs('closeSync', original => (descriptor: number) => {
				original(descriptor);
				if (failures-- > 0) throw systemError(code);
			});
			assert.deepEqual(await sink.write(one), []);
			restoreFs();
			assert.equal(context.warnings.length, 2);
			await sink.flush();
			assert.deepEqual(files(), [`${day}/1.json`]);
			assert.equal(fs.readFileSync(at(day, '1.json'), 'utf8'), 'one');
		});
	}

	for (const links of ['', 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK']) {
		/** What another run does between the look at a name and the taking of it. */
		const meanwhile = (text: string) => {
			let isFirst = true;
			patchFs('linkSync', original => (from: string, to: string) => {
				if (isFirst) fs.writeFileSync(to, text);
				isFirst = false;
				if (links !== '') throw systemError(links);
				original(from, to);
			});
		};
		const where = links === '' ? 'with hard links' : `where a link is ${links}`;

		it(`never writes over what another run has just put there, ${where}`, async () => {
			const sink = await open();
			meanwhile('other');
			const rejected = await sink.write(one);
			assert.deepEqual(
				rejected?.map(({text}) => text.toString()),
				['one'],
			);
			meanwhile('two');
			assert.deepEqual(await sink.write(batchOf([{id: '2', text: 'two'}])), []);
			await sink.flush();
			assert.deepEqual(files(), [`${day}/1.json`, `${day}/2.json`]);
			assert.equal(fs.readFileSync(at(day, '1.json'), 'utf8'), 'other');
		});

		it(`commits nothing that another run was faster with, with durability power, ${where}`, async () => {
			const sink = await open({durability: 'power'});
			meanwhile('one');
			await sink.write(one);
			assert.equal(eventsOf(await sink.flush()), 1);
			meanwhile('other');
			await sink.write(batchOf([{id: '2', text: 'two'}]));
			await assert.rejects(sink.flush(), sinkError('SINK_FAILED', /another run .* run again/));
			await sink.close();
			restoreFs();
			assert.deepEqual(files(), [`${day}/1.json`, `${day}/2.json`]);
			const again = await open({durability: 'power'});
			assert.equal((await again.write(batchOf([{id: '2', text: 'two'}])))?.length, 1);
			assert.equal(fs.readFileSync(at(day, '2.json'), 'utf8'), 'other');
		});

		it(`takes the name that a run died at, ${where}`, async () => {
			if (links !== '') failFs('linkSync', links);
			const sink = await open();
			assert.deepEqual(await sink.write(one), []);
			assert.equal(fs.readFileSync(at(day, '1.json'), 'utf8'), 'one');
			fs.writeFileSync(at(day, '2.json'), '');
			const rejected = await sink.write(batchOf([{id: '2', text: 'two'}]));
			assert.equal(rejected?.length, links === '' ? 1 : 0);
		});
	}

	it('never asks for an fsync with durability process', async () => {
		const seen = watchSync();
		const sink = await open();
		await sink.write(one);
		await sink.flush();
		assert.deepEqual(seen, {files: 0, folders: 0});
	});

	it('has every file on the disk before its name, and every folder before the commit, with durability power', async () => {
		const seen = watchSync();
		let named = 0;
		patchFs('linkSync', original => (from: string, to: string) => {
			named++;
			assert.ok(seen.files >= named, 'named before its fsync');
			assert.match(from, /\.tmp$/);
			original(from, to);
		});
		const sink = await open({durability: 'power'});
		await sink.write(batchOf(Array.from({length: 100}, (_, n) => ({id: String(n)}))));
		await sink.flush();
		// Beside the events: that the manifest is open, and its entry. The folders that got an entry: the parent of the
		// target, the target, year, month, day; the target twice more.
		assert.deepEqual({...seen, named}, {files: 102, folders: 7, named: 100});
		await sink.write(batchOf([{id: '0'}]));
		await sink.flush();
		assert.deepEqual(
			{...seen, named},
			{files: 103, folders: 8, named: 100},
			'what a killed run left may not be on the disk',
		);
	});

	it('does not believe the fsync after a failed one', async () => {
		const sink = await open({durability: 'power'});
		await sink.write(one);
		const seen = watchSync(1);
		await assert.rejects(sink.flush(), sinkError('SINK_FAILED', /EIO/));
		await assert.rejects(sink.flush(), sinkError('SINK_FAILED', /EIO/));
		assert.equal(seen.files, 1);
		assert.deepEqual(files(), []);
	});

	it('removes what dead runs left, and nothing else', async () => {
		fs.mkdirSync(dir());
		const alive = tempPath(dir());
		const {pid} = spawnSync(process.execPath, ['-e', '']);
		const dead = alive.replace(`-${process.pid}-`, `-${pid}-`);
		const recycled = alive.replace(/[0-9a-f]{12}-\d+\.tmp$/, '000000000000-1.tmp');
		const elsewhere = alive.replace(/rxaudit-[0-9a-f]{8}/, 'rxaudit-00000000');
		const elsewhereLong = elsewhere.replace(/\d+\.tmp$/, '999.tmp');
		const notOurs = at('.rxaudit-mine.tmp');
		for (const path of [alive, dead, recycled, elsewhere, elsewhereLong, notOurs]) fs.writeFileSync(path, '');
		fs.utimesSync(elsewhereLong, 0, 0);
		await open();
		assert.deepEqual(
			files().map(name => at(name)),
			[alive, elsewhere, notOurs].sort(),
		);
	});

	it('follows no symbolic link out of its folder', async () => {
		const outside = join(folder(), 'outside');
		fs.mkdirSync(outside);
		fs.mkdirSync(at('2026/01'), {recursive: true});
		fs.symlinkSync(outside, at(day));
		await assert.rejects((await open()).write(one), sinkError('TARGET_REFUSED', /expected a folder/));
		fs.rmSync(at(day));
		fs.mkdirSync(at(day));
		fs.writeFileSync(join(outside, 'file'), 'one');
		fs.symlinkSync(join(outside, 'file'), at(day, '1.json'));
		fs.symlinkSync(join(outside, 'new'), at(day, '2.json'));
		const sink = await open();
		assert.equal((await sink.write(one))?.length, 1);
		assert.deepEqual(await sink.write(batchOf([{id: '2', text: 'two'}])), []);
		assert.deepEqual(files(outside), ['file']);
		assert.equal(fs.readFileSync(join(outside, 'file'), 'utf8'), 'one');
	});

	it('goes on in a folder that exists, and misses one that should', async () => {
		const sink = await open();
		const nothing = await sink.flush();
		await sink.write(one);
		const mark = await sink.flush();
		assert.deepEqual(await (await open({}, sinkContext(mark))).flush(), mark);
		fs.rmSync(dir(), {recursive: true});
		await assert.rejects(open({}, sinkContext(mark)), sinkError('TARGET_CHANGED', /missing.*1 events/));
		assert.equal(fs.existsSync(dir()), false);
		await open({}, sinkContext(nothing));
	});

	it('refuses what it cannot write to', async () => {
		fs.writeFileSync(dir(), '');
		await assert.rejects(open(), sinkError('TARGET_REFUSED', /not a folder/));
		await assert.rejects(open({dir: at('x')}), sinkError('TARGET_REFUSED', /ENOTDIR/));
	});

	it('gives the event loop a turn every few milliseconds', async () => {
		const sink = await open();
		const now = performance.now.bind(performance);
		let slow = 0;
		let turns = 0;
		performance.now = () => now() + (slow += 5); // as if each file took 5 ms
		const counter = setImmediate(function count() {
			turns++;
			next = setImmediate(count);
		});
		let next = counter;
		try {
			await sink.write(batchOf(Array.from({length: 40}, (_, n) => ({id: String(n)}))));
		} finally {
			performance.now = now;
			clearImmediate(next);
		}
		assert.ok(turns >= 10, String(turns));
	});
});
