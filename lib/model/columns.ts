import {auditEvent} from './event.ts';

/** What a column of the common record holds, for formats that have types. */
export type ColumnType =
	| 'text'
	/** An instant in UTC, of milliseconds. */
	| 'time'
	| {readonly items: ColumnType}
	| {readonly members: Columns};

/** Columns, or the members of one, by name. */
export type Columns = Readonly<Record<string, ColumnType>>;

/** The parts of a JSON Schema that make a type. */
interface Schema {
	readonly format?: string;
	readonly items?: Schema;
	readonly properties?: Readonly<Record<string, Schema>>;
}

let known: Columns | undefined;

/** The columns of the common record, a column for each of its members. */
export function commonColumns(): Columns {
	return (known ??= columnsOf(auditEvent.toJSONSchema() as Schema));
}

function columnsOf({properties = {}}: Schema): Columns {
	return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, typeOf(schema)]));
}

function typeOf(schema: Schema): ColumnType {
	if (schema.items) return {items: typeOf(schema.items)};
	if (schema.properties) return {members: columnsOf(schema)};
	return schema.format === 'date-time' ? 'time' : 'text';
}
