/** Serves what one source reads, for bench/sources.ts, and tells its parent what it holds and what it was asked for. */
import {hash} from 'node:crypto';
import {fileURLToPath} from 'node:url';
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
