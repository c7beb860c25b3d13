import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

export interface Postgres {
	/** For `new pg.Client()`. */
	readonly address: Readonly<Record<'host' | 'database' | 'user', string>>;
	close(): Promise<void>;
}

/** A server of its own, on a socket in a folder of its own; it does not wait for disks. */
export async function startPostgres(): Promise<Postgres> {
	const bin = findPrograms();
	const folder = mkdtempSync(path.join(tmpdir(), 'rxaudit-pg-'));
	const owner = ownerOf(folder);
	const data = path.join(folder, 'data');
	const initialize = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
	execFileSync(path.join(bin, 'initdb'), initialize, {...owner, stdio: 'pipe', cwd: folder});
	const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off', 'autovacuum=off'];
	const server = spawn(path.join(bin, 'postgres'), ['-D', data, ...settings.flatMap(setting => ['-c', setting])], {
		...owner,
		stdio: ['ignore', 'ignore', 'pipe'],
		cwd: folder,
	});
	await isReady(server);
	return {
		address: {host: folder, database: 'postgres', user: 'postgres'},
		async close() {
			server.kill('SIGINT');
			if (server.exitCode === null) await once(server, 'exit');
			rmSync(folder, {recursive: true, force: true});
		},
	};
}

async function isReady(server: ChildProcess): Promise<void> {
	let said = '';
	for await (const chunk of server.stderr!.iterator({destroyOnReturn: false}) as AsyncIterable<Buffer>) {
		said += chunk.toString();
		if (said.includes('ready to accept connections')) return void server.stderr!.resume();
	}
	throw new Error(`PostgreSQL did not start: ${said}`);
}

/** Debian has them beside the path. */
function findPrograms(): string {
	const versions = '/usr/lib/postgresql';
	const places = [
		...(process.env['PATH'] ?? '').split(path.delimiter),
		...(existsSync(versions) ? readdirSync(versions).map(version => path.join(versions, version, 'bin')) : []),
	];
	const found = places.find(
		place => existsSync(path.join(place, 'initdb')) && existsSync(path.join(place, 'postgres')),
	);
	if (found) return found;
	throw new Error('expected PostgreSQL (initdb, postgres), got none; on Debian: apt-get install postgresql');
}

/** PostgreSQL refuses to run as root; then the folder is that of the user whom Debian's package makes. */
function ownerOf(folder: string): {readonly uid?: number; readonly gid?: number} {
	if (process.getuid?.() !== 0) return {};
	const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
	if (!line) throw new Error('expected a user postgres, as root may not run PostgreSQL, got none; add it with useradd');
	const [uid, gid] = [Number(line[1]), Number(line[2])];
	chownSync(folder, uid, gid);
	return {uid, gid};
}
