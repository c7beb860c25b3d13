import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {jetstreamManager, type StreamConfig} from '@nats-io/jetstream';
import {connect, type ConnectionOptions, type NatsConnection} from '@nats-io/transport-node';

export interface StoredMessage {
	readonly subject: string;
	readonly text: string;
	readonly headers: Readonly<Record<string, string>>;
}

export interface NatsServer {
	/** `host:port`. */
	readonly address: string;
	/** Makes a stream that takes the subjects of its name and one more part; gives the first of them. */
	addStream(name: string, config?: Partial<StreamConfig>): Promise<string>;
	/** All that a stream holds, in order. */
	read(stream: string): Promise<readonly StoredMessage[]>;
	/** From now on the stream says nothing, and somebody else acknowledges in its place. */
	impersonate(stream: string, ack: object): Promise<void>;
	kill(): Promise<void>;
	/** Starts it again behind a kill, on the same port and disk. */
	restart(): Promise<void>;
	close(): Promise<void>;
}

/** A nats-server with JetStream, on a disk and a port of its own. `config` is the text of its file; `as` is who makes streams. */
export async function startNats(config = '', as: ConnectionOptions = {}): Promise<NatsServer> {
	const folder = mkdtempSync(path.join(tmpdir(), 'rxaudit-nats-'));
	const file = path.join(folder, 'server.conf');
	writeFileSync(file, config);
	const start = async (port: string) => startProgram(['-a', '127.0.0.1', '-p', port, '-js', '-sd', folder, '-c', file]);
	const others: NatsConnection[] = [];
	const started = await start('-1');
	const {address} = started;
	let {child} = started;

	async function manage<T>(work: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>): Promise<T> {
		const connection = await connect({servers: address, ...as});
		try {
			return await work(await jetstreamManager(connection));
		} finally {
			await connection.close();
		}
	}

	async function kill(): Promise<void> {
		child.kill('SIGKILL');
		if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
	}

	return {
		address,
		async addStream(name, more = {}) {
			await manage(async ({streams}) => streams.add({name, subjects: [`${name}.*`], ...more}));
			return `${name}.events`;
		},
		read: async stream =>
			manage(async ({streams}) => {
				const {state} = await streams.info(stream);
				const stored: StoredMessage[] = [];
				for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
					const message = await streams.getMessage(stream, {seq});
					const headers = Object.fromEntries(Array.from(message!.header, ([name, [value]]) => [name, value!]));
					stored.push({subject: message!.subject, text: message!.string(), headers});
				}
				return stored;
			}),
		async impersonate(stream, ack) {
			await manage(async ({streams}) => streams.update(stream, {no_ack: true}));
			const connection = await connect({servers: address, ...as});
			connection.subscribe(`${stream}.*`, {callback: (_, message) => void message.respond(JSON.stringify(ack))});
			await connection.flush();
			others.push(connection);
		},
		kill,
		async restart() {
			({child} = await start(address.split(':')[1]!));
		},
		async close() {
			await Promise.all(others.map(async connection => connection.close()));
			await kill();
			rmSync(folder, {recursive: true, force: true});
		},
	};
}

async function startProgram(args: readonly string[]): Promise<{child: ChildProcess; address: string}> {
	const path = `${process.env['PATH']}:/usr/sbin`;
	const child = spawn('nats-server', args, {stdio: ['ignore', 'ignore', 'pipe'], env: {...process.env, PATH: path}});
	const missing = once(child, 'error').then(([error]: unknown[]) => {
		throw new Error(`expected nats-server, got none; on Debian: apt-get install nats-server (${String(error)})`);
	});
	missing.catch(() => {});
	const ready = async () => {
		let said = '';
		for await (const chunk of child.stderr!.iterator({destroyOnReturn: false}) as AsyncIterable<Buffer>) {
			said += chunk.toString();
			const [, address] = /client connections on ([\d.:]+)/.exec(said) ?? [];
			if (!address || !said.includes('Server is ready')) continue;
			child.stderr!.resume();
			return address;
		}
		throw new Error(`nats-server did not start: ${said}`);
	};
	return {child, address: await Promise.race([ready(), missing as Promise<never>])};
}
