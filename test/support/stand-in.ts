import {Socket} from 'node:net';
import {Readable} from 'node:stream';

export interface StandIn {
	readonly stdout: () => string;
	readonly stderr: () => string;
	/** Gives the process its own back. */
	end(): void;
}

let standsIn = false;

/**
 * Gives this process another environment, folder and streams, so that a command runs in it as in one of its own. One
 * at a time: there is one process.
 */
export function standIn(env: NodeJS.ProcessEnv, cwd: string | undefined, input: string | Uint8Array): StandIn {
	if (standsIn) throw new Error('another command runs in this process; start one of the two as a process of its own');
	standsIn = true;
	const own = {env: process.env, cwd: process.cwd()};
	const streams = ['stdin', 'stdout', 'stderr'] as const;
	const ownStreams = streams.map(name => Object.getOwnPropertyDescriptor(process, name)!);
	const [stdout, stderr] = [new Collector(), new Collector()];
	const stdin = Readable.from([Buffer.from(input)], {objectMode: false});
	process.env = {...env};
	if (cwd !== undefined) process.chdir(cwd);
	for (const [at, value] of [stdin, stdout, stderr].entries()) {
		Object.defineProperty(process, streams[at]!, {value, configurable: true, enumerable: true});
	}
	return {
		stdout: () => stdout.text(),
		stderr: () => stderr.text(),
		end() {
			standsIn = false;
			process.env = own.env;
			process.chdir(own.cwd);
			for (const [at, descriptor] of ownStreams.entries()) Object.defineProperty(process, streams[at]!, descriptor);
		},
	};
}

/** A pipe, for all that the code sees, whose reader takes everything. */
class Collector extends Socket {
	private readonly chunks: Buffer[] = [];

	override _write(chunk: Buffer | string, _: BufferEncoding, done: () => void): void {
		this.chunks.push(Buffer.from(chunk as string)); // all text here is UTF-8
		done();
	}

	override _writev(given: readonly {chunk: Buffer | string}[], done: () => void): void {
		for (const {chunk} of given) this.chunks.push(Buffer.from(chunk as string));
		done();
	}

	text(): string {
		return Buffer.concat(this.chunks).toString('utf8');
	}
}
