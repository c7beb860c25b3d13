/** Serves what one source reads, for bench/sources.ts and bench/windows.ts, and tells its parent what it holds and what it was asked for. */
import type {ChildProcess} from 'node:child_process';
import {hash} from 'node:crypto';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import type {Sink, Source} from 'rxaudit';
import {loadApis, startEmulator} from '../lib/emulator/index.ts';

/** The first message. */
export interface Served {
	/** What the source needs besides credentials. */
	readonly options: Readonly<Record<string, unknown>>;
	/** What stands for each record that there is. */
	readonly held: readonly string[];
}

/** One of those that answer each message of the parent: what came in since the one before. */
export interface Asked {
	readonly method: string;
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: string;
}

/** What stands for a record: of its text, which has no line breaks. */
export function markOf(text: string | Uint8Array): string {
	return hash('sha1', text, 'base64');
}

/** Keeps what stands for each record, and how long that took, which is no part of a pull. */
export function countingSink(): {sink: Sink; marks: string[]; markedMs(): number} {
	const marks: string[] = [];
	let markedMs = 0;
	const sink: Sink = {
		name: 'counting',
		target: 'nowhere',
		async open() {
			return {
				async write({records}) {
					const began = performance.now();
					for (const {text} of records) marks.push(markOf(text));
					markedMs += performance.now() - began;
				},
				flush: async () => null,
				close: async () => {},
			};
		},
	};
	return {sink, marks, markedMs: () => markedMs};
}

/** Those credentials that a source takes: the emulator takes any. */
export function credentialsFor({auth}: Pick<Source, 'auth'>) {
	return {
		...(auth.includes('bearer') ? {token: 'emulator'} : {}),
		...(auth.includes('basic') ? {username: 'admin', password: 'emulator'} : {}),
	};
}

/** The next message of a process. Rejects when it ends before. */
export async function heardFrom<T>(child: ChildProcess): Promise<T> {
	const ended = new AbortController();
	child.once('exit', code => ended.abort(new Error(`a process ended with ${code}`)));
	const [message] = (await once(child, 'message', {signal: ended.signal})) as [T];
	return message;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	await serve(process.argv[2]!, Number(process.argv[3]), Number(process.argv[4] ?? 0));
}

async function serve(name: string, events: number, latencyMs: number): Promise<void> {
	const {switches, options} = (await loadApis()).get(name)?.reading ?? {};
	const emulator = await startEmulator({events, latencyMs, keepRequests: Infinity, ...(switches ? {switches} : {})});
	const held = Array.from(emulator.api(name).records(), ({text}) => markOf(text.replace(/[\r\n]/g, '')));
	let told = 0;
	process.on('message', () => {
		const asked = emulator.requests.slice(told).map(({method, url, headers, body}): Asked => {
			const {authorization = '', 'content-type': type} = headers;
			return {method, url, headers: {authorization, ...(type && {'content-type': type})}, ...(body && {body})};
		});
		told = emulator.requests.length;
		process.send!(asked);
	});
	process.once('disconnect', () => process.exit());
	process.send!({options: {endpoint: emulator.endpoints[name]!, ...options}, held} satisfies Served);
}
