import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {pem} from './tls-server.ts';

export interface TestRedis {
	readonly url: string;
	readonly port: number;
	/** Ends it by this signal, and forgets what it held. */
	stop(signal?: NodeJS.Signals): Promise<void>;
	/** Starts it again on the same port, with nothing in it. */
	start(): Promise<void>;
	/** Stops it as a machine that does not answer, until `resume()`. */
	pause(): void;
	resume(): void;
	close(): Promise<void>;
}

/**
 * A Redis of its own, in memory, on a free port. `settings` are arguments such as `--maxmemory 3mb`; `certificate` is the
 * name of a certificate of the tests, for TLS and nothing else.
 */
export async function startRedis(settings: readonly string[] = [], certificate?: string): Promise<TestRedis> {
	const folder = mkdtempSync(path.join(tmpdir(), 'rxaudit-redis-'));
	const port = await freePort();
	const listens =
		certificate === undefined
			? ['--port', `${port}`]
			: ['--port', '0', '--tls-port', `${port}`, '--tls-auth-clients', 'no', ...certificateArgs(certificate)];
	let server: ChildProcess | undefined;

	async function start(): Promise<void> {
		const args = [...listens, '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...settings];
		server = spawn('redis-server', args, {stdio: ['ignore', 'pipe', 'inherit']});
		const failed = once(server, 'error').then(([error]) => {
			throw new Error('expected redis-server, got none; on Debian: apt-get install redis-server', {cause: error});
		});
		await Promise.race([isReady(server), failed]);
	}

	async function stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
		const ending = server;
		server = undefined;
		if (!ending) return;
		ending.kill(signal);
		if (ending.exitCode === null && ending.signalCode === null) await once(ending, 'exit');
	}

	await start();
	return {
		url: `${certificate === undefined ? 'redis' : 'rediss'}://127.0.0.1:${port}`,
		port,
		start,
		stop,
		pause: () => void server?.kill('SIGSTOP'),
		resume: () => void server?.kill('SIGCONT'),
		async close() {
			server?.kill('SIGCONT');
			await stop();
			rmSync(folder, {recursive: true, force: true});
		},
	};
}

function certificateArgs(name: string): string[] {
	return ['--tls-cert-file', pem(name), '--tls-key-file', pem(`${name}.key`), '--tls-ca-cert-file', pem('authority')];
}

async function isReady(server: ChildProcess): Promise<void> {
	let said = '';
	for await (const chunk of server.stdout!.iterator({destroyOnReturn: false}) as AsyncIterable<Buffer>) {
		said += chunk.toString();
		if (said.includes('Ready to accept connections')) return void server.stdout!.resume();
	}
	throw new Error(`Redis did not start: ${said}`);
}

async function freePort(): Promise<number> {
	const probe = createServer().listen(0, '127.0.0.1');
	await once(probe, 'listening');
	const {port} = probe.address() as {port: number};
	await new Promise(resolve => probe.close(resolve));
	return port;
}
