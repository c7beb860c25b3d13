// Pulls into SQLite and PostgreSQL by the recipes of examples/databases, side by side, and dies at a statement of one.
import {DatabaseSync as Sqlite} from '@photostructure/sqlite';
import pg from 'pg';
import {normalize, run} from 'rxaudit';
import orgEvents from 'rxaudit/sources/atlassian-org-events';
import {postgresState} from '../../examples/databases/postgres.js';
import {sqliteState} from '../../examples/databases/sqlite.js';

const {file, address, endpoint, database, killAt, when} = JSON.parse(process.env.DATABASE_CHILD);
let statements = 0;

/** Calls a statement, unless the process dies before it, with it on its way, or behind it. */
function at(name, statement) {
	const die = () => process.kill(process.pid, 'SIGKILL');
	if (name !== database || ++statements !== killAt) return statement();
	if (when === 'before') die();
	const result = statement();
	if (when === 'sent' || !(result instanceof Promise)) die();
	return result.then(die);
}

const db = new Sqlite(file);
const watched = {
	exec: sql => at('sqlite', () => db.exec(sql)),
	prepare(sql) {
		const statement = db.prepare(sql);
		return {
			get: (...values) => statement.get(...values),
			all: (...values) => statement.all(...values),
			run: (...values) => at('sqlite', () => statement.run(...values)),
		};
	},
};
const client = new pg.Client(address);
await client.connect();
const query = client.query.bind(client);
client.query = (sql, values) => at('postgres', () => query(sql, values));

/** SQLite takes its pages sooner than PostgreSQL: theirs are smaller. */
const pull = ({sink, state}, pageSize) => {
	const pages = orgEvents({endpoint, orgId: 'acme', token: 'secret', pageSize});
	return run(pages.pipe(normalize()), sink, {state, commitSize: {pages: 1}});
};
const reports = await Promise.all([pull(sqliteState(watched, 'acme'), 5), pull(postgresState(client, 'acme'), 20)]);
await client.end();
process.stdout.write(JSON.stringify(reports.map(({events}) => events)));
