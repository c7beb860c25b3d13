import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {gzipSync} from 'node:zlib';
import type {Json} from '../../../lib/model/event.ts';
import type {ManifestEntry} from '../../../lib/sink/manifest.ts';
import ndjson from '../../../sinks/ndjson.ts';
import {killedCopy} from '../../support/killed-copy.ts';
import {patchFs, restoreFs, systemError} from '../../support/patch-fs.ts';
import {batchOf, sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

const one = batchOf([{id: '1'}]);
const two = batchOf([{id: '2'}, {id: '3'}]);

describe('the manifest of a file', () => {
	const folder = temporaryFolder();
	const file = () => path.join(folder(), 'events.ndjson');
	const manifest = () => `${file()}.manifest`;
	const open = (options: Partial<Parameters<typeof ndjson>[0]> = {}, resume?: Json) =>
		ndjson({path: file(), durability: 'process', retryBaseMs: 0, ...options}).open(sinkContext(resume));
	const entries = (of = manifest()) =>
		fs
			.readFileSync(of, 'utf8')
			.split('\n')
			.slice(0, -1)
			.map(line => (JSON.parse(line) as {entry: ManifestEntry}).entry);
	const events = () => entries().map(({sources}) => sources['some-source:some-tenant']?.events ?? 0);
	const hashOf = (from: number, to?: number) =>
		createHash('sha256').update(fs.readFileSync(file()).subarray(from, to)).digest('hex');
	const verified = async (of = file()) => {
		const {damage, uncommitted} = await ndjson.verify!({path: of});
		assert.deepEqual(damage, []);
		return uncommitted;
	};
	/** One commit each. */
	async function write(batches: readonly (typeof one)[], options = {}, resume?: Json): Promise<Json[]> {
		const sink = await open(options, resume);
		const marks = [];
		for (const batch of batches) {
			await sink.write(batch);
			marks.push(await sink.flush());
		}
		await sink.close();
		return marks;
	}

	/** Leaves what a run leaves that dies behind its flush, before the state has it. */
	async function killedIn(batches: readonly (typeof one)[], mark: Json | undefined): Promise<void> {
		const sink = await open({}, mark);
		for (const batch of batches) await sink.write(batch);
		await sink.flush();
		const left = killedCopy(folder(), `${folder()}-killed`);
		await sink.close();
		for (const name of fs.readdirSync(folder())) fs.rmSync(path.join(folder(), name), {recursive: true});
		fs.cpSync(left, folder(), {recursive: true});
		fs.rmSync(left, {recursive: true});
	}
	const marked = (mark: Json | undefined) => ({...(mark as object), writer: undefined});

	afterEach(restoreFs);

	it('has an entry for each commit that wrote something, and none for others', async () => {
		await write([batchOf([]), one, batchOf([]), two]);
		const {length} = one.lines;
		const {size} = fs.statSync(file());
		assert.deepEqual(
			entries().map(({range}) => range),
			[
				{from: 0, to: length, sha256: hashOf(0, length)},
				{from: length, to: size, sha256: hashOf(length)},
			],
		);
		assert.deepEqual(events(), [1, 2]);
		assert.deepEqual(await verified(), []);
	});

	it('is there for a file without events too, so that it can be verified', async () => {
		await write([]);
		assert.deepEqual(await verified(), []);
		await assert.rejects(
			ndjson.verify!({path: path.join(folder(), 'x')}),
			sinkError('TARGET_REFUSED', /x\.manifest is missing/),
		);
		await assert.rejects(ndjson.verify!({path: '-'}), {name: 'ConfigError'});
	});

	it('goes on exactly where the state says, like the file', async () => {
		const [mark] = await write([one]);
		const [last] = await write([two], {}, mark);
		const undisturbed = fs.readFileSync(manifest(), 'utf8');
		await write([one], {mode: 'replace'});
		const [again] = await write([one], {mode: 'replace'});
		await killedIn([two], again);
		fs.appendFileSync(manifest(), '{"torn');
		assert.deepEqual((await write([two], {}, again)).map(marked), [last].map(marked));
		assert.equal(fs.readFileSync(manifest(), 'utf8'), undisturbed);
		assert.deepEqual(await verified(), []);
	});

	it('refuses what is not what the state says, and changes neither of the two', async () => {
		const marks = [(await write([one, two]))[1]!];
		const [lines, text] = [fs.readFileSync(file()), fs.readFileSync(manifest(), 'utf8')];
		const damages: [string | undefined, RegExp][] = [
			[text.slice(0, 20), /manifest is shorter/],
			[text.replace('{"entry"', '{"ENTRY"'), /manifest was changed/],
			[undefined, /manifest is missing/],
		];
		for (const [damaged, message] of damages) {
			if (damaged === undefined) fs.rmSync(manifest());
			else fs.writeFileSync(manifest(), damaged);
			await assert.rejects(open({}, marks[0]), sinkError('TARGET_CHANGED', message));
			assert.deepEqual(fs.readFileSync(file()), lines);
			assert.equal(fs.existsSync(manifest()) ? fs.readFileSync(manifest(), 'utf8') : undefined, damaged);
		}
		fs.writeFileSync(manifest(), text);
		fs.writeFileSync(file(), 'x');
		await assert.rejects(open({}, marks[0]), sinkError('TARGET_CHANGED', /events\.ndjson is shorter/));
		assert.equal(fs.readFileSync(manifest(), 'utf8'), text);
	});

	it('never lists bytes that are not there, at whatever call the process dies', async () => {
		// Behind the state there are an entry and its lines: what a run left that died before it saved its state.
		const [mark] = await write([one]);
		await killedIn([two], mark);
		const before = killedCopy(folder(), `${folder()}-before`);
		for (let dies = 1, died = true; died; dies++) {
			for (const name of fs.readdirSync(before)) fs.copyFileSync(path.join(before, name), path.join(folder(), name));
			let calls = 0;
			died = false;
			for (const name of ['writeSync', 'ftruncateSync'] as const) {
				patchFs(name, original => (...args: never[]) => {
					if (++calls < dies) return (original as (...args: never[]) => unknown)(...args);
					died = true;
					throw new Error('died');
				});
			}
			await write([two], {}, mark).catch(() => {});
			restoreFs();
			const uncommitted = await verified();
			if (!died) assert.deepEqual(uncommitted, []);
			assert.ok(dies < 10);
		}
		fs.rmSync(before, {recursive: true});
	});

	it('is written when the data is durable, and durable itself when a flush resolves', async () => {
		const steps: string[] = [];
		const sink = await open({durability: 'power'});
		await sink.write(one);
		const name = (descriptor: number) => path.extname(fs.readlinkSync(`/proc/self/fd/${descriptor}`));
		patchFs('fdatasync', original => (descriptor: number, done: fs.NoParamCallback) => {
			original(descriptor, error => {
				steps.push(`sync ${name(descriptor)}`);
				done(error);
			});
		});
		patchFs('writeSync', original => (...args: Parameters<typeof original>) => {
			steps.push(`write ${name(args[0])}`);
			return original(...args);
		});
		await sink.flush();
		assert.deepEqual(steps, [
			'write .uncommitted',
			'sync .uncommitted',
			'write .ndjson',
			'sync .ndjson',
			'write .manifest',
			'sync .manifest',
		]);
		await sink.close();
	});

	it('is cut with the file when an entry cannot be written', async () => {
		const sink = await open();
		await sink.write(one);
		await sink.flush();
		await sink.write(two);
		patchFs('writeSync', original => (...args: Parameters<typeof original>) => {
			if (fs.readlinkSync(`/proc/self/fd/${args[0]}`).endsWith('.manifest')) throw systemError('ENOSPC');
			return original(...args);
		});
		await assert.rejects(sink.flush(), sinkError('SINK_FAILED', /manifest.*ENOSPC/));
		await assert.rejects(sink.flush(), sinkError('SINK_FAILED', /ENOSPC/));
		restoreFs();
		await sink.close();
		assert.deepEqual(await verified(), []);
		assert.deepEqual(events(), [1]);
	});

	it('is cut with the file when an entry was written and is not durable', async () => {
		const sink = await open({durability: 'power'});
		await sink.write(one);
		await sink.flush();
		await sink.write(two);
		let calls = 0;
		patchFs('fdatasync', original => (descriptor: number, done: fs.NoParamCallback) => {
			if (++calls < 2) original(descriptor, done);
			else done(systemError('EIO'));
		});
		await assert.rejects(sink.flush(), sinkError('SINK_FAILED', /EIO/));
		restoreFs();
		await sink.close();
		assert.deepEqual(await verified(), []);
		assert.deepEqual(events(), [1]);
	});

	describe('with mode=append', () => {
		it('begins with what was there, as found, and counts none of it', async () => {
			fs.writeFileSync(file(), 'old\nlines');
			await write([one, two], {mode: 'append'});
			const [found, ...others] = entries();
			assert.deepEqual(found, {
				entry: 0,
				previous: '0'.repeat(64),
				sources: {},
				range: {from: 0, to: 9, sha256: hashOf(0, 9)},
				found: true,
			});
			assert.equal(others[0]!.range?.from, 9, 'the line break that was missing is ours');
			assert.deepEqual(events(), [0, 1, 2]);
			assert.deepEqual(await verified(), []);
		});

		it('goes on behind the last whole entry, and lists what a killed run left as found', async () => {
			await write([one]);
			fs.appendFileSync(file(), '{"id":"killed"}\n');
			fs.appendFileSync(manifest(), '{"entry":{"torn');
			assert.equal((await verified()).length, 2);
			await write([two], {mode: 'append'});
			assert.deepEqual(
				entries().map(({found}) => found),
				[undefined, true, undefined],
			);
			assert.deepEqual(events(), [1, 0, 2]);
			assert.deepEqual(await verified(), []);
			await write([one], {mode: 'append'});
			assert.deepEqual(events(), [1, 0, 2, 1]);
			assert.deepEqual(await verified(), []);
		});

		it('refuses a chain that is damaged or of another file, and changes nothing', async () => {
			await write([one, two]);
			const text = fs.readFileSync(manifest(), 'utf8');
			fs.writeFileSync(manifest(), text.replace('"events":2', '"events":3'));
			await assert.rejects(open({mode: 'append'}), sinkError('TARGET_REFUSED', /manifest is damaged: entry 1/));
			fs.writeFileSync(manifest(), text);
			fs.truncateSync(file(), 3);
			await assert.rejects(open({mode: 'append'}), sinkError('TARGET_REFUSED', /has 3 bytes, but .* lists 33/));
			fs.rmSync(file());
			await assert.rejects(open({mode: 'append'}), sinkError('TARGET_REFUSED', /has 0 bytes/));
			assert.equal(fs.existsSync(file()), false);
			assert.equal(fs.readFileSync(manifest(), 'utf8'), text);
		});

		it('lists gzip members as they lie there', async () => {
			const packed = `${file()}.gz`;
			fs.writeFileSync(packed, gzipSync('old\n'));
			await write([one], {path: packed, mode: 'append'});
			assert.deepEqual(await verified(packed), []);
			assert.equal(entries(`${packed}.manifest`).at(-1)!.range!.to, fs.statSync(packed).size);
		});
	});

	it('refuses a manifest without its file, and begins anew with mode=replace', async () => {
		await write([one, two]);
		fs.rmSync(file());
		await assert.rejects(open(), sinkError('TARGET_REFUSED', /manifest is not empty.*mode=replace/));
		assert.equal(fs.existsSync(file()), false);
		await write([two], {mode: 'replace'});
		assert.deepEqual(events(), [2]);
		assert.deepEqual(await verified(), []);
	});

	it('can be left out, and taken up later', async () => {
		const [mark] = await write([one], {manifest: false});
		assert.deepEqual(fs.readdirSync(folder()), ['events.ndjson']);
		assert.deepEqual(Object.keys(mark as object), ['bytes', 'tail', 'writer']);
		await write([two], {}, mark);
		assert.deepEqual(
			entries().map(({found}) => found),
			[true, undefined],
		);
		assert.deepEqual(await verified(), []);
	});

	it('goes on with its chain behind a run that left it out, but not behind what died with one', async () => {
		const [marked] = await write([one]);
		const chain = fs.readFileSync(manifest(), 'utf8');
		const [mark] = await write([one], {manifest: false}, marked);
		fs.writeFileSync(manifest(), chain.replace('"events":1', '"events":9'));
		await assert.rejects(open({}, mark), sinkError('TARGET_REFUSED', /entry 0: .* removing it begins anew/));
		fs.writeFileSync(manifest(), chain);
		await write([two], {}, mark);
		assert.deepEqual(events(), [1, 0, 2]);
		assert.ok(fs.readFileSync(manifest(), 'utf8').startsWith(chain.slice(0, chain.indexOf('\n') + 1)));
		assert.deepEqual(await verified(), []);
	});
});
