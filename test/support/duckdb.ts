import {DuckDBInstance, type DuckDBConnection, type JS} from '@duckdb/node-api';

export type Row = Readonly<Record<string, JS>>;

let connection: Promise<DuckDBConnection> | undefined;

async function connect(): Promise<DuckDBConnection> {
	const instance = await DuckDBInstance.create(':memory:', {threads: '1'});
	const opened = await instance.connect();
	await opened.run("SET TimeZone = 'UTC'");
	return opened;
}

/** What DuckDB answers: the rows of the last statement. */
export async function query(sql: string): Promise<readonly Row[]> {
	const reader = await (await (connection ??= connect())).runAndReadAll(sql);
	return reader.getRowObjectsJS();
}

/** A text as SQL writes it. */
export function quoted(text: string): string {
	return `'${text.replaceAll("'", "''")}'`;
}
