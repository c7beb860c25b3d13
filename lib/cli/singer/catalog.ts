import {ConfigError} from '../../model/errors.ts';
import {auditEvent, type Json} from '../../model/event.ts';
import type {Source} from '../../source/define-source.ts';

interface Metadata {
	readonly breadcrumb: readonly string[];
	readonly metadata: Readonly<Record<string, Json>>;
}

/** One stream of a catalog, as taps give it (`--discover`) and take it (`--catalog`): https://hub.meltano.com/singer/spec. */
export interface Stream {
	readonly tap_stream_id: string;
	readonly stream: string;
	readonly key_properties: readonly string[];
	readonly schema: Readonly<Record<string, Json>>;
	readonly metadata: readonly Metadata[];
}

/** What a record is known by, and what all others are left out beside. */
const keyProperties = ['id', 'source', 'tenant'];
const automatic = [...keyProperties, 'time'];

/** The stream of a source: of common records, or of records as the API gives them, which have no key in common. */
export function streamOf({name}: Pick<Source, 'name'>, isRaw: boolean): Stream {
	const stream = {tap_stream_id: name, stream: name};
	const selected = {'selected-by-default': true};
	if (isRaw) {
		const schema = {type: 'object', additionalProperties: true};
		return {...stream, key_properties: [], schema, metadata: [{breadcrumb: [], metadata: selected}]};
	}
	const {$schema: _, ...schema} = auditEvent.toJSONSchema() as Readonly<Record<string, Json>>;
	const members = Object.keys(schema['properties'] as object);
	const metadata = [
		{
			breadcrumb: [],
			metadata: {...selected, 'table-key-properties': keyProperties, 'valid-replication-keys': ['time']},
		},
		...members.map(member => ({
			breadcrumb: ['properties', member],
			metadata: automatic.includes(member) ? {inclusion: 'automatic'} : {inclusion: 'available', ...selected},
		})),
	];
	return {...stream, key_properties: keyProperties, schema, metadata};
}

/**
 * The members of a stream that a catalog asks for; undefined where that is all of them, and none where the stream itself
 * is not asked for. Throws a ConfigError for what is no catalog.
 */
export function selectedIn(catalog: Json, {tap_stream_id, schema}: Stream): readonly string[] | undefined {
	const {streams} = (catalog ?? {}) as {readonly streams?: readonly Partial<Stream & {readonly schema: Json}>[]};
	if (!Array.isArray(streams)) throw new ConfigError('--catalog: expected {"streams": […]}, as --discover prints it');
	const found = (streams as readonly Partial<Stream>[]).find(stream => stream.tap_stream_id === tap_stream_id);
	const isWanted = (breadcrumb: string, otherwise: boolean) => {
		const {metadata} = found?.metadata?.find(one => one.breadcrumb.join('.') === breadcrumb) ?? {};
		return (metadata?.['selected'] ?? metadata?.['selected-by-default'] ?? otherwise) === true;
	};
	if (!found || !isWanted('', found.schema?.['selected'] === true)) return [];
	const members = Object.keys((schema['properties'] ?? {}) as object);
	const kept = members.filter(member => automatic.includes(member) || isWanted(`properties.${member}`, true));
	return kept.length === members.length ? undefined : kept;
}
