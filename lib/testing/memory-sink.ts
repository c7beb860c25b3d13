import assert from 'node:assert/strict';
import type {Json} from '../model/event.ts';
import type {Rejected} from '../model/page.ts';
import type {Batch, CommitSize, OpenSink, Sink, SinkContext} from '../sink/sink.ts';

/** Called before and after each effect that a run has, by name: it may note it, wait or reject. */
export type Step = (name: string) => Promise<void> | void;

export interface MemorySinkOptions {
	readonly name?: string;
	readonly target?: string;
	readonly layout?: Readonly<Record<string, string>>;
	readonly commitSize?: Partial<CommitSize>;
	/** Hears of `open`, `write`, `written`, `flush`, `flushed` and `close`, each followed by the target. */
	readonly step?: Step;
	/** Ids of events that this sink cannot write. */
	readonly refuses?: readonly string[];
	readonly onOpen?: (context: SinkContext) => void;
}

export interface MemorySink extends Sink {
	/** What the target holds, one text per event. */
	readonly lines: string[];
	/** So many of them survive whatever happens. */
	durable: number;
}

/** A target in memory that keeps the contract of a file: a run that goes on cuts what was not committed. */
export function memorySink(options: MemorySinkOptions = {}): MemorySink {
	const {target = 'memory', step = () => {}, refuses = [], onOpen} = options;
	const sink: MemorySink = {
		name: options.name ?? 'some-sink',
		target,
		...(options.layout ? {layout: options.layout} : {}),
		...(options.commitSize ? {commitSize: options.commitSize} : {}),
		lines: [],
		durable: 0,
		async open(context): Promise<OpenSink> {
			await step(`open ${target}`);
			onOpen?.(context);
			const committed = (context.resume as {lines: number} | undefined)?.lines ?? 0;
			assert(sink.lines.length >= committed, `${target} is shorter than what was committed`);
			sink.lines.length = committed;
			sink.durable = committed;
			return {
				async write(batch) {
					await step(`write ${target}`);
					const refused = batch.records.filter(({id}) => refuses.includes(id));
					for (const [index, text] of textsOf(batch).entries()) {
						if (!refuses.includes(batch.records[index]?.id ?? '')) sink.lines.push(text);
					}
					await step(`written ${target}`);
					return refused.map(({id, text}): Rejected => ({id, text, reason: `${target} refuses it`}));
				},
				async flush(): Promise<Json> {
					await step(`flush ${target}`);
					sink.durable = sink.lines.length;
					const state = {lines: sink.durable};
					await step(`flushed ${target}`);
					return state;
				},
				async close() {
					await step(`close ${target}`);
				},
			};
		},
	};
	return sink;
}

function textsOf({lines, ends}: Batch): string[] {
	const bytes = Buffer.from(lines);
	return Array.from(ends, (end, index) => bytes.toString('utf8', index === 0 ? 0 : ends[index - 1]!, end - 1));
}
