import {auditEvent, type Json} from '../../model/event.ts';

type Schema = Readonly<Record<string, Json>>;

/** What a source gives, as connectors call it: a stream of records. */
export interface Stream {
	/** The source's name. */
	readonly name: string;
	/** The JSON Schema of its records. */
	readonly schema: Schema;
	/** The members that a record is known by: none of records as the API gives them, which have no key in common. */
	readonly key: readonly string[];
}

/** The stream of a source: of common records, or of records as the API gives them. */
export function streamOf(name: string, isRaw: boolean): Stream {
	if (isRaw) return {name, schema: {type: 'object', additionalProperties: true}, key: []};
	const {$schema: _, ...schema} = auditEvent.toJSONSchema() as Schema;
	return {name, schema, key: ['id', 'source', 'tenant']};
}
