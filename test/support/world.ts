import {EventEmitter} from 'node:events';
import {Readable, Writable} from 'node:stream';
import type {StopSignal, World} from '../../lib/cli/world.ts';

export interface TestWorld extends World {
	/** What was said up to now. */
	readonly said: () => string;
	readonly warned: () => string;
	/** The signals by which the process was ended. */
	readonly endedBy: StopSignal[];
	send(signal: StopSignal): void;
}

interface Given {
	readonly env?: Readonly<Record<string, string>>;
	readonly cwd?: string | undefined;
	/** What stands on standard input; it ends there. */
	readonly input?: string | Uint8Array;
	/** Whether somebody types and reads. */
	readonly isTTY?: boolean;
	/** What day it is. Default: the first of 2026, so that no test depends on today. */
	readonly now?: number;
}

/** A world of its own for a command that runs in this process: nothing of the process comes into it. */
export function testWorld({
	env = {},
	cwd = '.',
	input = '',
	isTTY = false,
	now = Date.UTC(2026, 0, 1),
}: Given = {}): TestWorld {
	const [stdout, stderr] = [new Collector(isTTY), new Collector(isTTY)];
	const emitter = new EventEmitter();
	const endedBy: StopSignal[] = [];
	return {
		env,
		cwd,
		stdin: Object.assign(Readable.from([Buffer.from(input)], {objectMode: false}), {isTTY}),
		stdout,
		stderr,
		signals: {
			on: (signal, listener) => emitter.on(signal, listener),
			off: (signal, listener) => emitter.off(signal, listener),
			end: signal => void endedBy.push(signal),
		},
		now: () => now,
		said: () => stdout.text(),
		warned: () => stderr.text(),
		endedBy,
		send: signal => void emitter.emit(signal),
	};
}

/** A pipe whose reader takes everything. */
class Collector extends Writable {
	private readonly chunks: Buffer[] = [];
	readonly isTTY: boolean;

	constructor(isTTY: boolean) {
		super();
		this.isTTY = isTTY;
	}

	override _write(chunk: Buffer | string, _: BufferEncoding, done: () => void): void {
		this.chunks.push(Buffer.from(chunk as string)); // all text here is UTF-8
		done();
	}

	text(): string {
		return Buffer.concat(this.chunks).toString('utf8');
	}
}
