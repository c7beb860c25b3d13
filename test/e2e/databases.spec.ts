import assert from 'node:assert/strict';
import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {text} from 'node:stream/consumers';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import type * as rxaudit from '../../lib/index.ts';
import type orgEventsSource from '../../sources/atlassian-org-events.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {type Emulator, startEmulator} from '../support/emulator.ts';
import {type Postgres, startPostgres} from '../support/postgres.ts';
import {root} from '../support/tree.ts';
import {createRandom} from './random.ts';

interface PgClient {
	connect(): Promise<void>;
	query(sql: string, values?: unknown[]): Promise<{readonly rows: Row[]}>;
	end(): Promise<void>;
}

interface SqliteDatabase {
	exec(sql: string): unknown;
	prepare(sql: string): {all(): unknown[]};
	close(): unknown;
}

interface Row {
	readonly event: string;
}

/** At which statement of which database a process dies: before it, with it on its way, or behind it. */
interface Dying {
	readonly database: Database;
	readonly killAt: number;
	readonly when: 'before' | 'sent' | 'behind';
}

type Database = keyof typeof lifetimes;

type Recipe = (
	database: unknown,
	pipeline: string,
) => {readonly sink: rxaudit.Sink; readonly state: rxaudit.StateStore};

const execute = promisify(execFile);
const require = createRequire(import.meta.url);
const {Client} = require('pg') as {Client: new (address: unknown) => PgClient};
const {DatabaseSync: Sqlite} = require('@photostructure/sqlite') as {
	DatabaseSync: new (file: string) => SqliteDatabase;
};
const kills = 20;
/** The longest, in statements; SQLite takes one for each event. */
const lifetimes = {sqlite: 60, postgres: 36};
const running = new Set<ChildProcess>();
const tablesOf = (kind: string) => readFileSync(new URL(`examples/databases/${kind}.sql`, root), 'utf8');

/** What lies in the repository, as the package that was built loads it. */
const load = async <T>(file: string): Promise<T> => (await import(new URL(file, root).href)) as T;

describe('rows and state in one database', function () {
	this.timeout(300_000);
	const folder = temporaryFolder();
	let emulator: Emulator;
	let postgres: Postgres;
	let client: PgClient;
	let file: string;
	let sqlite: SqliteDatabase;

	before(async () => {
		postgres = await startPostgres();
	});
	after(() => postgres?.close());

	beforeEach(async () => {
		emulator = await startEmulator({events: 900, token: 'secret'});
		client = await connect();
		await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
		await client.query(tablesOf('postgres'));
		file = path.join(folder(), 'audit.db');
		sqlite = new Sqlite(file);
		sqlite.exec(tablesOf('sqlite'));
	});
	afterEach(async () => {
		for (const child of running) child.kill('SIGKILL');
		sqlite.close();
		await client.end();
		await emulator.close();
	});

	async function connect(): Promise<PgClient> {
		const connected = new Client(postgres.address);
		await connected.connect();
		return connected;
	}

	/** Each event of the source is a row once, with the record's own text. */
	async function assertRows(databases: readonly Database[] = ['sqlite', 'postgres']): Promise<void> {
		const held = Array.from(emulator.api('atlassian-org-events').records(), record => record.text).sort();
		const rows = {
			sqlite: sqlite.prepare('SELECT event FROM audit_events').all() as Row[],
			postgres: (await client.query('SELECT event::text FROM audit_events')).rows,
		};
		for (const database of databases) {
			const raws = rows[database].map(({event}) => (JSON.parse(event) as {raw: string}).raw);
			assert.deepEqual(raws.sort(), held, database);
		}
	}

	async function live(dying?: Dying) {
		const child = spawn(process.execPath, [path.join(import.meta.dirname, '../support/database-child.mjs')], {
			env: {
				...process.env,
				DATABASE_CHILD: JSON.stringify({file, address: postgres.address, endpoint: emulator.url, ...dying}),
			},
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		running.add(child);
		child.once('exit', () => running.delete(child));
		const [said, error, [code, signal]] = await Promise.all([
			text(child.stdout),
			text(child.stderr),
			once(child, 'exit') as Promise<[number, string]>,
		]);
		assert.equal(error, '');
		return {said, end: signal ?? code};
	}

	it(`holds each event once after ${kills} times kill -9`, async () => {
		const random = createRandom('databases');
		const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
		for (let kill = 0; kill < kills; kill++) {
			const database = pick(['sqlite', 'postgres'] as const);
			const killAt = 1 + Math.floor(random() * lifetimes[database]);
			const {end, said} = await live({database, killAt, when: pick(['before', 'sent', 'behind'])});
			assert.equal(end, 'SIGKILL', said);
		}
		const {end, said} = await live();
		assert.equal(end, 0);
		for (const events of JSON.parse(said) as number[]) assert.ok(events > 50 && events < 850, said);
		await assertRows();
	});

	it('has recipes of 50 lines at most, whose types are right', async () => {
		const files = ['postgres.js', 'sqlite.js'].map(name => fileURLToPath(new URL(`examples/databases/${name}`, root)));
		for (const recipe of files) assert.ok(readFileSync(recipe, 'utf8').split('\n').length <= 51, recipe);
		const strict = ['--noEmit', '--allowJs', '--checkJs', '--strict', '--skipLibCheck', '--target', 'es2023'];
		const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', root));
		const modules = ['--module', 'nodenext', '--types', 'node', '--ignoreConfig'];
		await execute(process.execPath, [tsc, ...strict, ...modules, ...files]);
	});

	describe('in this process', () => {
		let library: typeof rxaudit;
		let orgEvents: typeof orgEventsSource;
		const recipes: Record<string, Recipe> = {};

		before(async () => {
			library = await load('dist/lib/index.js');
			({default: orgEvents} = await load<{default: typeof orgEventsSource}>('dist/sources/atlassian-org-events.js'));
			Object.assign(recipes, await load('examples/databases/sqlite.js'), await load('examples/databases/postgres.js'));
		});

		const pull = (recipe: string, database: unknown) => {
			const {sink, state} = recipes[recipe]!(database, 'acme');
			const pages = orgEvents({endpoint: emulator.url, orgId: 'acme', token: 'secret', pageSize: 100});
			return library.run(pages.pipe(library.normalize()), sink, {state, commitSize: {pages: 2}});
		};

		it('takes records that leave out what they can, and characters that SQL has no word for', async () => {
			const message = 'a \0 b \ud800 \u2028 {"c",\\}';
			for (const [recipe, database] of [
				['sqliteState', sqlite],
				['postgresState', client],
			] as const) {
				const {sink, state} = recipes[recipe]!(database, 'acme');
				const odd = library.mapEvents(({id, time}: rxaudit.AuditEvent) => ({id, time, message}));
				const pages = orgEvents({endpoint: emulator.url, orgId: 'acme', token: 'secret', pageSize: 500});
				await library.run(pages.pipe(library.normalize(), odd), sink, {state});
			}
			const rows = [
				sqlite.prepare('SELECT event FROM audit_events').all() as Row[],
				(await client.query('SELECT event::text FROM audit_events')).rows,
			];
			for (const taken of rows) {
				assert.equal(taken.length, 900);
				for (const {event} of taken) assert.equal((JSON.parse(event) as {message: string}).message, message);
			}
		});

		async function assertOneWrites(runs: readonly Promise<unknown>[], code: string): Promise<void> {
			const ends = await Promise.allSettled(runs);
			assert.deepEqual(ends.map(({status}) => status).sort(), ['fulfilled', 'rejected']);
			const refused = ends.flatMap(end => (end.status === 'rejected' ? [end.reason as {code: string}] : []));
			assert.equal(refused[0]!.code, code);
		}

		it('of two runs one writes to SQLite', async () => {
			const other = new Sqlite(file);
			await assertOneWrites([pull('sqliteState', sqlite), pull('sqliteState', other)], 'STATE_CONFLICT');
			other.close();
			await assertRows(['sqlite']);
		});

		it('of two runs one is refused by PostgreSQL before it asks for anything', async () => {
			const other = await connect();
			await assertOneWrites([pull('postgresState', client), pull('postgresState', other)], 'STATE_LOCKED');
			await other.end();
			await assertRows(['postgres']);
		});

		it('of two runs one writes to PostgreSQL, also where the lock was not held', async () => {
			const other = await connect();
			const [one, two] = [client, other].map(real => ({
				query: (sql: string, values?: unknown[]) =>
					real.query(sql.replace(/pg_try_advisory_lock\(.*\)/, '$1 = $1'), values),
			}));
			await assertOneWrites([pull('postgresState', one), pull('postgresState', two)], 'STATE_CONFLICT');
			await other.end();
			await assertRows(['postgres']);
		});
	});
});
