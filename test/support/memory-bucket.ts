import assert from 'node:assert/strict';
import type {Json} from '../../lib/model/event.ts';
import type {Delivery, OpenSink, Sink} from '../../lib/sink/sink.ts';
import type {Step} from '../../lib/testing/memory-sink.ts';

export interface MemoryBucket extends Sink {
	/** What the target holds, by name. */
	readonly objects: Map<string, readonly string[]>;
	/** The lines of all objects, by name. */
	lines(): string[];
}

interface BucketState {
	readonly [member: string]: Json;
	readonly commits: number;
	readonly lines: number;
	/** Of the last commit. */
	readonly names: readonly string[];
}

export interface MemoryBucketOptions {
	readonly target?: string;
	readonly delivery?: Delivery;
	/** Hears of `open`, `write`, `prepare`, `put` of each object, `flushed`, `holds` and `close`. */
	readonly step?: Step;
}

const perObject = 2;

/** A target in memory that cannot be cut: objects by name, several a commit, each there at once or not at all. */
export function memoryBucket({target = 'bucket', delivery, step = () => {}}: MemoryBucketOptions = {}): MemoryBucket {
	const objects = new Map<string, readonly string[]>();
	return {
		name: 'some-bucket',
		target,
		...(delivery ? {delivery} : {}),
		objects,
		lines: () => [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, lines]) => lines),
		async holds(prepared) {
			await step(`holds ${target}`);
			return (prepared as BucketState).names.every(name => objects.has(name));
		},
		async open({resume, prepared}): Promise<OpenSink> {
			await step(`open ${target}`);
			let state = (resume as BucketState | undefined) ?? {commits: 0, lines: 0, names: []};
			let orphans = (prepared as BucketState | undefined)?.names ?? [];
			let taken: string[] = [];
			let spooled = new Map<string, readonly string[]>();
			let next = state;
			return {
				async write(batch) {
					await step(`write ${target}`);
					taken.push(...batch.records.map(({text}) => Buffer.from(text).toString()));
				},
				async prepare() {
					await step(`prepare ${target}`);
					spooled = new Map();
					for (let at = 0; at < taken.length; at += perObject) {
						spooled.set(`${String(state.commits).padStart(4, '0')}-${at}`, taken.slice(at, at + perObject));
					}
					const commits = state.commits + (taken.length > 0 ? 1 : 0);
					next = {commits, lines: state.lines + taken.length, names: [...spooled.keys()]};
					return next;
				},
				async flush() {
					for (const [name, lines] of spooled) {
						await step(`put ${target}`);
						// the same pages come again after a crash, so whoever has the name already has the same lines
						if (!delivery) assert.deepEqual(objects.get(name) ?? lines, lines);
						else assert.ok(!objects.has(name) || orphans.includes(name), `${name} is not ours`);
						objects.set(name, lines);
					}
					for (const name of orphans) if (!spooled.has(name)) objects.delete(name);
					if (spooled.size > 0) orphans = [];
					state = next;
					taken = [];
					spooled = new Map();
					await step(`flushed ${target}`);
					return state;
				},
				async close() {
					await step(`close ${target}`);
				},
			};
		},
	};
}
