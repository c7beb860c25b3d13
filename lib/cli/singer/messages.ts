import {ConfigError} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import type {Batch, OpenSink, Sink} from '../../sink/sink.ts';
import type {Checkpoint, StateStore} from '../../state/state.ts';
import type {Stream} from './catalog.ts';

/**
 * A sink that writes a stream as messages of Singer through `lines`, which writes lines, and the state of the same run:
 * each STATE stands behind the records that it covers. `given` is the value of the last one that a target has given back.
 */
export function singer(lines: Sink, stream: Stream, given: Json | undefined): {sink: Sink; state: StateStore} {
	let out: OpenSink | undefined;
	const say = async (message: object) => out?.write(batchOf([JSON.stringify(message)]));
	const {key_properties, schema} = stream;
	const isKeyed = key_properties.length > 0;
	const sink: Sink = {
		name: 'singer',
		target: '-',
		exclusive: true,
		async open(context) {
			out = await lines.open(context);
			await say({
				type: 'SCHEMA',
				stream: stream.stream,
				schema,
				key_properties,
				...(isKeyed ? {bookmark_properties: ['time']} : {}),
			});
			return {
				...out,
				write: async batch => out!.write(recordsOf(batch, stream.stream)),
			};
		},
	};
	const state: StateStore = {
		async load() {
			return given === undefined ? undefined : {checkpoint: checkpointIn(given), version: 1};
		},
		async commit(checkpoint, version) {
			await say({type: 'STATE', value: checkpoint});
			return version + 1;
		},
	};
	return {sink, state};
}

function checkpointIn(value: Json): Checkpoint {
	const {binding, sources, snapshots, sinks} = (value ?? {}) as unknown as Partial<Checkpoint>;
	if ([binding, sources, snapshots, sinks].every(part => typeof part === 'object' && part !== null))
		return value as unknown as Checkpoint;
	throw new ConfigError(
		'--state: expected the value of a STATE of this tap, got something else; leave it out to begin anew',
	);
}

function recordsOf({lines, ends}: Batch, stream: string): Batch {
	const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
	const before = `{"type":"RECORD","stream":${JSON.stringify(stream)},"time_extracted":"${new Date().toISOString()}","record":`;
	let start = 0;
	return batchOf(
		Array.from(ends, end => {
			const record = text.toString('utf8', start, end - 1);
			start = end;
			return `${before}${record}}`;
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
