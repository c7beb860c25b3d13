import {ConfigError} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import {load} from '../../registry.ts';
import type {Batch, OpenSink, Sink} from '../../sink/sink.ts';
import type {Checkpoint, StateStore} from '../../state/state.ts';
import type {World} from '../world.ts';

/** How a protocol of connectors says what a run does: one message a line. */
export interface Protocol {
	readonly name: string;
	/** Stands before all records. */
	begin(): object;
	/** The text around that of a record, of this moment. */
	around(): readonly [before: string, after: string];
	/** Stands behind so many records, those since the last one, and covers them. */
	state(checkpoint: Checkpoint, records: number): object;
}

/** A run's sink and its state, which say both what they get; `say` puts another message between theirs. */
export interface MessageSink {
	readonly sinks: readonly [Sink];
	readonly state: StateStore;
	say(message: object): Promise<void>;
}

/**
 * Writes messages to standard output: each state stands behind the records that it covers. `given` is the value of the
 * last one that the host has given back.
 */
export async function messageSink(protocol: Protocol, given: Json | undefined, world: World): Promise<MessageSink> {
	const lines = (await load('sink', 'ndjson'))({path: '-'});
	let out: OpenSink | undefined;
	let said: Promise<unknown> = Promise.resolve();
	let records = 0;
	const write = async (batch: Batch) => {
		const writing = said.then(() => out?.write(batch));
		said = writing.catch(() => {});
		await writing;
	};
	const say = async (message: object) => write(batchOf([JSON.stringify(message)]));
	const sink: Sink = {
		name: protocol.name,
		target: '-',
		exclusive: true,
		async open(context) {
			out = await lines.open({...context, stdout: world.stdout});
			await say(protocol.begin());
			return {
				...out,
				async write(batch) {
					records += batch.ends.length;
					await write(around(batch, protocol.around()));
				},
			};
		},
	};
	const state: StateStore = {
		async load() {
			return given === undefined || isEmpty(given) ? undefined : {checkpoint: checkpointIn(given), version: 1};
		},
		async commit(checkpoint, version) {
			await say(protocol.state(checkpoint, records));
			records = 0;
			return version + 1;
		},
	};
	return {sinks: [sink], state, say};
}

/** Hosts say nothing in several ways. */
export function isEmpty(value: Json): boolean {
	return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

function checkpointIn(value: Json): Checkpoint {
	const {binding, sources, snapshots, sinks} = (value ?? {}) as unknown as Partial<Checkpoint>;
	if ([binding, sources, snapshots, sinks].every(part => typeof part === 'object' && part !== null))
		return value as unknown as Checkpoint;
	throw new ConfigError(
		'--state: expected what this connector said last, got something else; leave it out to begin anew',
	);
}

function around({lines, ends}: Batch, [before, after]: readonly [string, string]): Batch {
	const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
	let start = 0;
	return batchOf(
		Array.from(ends, end => {
			const record = text.toString('utf8', start, end - 1);
			start = end;
			return `${before}${record}${after}`;
		}),
	);
}

function batchOf(messages: readonly string[]): Batch {
	const texts = messages.map(message => `${message}\n`);
	let end = 0;
	const ends = Uint32Array.from(texts, text => (end += Buffer.byteLength(text)));
	return {
		events: [],
		records: [],
		lines: Buffer.from(texts.join('')),
		ends,
		source: {name: '', tenant: '', ids: 'global'},
	};
}
