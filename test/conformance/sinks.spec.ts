import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type {SinkFactory} from '../../lib/sink/define-sink.ts';
import {ConfigError, SinkError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import {list, load} from '../../lib/registry.ts';
import type {Batch, OpenSink} from '../../lib/sink/sink.ts';
import {killedCopy} from '../support/killed-copy.ts';
import {failFs, restoreFs} from '../support/patch-fs.ts';
import {batchOf, sinkContext, sinkError} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {assertTextualDefaults} from '../../lib/testing/textual-defaults.ts';
import {assertOptions} from './option-names.ts';
import {batches, describeSink, textsOf} from '../../lib/testing/describe-sink.ts';
import {type FileSinkEntry, sinkTable} from './sink-table.ts';

const sinks = await Promise.all(list('sink').map(async name => ({name, create: await load('sink', name)})));

describe('conformance of sinks', () => {
	for (const {name, create} of sinks) {
		describe(name, () => {
			const entry = Object.hasOwn(sinkTable, name) ? sinkTable[name] : undefined;
			it('has an entry in test/conformance/sink-table.ts', () => assert.ok(entry));

			it('is called like its file, says what it is, and describes every option', () => {
				assert.equal(create.name, name);
				assert.match(create.docs, /^[A-Z].{20,}/);
				assert.ok(Object.hasOwn(create.options.shape, create.target), 'the target is an option');
				assertOptions(create.options);
				assertTextualDefaults(create.options);
				assert.throws(() => create({noSuchOption: 1} as never), ConfigError);
			});

			if (!entry || !('read' in entry)) return;
			for (const ending of entry.endings ?? ['']) {
				describe(ending === '' ? 'as it is' : `in a file ${ending}`, () => {
					const {ordered} = entry;
					const options = (folder: string) => entry.options(folder, ending);
					describeSink(create, {ordered, options, read: folder => entry.read(folder, ending)});
					describeFileSink(create, entry, ending);
				});
			}
		});
	}
});

function describeFileSink(create: SinkFactory, entry: FileSinkEntry, ending: string): void {
	const {ordered, written} = entry;
	const options = (where: string) => entry.options(where, ending);
	const read = (where: string) => entry.read(where, ending);
	const temporary = temporaryFolder();
	let folder: string;
	beforeEach(() => {
		folder = path.join(temporary(), 'target');
		fs.mkdirSync(folder);
	});
	afterEach(restoreFs);

	const open = (resume?: Json, more: object = {}, where = folder, signal?: AbortSignal): Promise<OpenSink> =>
		create({...options(where), ...more} as never).open(sinkContext(resume, signal));
	const holds = (some: readonly Batch[], where = folder) =>
		assert.deepEqual(read(where), ordered ? textsOf(some) : textsOf(some).sort());
	/** Every file with its content: what nobody needs any more would be seen. */
	const tree = (where = folder) =>
		fs
			.readdirSync(where, {recursive: true, withFileTypes: true})
			.filter(found => found.isFile())
			.map(found => path.join(found.parentPath, found.name))
			.map(file => `${path.relative(where, file)}: ${fs.readFileSync(file, 'latin1')}`)
			.sort();
	/** What `kill -9` would leave at this instant. */
	const kill = (copy: string) => killedCopy(folder, path.join(temporary(), copy));

	async function writeAll(sink: OpenSink, some: readonly Batch[]): Promise<void> {
		for (const batch of some) assert.deepEqual((await sink.write(batch)) ?? [], []);
	}

	it('says where it writes, and touches nothing before it is opened', () => {
		const {name, target} = create(options(folder) as never);
		assert.equal(name, create.name);
		assert.ok(path.isAbsolute(target));
		assert.deepEqual(tree(), []);
	});

	it('writes every event once, in order where it has one, and leaves nothing else behind', async () => {
		const sink = await open();
		await writeAll(sink, batches);
		await sink.flush();
		await sink.close();
		holds(batches);
		if (ending !== '') return; // what is compressed was read
		const content = tree().join('\n');
		for (const text of textsOf(batches)) {
			assert.equal(content.split(Buffer.from(written?.(text) ?? text).toString('latin1')).length, 2);
		}
	});

	it('has everything in place when a flush resolves, at either durability', async () => {
		for (const durability of ['process', 'power']) {
			const where = path.join(folder, durability);
			const sink = await open(undefined, {durability}, where);
			for (const [index, batch] of batches.entries()) {
				await sink.write(batch);
				await sink.flush();
				holds(batches.slice(0, index + 1), where);
			}
			await sink.close();
		}
	});

	it('goes on exactly behind the last flush, in the state or not, whatever was written before the kill', async () => {
		const sink = await open();
		const marks = [await sink.flush()];
		/** What was left at an instant, and behind which of the marks a state may be by then. */
		const instants: {copy: string; from: number; to: number}[] = [];
		const note = (what: string, from: number, to: number) =>
			instants.push({copy: kill(`${what}-${instants.length}`), from: ordered ? from : 0, to});
		for (const [index, batch] of batches.entries()) {
			await sink.write(batch);
			note('written', index, index);
			marks.push(await sink.flush());
			note('flushed', index, index + 1);
			sink.committed?.();
			note('committed', index + 1, index + 1);
		}
		await sink.close();
		const undisturbed = tree();
		for (const {copy, from, to} of instants) {
			for (let at = from; at <= to; at++) {
				const where = path.join(temporary(), `${path.basename(copy)}-resumed-${at}`);
				fs.cpSync(copy, where, {recursive: true});
				if (ordered) {
					await (await open(marks[at], {}, where)).close();
					holds(batches.slice(0, at), where);
				}
				const again = await open(marks[at], {}, where);
				for (const batch of batches.slice(at)) {
					await again.write(batch);
					await again.flush();
				}
				await again.close();
				assert.deepEqual(tree(where), undisturbed, `${copy}, resumed at ${at}`);
			}
		}
	});

	it('keeps all that it has committed from a state that is older, and says so', async function () {
		if (!ordered) return; // a folder adopts what is there
		const sink = await open();
		const marks = [await sink.flush()];
		for (const batch of batches) {
			await sink.write(batch);
			marks.push(await sink.flush());
			sink.committed?.();
		}
		await sink.close();
		const before = tree();
		for (const mark of marks.slice(0, -1)) {
			await assert.rejects(
				open(mark),
				(error: unknown) =>
					error instanceof SinkError && error.code === 'TARGET_CHANGED' && /bytes lie behind/.test(error.message),
			);
			assert.deepEqual(tree(), before);
		}
	});

	it('takes a record that comes again with its sets in another order for the same, where a source says so', async () => {
		const page = (ids: readonly string[], order: (set: number[]) => number[]): Batch => {
			const batch = batchOf(ids.map(id => ({id, text: JSON.stringify({id, set: order([1, 2, 3])})})));
			return {...batch, source: {...batch.source, unorderedLists: true}};
		};
		const asGiven = (set: number[]) => set;
		const turned = (set: number[]) => set.toReversed();
		const sink = await open();
		await sink.write(page(['a'], asGiven));
		const mark = await sink.flush();
		await sink.write(page(['b', 'c'], asGiven));
		const where = kill('replayed');
		await sink.close();
		const again = await open(mark, {}, where);
		await writeAll(again, [page(['b', 'c'], turned), page(['d'], turned)]);
		await again.flush();
		await again.close();
		const held = read(where).map(text => JSON.parse(text) as {id: string; set: number[]});
		assert.deepEqual(
			held.map(({id, set}) => `${id} ${set.toSorted((a, b) => a - b)}`),
			['a', 'b', 'c', 'd'].map(id => `${id} 1,2,3`),
		);
	});

	it('refuses a file that no state knows, and names the ways out; goes on behind it or empties it where told', async () => {
		if (!ordered) return; // a folder adopts what is there
		const writeInto = async (some: readonly Batch[], more?: object) => {
			const sink = await open(undefined, more);
			await writeAll(sink, some);
			await sink.flush();
			await sink.close();
		};
		await writeInto(batches.slice(0, 1));
		const before = tree();
		const waysOut = /--state.*a file of its own.*\?mode=append.*\?mode=replace/;
		await assert.rejects(open(), sinkError('TARGET_REFUSED', waysOut));
		assert.deepEqual(tree(), before);
		await writeInto(batches.slice(1), {mode: 'append'});
		holds(batches);
		await writeInto(batches.slice(1), {mode: 'replace'});
		holds(batches.slice(1));
	});

	if (ending !== '') return; // a compressor takes writes, whatever becomes of its file
	for (const code of ['EIO', 'EACCES', 'ENOSPC']) {
		it(`rejects a write that fails (${code}), flushes nothing then, and is exact in the next run`, async () => {
			const sink = await open(undefined, {retryBaseMs: 0, maxAttempts: 2});
			await sink.write(batches[0]!);
			const mark = await sink.flush();
			sink.committed?.();
			const calls = failFs('writeSync', code);
			const isSinkError = (error: unknown) => error instanceof SinkError && error.cause !== undefined;
			await assert.rejects(sink.write(batches[2]!), isSinkError);
			assert.equal(calls.count, code === 'ENOSPC' ? 2 : 1);
			restoreFs();
			await assert.rejects(sink.write(batches[3]!), isSinkError);
			await assert.rejects(sink.flush(), isSinkError);
			await sink.close();
			holds(batches.slice(0, 1));
			const again = await open(mark);
			await writeAll(again, batches.slice(1));
			await again.flush();
			await again.close();
			holds(batches);
		});
	}

	it('ends a write that waits for space when the run gives up', async () => {
		const giveUp = new AbortController();
		const sink = await open(undefined, {retryBaseMs: 60_000}, folder, giveUp.signal);
		failFs('writeSync', 'ENOSPC');
		const writing = sink.write(batches[0]!);
		giveUp.abort(new Error('stopped'));
		await assert.rejects(writing);
		restoreFs();
		await sink.close();
	});
}
