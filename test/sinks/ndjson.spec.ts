import assert from 'node:assert/strict';
import fs from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {gunzipSync, gzipSync} from 'node:zlib';
import fc from 'fast-check';
import {ConfigError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import ndjson from '../../sinks/ndjson.ts';
import {killedCopy} from '../support/killed-copy.ts';
import {failFs, patchFs, restoreFs, watchSync} from '../support/patch-fs.ts';
import {batchOf, type HeardContext, sinkContext, sinkError} from '../../lib/testing/sink-batch.ts';

describe('ndjson', () => {
	let folder: string;
	let path: string;
	const one = batchOf([{id: '1'}]);
	const two = batchOf([{id: '2'}, {id: '3'}]);
	const linesOf = (file: string) => {
		const bytes = fs.readFileSync(file);
		return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
	};
	const open = (options: Partial<Parameters<typeof ndjson>[0]> = {}, context = sinkContext()) =>
		ndjson({path, retryBaseMs: 0, ...options}).open(context);
	/** Writes `one`, commits, and returns what the state would hold. */
	async function committed(file = path): Promise<Json> {
		const sink = await open({path: file});
		await sink.write(one);
		const mark = await sink.flush();
		await sink.close();
		return mark;
	}

	beforeEach(() => {
		folder = fs.mkdtempSync(join(tmpdir(), 'rxaudit-ndjson-'));
		path = join(folder, 'events.ndjson');
	});
	afterEach(() => {
		restoreFs();
		fs.rmSync(folder, {recursive: true});
	});

	it('says what it is', () => {
		const sink = ndjson({path: 'relative.ndjson'});
		assert.equal(sink.name, 'ndjson');
		assert.equal(sink.target, join(process.cwd(), 'relative.ndjson'));
		assert.equal(ndjson({path: '-'}).target, '-');
		assert.throws(() => ndjson({path: 'x', mode: 'overwrite' as never}), ConfigError);
	});

	for (const suffix of ['', '.gz']) {
		it(`goes on exactly behind the last commit after a kill, in the state or not${suffix && ', compressed'}`, async () => {
			const page = fc.array(fc.record({id: fc.string()}), {minLength: 1, maxLength: 5});
			const pages = fc.array(
				page.map(events => batchOf(events)),
				{minLength: 1, maxLength: 8},
			);
			let run = 0;
			await fc.assert(
				fc.asyncProperty(pages, fc.nat(), fc.nat(), fc.boolean(), async (batches, flushes, cut, isSaved) => {
					const name = `events.ndjson${suffix}`;
					const flushed = flushes % (batches.length + 1);
					const before = join(folder, `${run}`);
					const first = await open({path: join(before, name), durability: 'process'});
					const marks = [await first.flush()];
					for (const [index, batch] of batches.entries()) {
						await first.write(batch);
						if (index < flushed) marks.push(await first.flush());
					}
					const after = killedCopy(before, join(folder, `${run++} killed`));
					await first.close();
					const file = join(after, name);
					const {size} = fs.statSync(file);
					const at = isSaved || flushed < batches.length ? flushed : flushed - 1; // no write before it is saved
					const {bytes, manifest} = marks[at] as {bytes: number; manifest: {bytes: number}};
					// A commit that died half-way.
					const left = bytes + (cut % (size - bytes + 1));
					fs.truncateSync(file, left);
					if (left < size) fs.truncateSync(`${file}.manifest`, manifest.bytes);

					const second = await open({path: file, durability: 'process'}, sinkContext(marks[at]));
					for (const batch of batches.slice(at)) await second.write(batch);
					await second.flush();
					await second.close();
					assert.equal(linesOf(file), Buffer.concat(batches.map(batch => batch.lines)).toString());
				}),
				{numRuns: 60},
			);
		});

		it(`never cuts what it did not write${suffix && ', compressed'}`, async () => {
			path += suffix;
			const mark = await committed();
			const unfinished = await open({}, sinkContext(mark));
			await unfinished.write(two);
			await unfinished.flush(); // and is killed before the state has it
			const left = killedCopy(folder, join(folder, '..', `${basename(folder)}-killed`));
			await unfinished.close();
			try {
				const there = join(left, basename(path));
				const refused = async (context: HeardContext, message: RegExp) => {
					const before = fs.readFileSync(there);
					await assert.rejects(open({path: there, mode: 'append'}, context), sinkError('TARGET_CHANGED', message));
					assert.deepEqual(fs.readFileSync(there), before);
				};
				// by another pipeline, which would go on behind it
				await refused(sinkContext(), /from \d+ on are a commit of another pipeline that was not finished.*uncommitted/);
				// by an older state: both commits were there when it ended
				await refused(sinkContext({...(mark as object), writer: 'another'}), /of another pipeline/);
				fs.appendFileSync(there, suffix ? gzipSync('{"id":"foreign"}\n') : '{"id":"foreign"}\n');
				await refused(
					sinkContext(mark),
					/bytes lie behind byte \d+, where this state ends, of which .* lists those up to/,
				);
			} finally {
				fs.rmSync(left, {recursive: true});
			}
		});

		it(`does not glue a line to one without a line break${suffix && ', compressed'}`, async () => {
			path += suffix;
			fs.writeFileSync(path, suffix ? gzipSync('torn') : 'torn');
			const sink = await open({mode: 'append'});
			await sink.write(one);
			await sink.flush();
			await sink.close();
			assert.equal(linesOf(path), 'torn\n{"id":"1"}\n');
		});
	}

	it('appends only to whole gzip files', async () => {
		path += '.gz';
		const whole = gzipSync('{"id":"0"}\n');
		const tails = [Buffer.from('plain'), whole.subarray(0, -3), Buffer.alloc(100)];
		for (const damaged of [Buffer.from('plain'), ...tails.map(tail => Buffer.concat([whole, tail]))]) {
			fs.writeFileSync(path, damaged);
			await assert.rejects(open({mode: 'append'}), sinkError('TARGET_REFUSED', /\?mode=replace/));
			assert.deepEqual(fs.readFileSync(path), damaged);
		}
	});

	it('leaves an empty file where there were no events, and none where it were no gzip', async () => {
		for (const [file, isThere] of [
			[path, true],
			[`${path}.gz`, false],
		] as const) {
			const sink = await open({path: file});
			const mark = await sink.flush();
			await sink.write(batchOf([]));
			await sink.flush();
			await sink.close();
			assert.equal(fs.existsSync(file), isThere);
			const later = await open({path: file}, sinkContext(mark));
			await later.write(one);
			await later.flush();
			await later.close();
			assert.equal(linesOf(file), '{"id":"1"}\n');
		}
	});

	it('writes gzip members that hold events only', async () => {
		path += '.gz';
		const sink = await open();
		await sink.flush();
		for (const batch of [batchOf([]), one, batchOf([])]) {
			await sink.write(batch);
			await sink.flush();
		}
		await sink.close();
		assert.equal(fs.readFileSync(path).indexOf(Buffer.of(0x1f, 0x8b), 1), -1, 'one member');
		assert.equal(linesOf(path), '{"id":"1"}\n');
	});

	it('notices a target that changes under it before it writes more, and leaves it as it is', async () => {
		const elsewhere = join(folder, 'elsewhere');
		const changes: Record<string, () => void> = {
			'has 0 bytes': () => fs.truncateSync(path, 0),
			'has 16 bytes': () => fs.appendFileSync(path, 'echo\n'),
			'was removed': () => fs.rmSync(path),
			renamed: () => fs.renameSync(path, elsewhere),
			replaced: () => {
				fs.copyFileSync(path, elsewhere);
				fs.renameSync(elsewhere, path);
			},
			'was rewritten': () => fs.writeFileSync(path, '{"id":"9"}\n'),
		};
		for (const [message, change] of Object.entries(changes)) {
			const sink = await open({mode: 'replace'});
			await sink.write(one);
			await sink.flush();
			await sink.write(two);
			change();
			const before = fs.existsSync(path) ? fs.readFileSync(path) : undefined;
			await assert.rejects(sink.flush(), sinkError('TARGET_CHANGED', new RegExp(message)));
			await sink.close();
			assert.deepEqual(fs.existsSync(path) ? fs.readFileSync(path) : undefined, before, message);
			for (const file of [elsewhere, path]) fs.rmSync(file, {force: true});
		}
	});

	it('writes behind the end, wherever that is by then, and never over it', async () => {
		const sink = await open();
		await sink.write(one);
		patchFs('writeSync', original => (...args: Parameters<typeof original>) => {
			restoreFs();
			fs.appendFileSync(path, 'between\n');
			return original(...args);
		});
		await assert.rejects(sink.flush(), sinkError('TARGET_CHANGED', /written to by somebody else/));
		await sink.close();
		assert.equal(linesOf(path), 'between\n{"id":"1"}\n');
	});

	it('keeps what it has not committed beside the file, readable by its owner only, until the state has it', async () => {
		const own = join(folder, '.events.ndjson.uncommitted');
		const sink = await open();
		await sink.flush();
		await sink.write(one);
		assert.equal(linesOf(path), '');
		assert.equal(fs.statSync(own).mode & 0o777, 0o600);
		await sink.flush();
		assert.match(fs.readFileSync(own, 'utf8'), /"from":0,"bytes":11/);
		sink.committed!();
		assert.doesNotMatch(fs.readFileSync(own, 'utf8'), /"from"/);
		await sink.close();
		assert.ok(!fs.existsSync(own));
	});

	it('follows no link where it keeps what is its own', async () => {
		const victim = join(folder, 'victim');
		fs.writeFileSync(victim, 'precious');
		for (const own of ['.events.ndjson.uncommitted', 'events.ndjson.manifest']) {
			fs.symlinkSync(victim, join(folder, own));
			fs.writeFileSync(path, 'there\n');
			await assert.rejects(
				open({mode: 'replace'}),
				sinkError('TARGET_REFUSED', new RegExp(`${own} is a symbolic link`)),
			);
			assert.equal(fs.readFileSync(victim, 'utf8'), 'precious');
			fs.rmSync(join(folder, own));
		}
	});

	it('ignores the mode when there is a state', async () => {
		const mark = await committed();
		const sink = await open({mode: 'replace'}, sinkContext(mark));
		await sink.write(two);
		await sink.flush();
		await sink.close();
		assert.equal(linesOf(path), '{"id":"1"}\n{"id":"2"}\n{"id":"3"}\n');
	});

	it('refuses a file that is not what the state says, and leaves it alone', async () => {
		const mark = await committed();
		const contents = {'{"id":"1"}': /shorter/, '{"id":"X"}\n': /was changed/, '{"id":"X"}\nmore\n': /was changed/};
		for (const [content, message] of Object.entries(contents)) {
			fs.writeFileSync(path, content);
			await assert.rejects(open({}, sinkContext(mark)), sinkError('TARGET_CHANGED', message));
			assert.equal(fs.readFileSync(path, 'utf8'), content);
		}
		fs.rmSync(path);
		await assert.rejects(open({}, sinkContext(mark)), sinkError('TARGET_CHANGED', /missing/));
		assert.equal(fs.existsSync(path), false);
		await assert.rejects(open({}, sinkContext({})), sinkError('TARGET_CHANGED', /no position/));
	});

	it('sees a change within the last 64 KiB, whatever the sizes of the writes', async () => {
		const sink = await open();
		for (const length of [10, 70_000, 100, 30_000]) await sink.write(batchOf([{id: '', text: 'x'.repeat(length)}]));
		const mark = await sink.flush();
		await sink.close();
		const {size} = fs.statSync(path);
		const flip = (offset: number) => {
			const descriptor = fs.openSync(path, 'r+');
			fs.writeSync(descriptor, 'y', offset);
			fs.closeSync(descriptor);
		};
		flip(size - 65_537);
		await (await open({}, sinkContext(mark))).close();
		flip(size - 65_536);
		await assert.rejects(open({}, sinkContext(mark)), sinkError('TARGET_CHANGED'));
	});

	it('makes missing folders, and refuses what is no file', async () => {
		path = join(folder, 'a/b/events.ndjson');
		await committed();
		assert.throws(() => ndjson({path: join(folder, 'a')}), /a is a folder, expected a file; write ndjson:.*\/a\/$/);
		await assert.rejects(open({path: join(path, 'x')}), sinkError('TARGET_REFUSED', /ENOTDIR/));
		failFs('openSync', 'EACCES');
		await assert.rejects(open({path: join(folder, 'new')}), sinkError('TARGET_REFUSED', /cannot open .*new: EACCES/));
	});

	it('costs two fsyncs a commit for the lines and one for the entry, and the folders once, or none at all', async () => {
		const seen = watchSync();
		const power = await open({path: join(folder, 'new/power')});
		for (const batch of [one, two]) {
			await power.write(batch);
			await power.write(batch);
			await power.flush();
		}
		await power.flush();
		assert.deepEqual(seen, {files: 6, folders: 4});
		const process = await open({path: join(folder, 'process'), durability: 'process'});
		await process.write(one);
		await process.flush();
		assert.deepEqual(seen, {files: 6, folders: 4});
		await power.close();
		await process.close();
	});

	it('does not believe the fsync after a failed one', async () => {
		const mark = await committed();
		const seen = watchSync(1);
		const sink = await open({}, sinkContext(mark));
		await sink.write(two);
		await assert.rejects(sink.flush(), sinkError('SINK_FAILED', /EIO/));
		await assert.rejects(sink.flush(), sinkError('SINK_FAILED', /EIO/));
		await assert.rejects(sink.write(two), sinkError('SINK_FAILED', /EIO/));
		assert.equal(seen.files, 1);
		await sink.close();
		assert.equal(linesOf(path), '{"id":"1"}\n');
	});

	for (const code of ['ENOSPC', 'EDQUOT', 'EMFILE']) {
		it(`waits for ${code} to pass`, async () => {
			const context = sinkContext();
			const sink = await open({}, context);
			failFs('writeSync', code, 4);
			await sink.write(one);
			await sink.flush();
			await sink.close();
			assert.equal(linesOf(path), '{"id":"1"}\n');
			assert.equal(context.warnings.length, 4);
		});
	}

	it('writes the rest of a partial write', async () => {
		patchFs(
			'writeSync',
			original => (descriptor: number, bytes: Uint8Array, offset: number, length: number, at: number) =>
				original(descriptor, bytes, offset, Math.min(length, 3), at),
		);
		await committed();
		assert.equal(linesOf(path), '{"id":"1"}\n');
	});
});
