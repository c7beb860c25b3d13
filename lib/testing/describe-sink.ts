import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type {z} from 'zod';
import {ConfigError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import type {SinkFactory} from '../sink/define-sink.ts';
import type {Batch, OpenSink} from '../sink/sink.ts';
import {beforeEach, describe, it} from './runner.ts';
import {batchOf, sinkContext} from './sink-batch.ts';
import {temporaryFolder} from './temporary-folder.ts';

/** How to point a sink at a target of its own for each test, and how to read back what that holds. */
export interface SinkTarget {
	/** The options for a target that nobody has used: it lies in this empty folder, or bears its name. */
	options(folder: string): Readonly<Record<string, unknown>>;
	/** The texts of the events that the target holds, in any order where it keeps none. */
	read(folder: string): readonly string[] | Promise<readonly string[]>;
	/** Whether it keeps the order of events, and takes back what was written and not committed. */
	readonly ordered: boolean;
}

/** Ids that names must escape, texts of any length, a batch without events, hours and days apart. */
export const batches: readonly Batch[] = [['a', 'B/2'], [], ['c é', 'D'.repeat(300), 'e'], ['f', 'g'], ['…', 'h']].map(
	(ids, index) =>
		batchOf(
			ids.map(id => ({
				id,
				text: JSON.stringify({id, of: index, long: 'x'.repeat(id.length * 1000)}),
				timeMs: Date.UTC(2026, 0, 31, 23) + index * 3_600_000,
			})),
		),
);

export function textsOf(some: readonly Batch[]): string[] {
	return some.flatMap(({lines}) => Buffer.from(lines).toString().split('\n').slice(0, -1));
}

/**
 * Declares the tests that every sink must pass that keeps events, with `describe` and `it` of the runner that is at work:
 * what a flush has promised is there, once, whatever was written behind it.
 */
export function describeSink(create: SinkFactory, {options, read, ordered}: SinkTarget): void {
	describe(create.name, () => {
		const temporary = temporaryFolder();
		let folder: string;
		beforeEach(() => {
			folder = path.join(temporary(), 'target');
			fs.mkdirSync(folder);
		});
		const open = (resume?: Json): Promise<OpenSink> => create(options(folder) as never).open(sinkContext(resume));
		const holds = async (some: readonly Batch[]) => {
			const [got, expected] = [[...(await read(folder))], textsOf(some)];
			assert.deepEqual(ordered ? got : got.sort(), ordered ? expected : expected.sort());
		};
		const writeAll = async (sink: OpenSink, some: readonly Batch[]) => {
			for (const batch of some) assert.deepEqual((await sink.write(batch)) ?? [], []);
		};

		it('says what it is, where it writes, and describes every option', () => {
			assert.match(create.docs, /^[A-Z].{20,}/);
			assert.ok(Object.hasOwn(create.options.shape, create.target), 'its target is an option');
			for (const [name, {description = ''}] of Object.entries(create.options.shape) as [string, z.ZodType][]) {
				assert.notEqual(description, '', `${name} has no description`);
			}
			assert.throws(() => create({...options(folder), noSuchOption: 1} as never), ConfigError);
			const {name, target} = create(options(folder) as never);
			assert.equal(name, create.name);
			assert.ok(target.length > 0);
		});

		it('writes every event once, in order where it keeps one', async () => {
			const sink = await open();
			await writeAll(sink, batches);
			await sink.flush();
			await sink.close();
			await holds(batches);
		});

		it('keeps no bytes of a batch when its write has resolved', async () => {
			const sink = await open();
			for (const batch of batches) {
				const lent = {...batch, lines: Uint8Array.from(batch.lines)};
				await sink.write(lent);
				lent.lines.fill(0x20);
			}
			await sink.flush();
			await sink.close();
			await holds(batches);
		});

		it('takes a flush without a write, and an empty batch', async () => {
			const sink = await open();
			const first = await sink.flush();
			await sink.write(batchOf([]));
			assert.deepEqual(await sink.flush(), first);
			await sink.close();
			await (await open(first)).close();
			await holds([]);
		});

		it('has everything in place when a flush resolves, and returns plain JSON', async () => {
			const sink = await open();
			for (const [index, batch] of batches.entries()) {
				await sink.write(batch);
				const mark = await sink.flush();
				await holds(batches.slice(0, index + 1));
				assert.deepEqual(JSON.parse(JSON.stringify(mark)), mark);
			}
			await sink.close();
		});

		it('goes on behind each flush, whatever was written and never committed', async () => {
			let mark: Json | undefined;
			for (const [index, batch] of batches.entries()) {
				const sink = await open(mark);
				await sink.write(batch);
				mark = await sink.flush();
				sink.committed?.();
				if (index + 1 < batches.length) await sink.write(batches[index + 1]!);
				await sink.close();
			}
			await (await open(mark)).close();
			await holds(batches);
		});

		it('can be closed twice', async () => {
			const sink = await open();
			await writeAll(sink, batches);
			await sink.flush();
			await sink.close();
			await sink.close();
			await holds(batches);
		});
	});
}
