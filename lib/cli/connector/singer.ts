import {ConfigError} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import type {Protocol} from './message-sink.ts';
import type {Stream} from './stream.ts';

interface Metadata {
	readonly breadcrumb: readonly string[];
	readonly metadata: Readonly<Record<string, Json>>;
}

/** A stream as catalogs of Singer have it (`--discover`, `--catalog`): https://hub.meltano.com/singer/spec. */
export interface Catalogued {
	readonly tap_stream_id: string;
	readonly stream: string;
	readonly key_properties: readonly string[];
	readonly schema: Readonly<Record<string, Json>>;
	readonly metadata: readonly Metadata[];
}

export function singer({name, schema, key}: Stream): Protocol {
	return {
		name: 'singer',
		begin: () => ({
			type: 'SCHEMA',
			stream: name,
			schema,
			key_properties: key,
			...(key.length > 0 ? {bookmark_properties: ['time']} : {}),
		}),
		around: () => [
			`{"type":"RECORD","stream":${JSON.stringify(name)},"time_extracted":"${new Date().toISOString()}","record":`,
			'}',
		],
		state: value => ({type: 'STATE', value}),
	};
}

export function catalogued({name, schema, key}: Stream): Catalogued {
	const selected = {'selected-by-default': true};
	const isKeyed = key.length > 0;
	const ofStream = isKeyed ? {'table-key-properties': [...key], 'valid-replication-keys': ['time']} : {};
	const metadata = Object.keys((schema['properties'] ?? {}) as object).map(member => ({
		breadcrumb: ['properties', member],
		metadata: isAutomatic(member, key) ? {inclusion: 'automatic'} : {inclusion: 'available', ...selected},
	}));
	return {
		tap_stream_id: name,
		stream: name,
		key_properties: key,
		schema,
		metadata: [{breadcrumb: [], metadata: {...selected, ...ofStream}}, ...metadata],
	};
}

/** The stream with these members of its records alone; undefined: with all. */
export function withMembers(stream: Stream, members: readonly string[] | undefined): Stream {
	const {properties, required} = stream.schema as {
		readonly properties?: Readonly<Record<string, Json>>;
		required?: string[];
	};
	if (!members || !properties) return stream;
	const kept = Object.fromEntries(Object.entries(properties).filter(([name]) => members.includes(name)));
	const needed = required ? {required: required.filter(name => members.includes(name))} : {};
	return {...stream, schema: {...stream.schema, properties: kept, ...needed}};
}

/** All others are left out beside these. */
function isAutomatic(member: string, key: readonly string[]): boolean {
	return member === 'time' || key.includes(member);
}

/**
 * The members of a stream that a catalog asks for; undefined where that is all of them, and none where the stream itself
 * is not asked for. Throws a ConfigError for what is no catalog.
 */
export function selectedIn(catalog: Json, {name, schema, key}: Stream): readonly string[] | undefined {
	const {streams} = (catalog ?? {}) as {readonly streams?: readonly Partial<Catalogued>[]};
	if (!Array.isArray(streams)) throw new ConfigError('--catalog: expected {"streams": […]}, as --discover prints it');
	const found = (streams as readonly (Partial<Catalogued> | null)[]).find(stream => stream?.tap_stream_id === name);
	const all = found?.metadata ?? [];
	if (!Array.isArray(all) || !all.every(isMetadata)) {
		throw new ConfigError(
			'--catalog: metadata: expected [{"breadcrumb": […], "metadata": {…}}], as --discover prints it',
		);
	}
	const isWanted = (path: readonly string[], otherwise: boolean) => {
		const {metadata} = all.find(({breadcrumb}) => breadcrumb.join('.') === path.join('.')) ?? {};
		const said = metadata?.['selected'] ?? metadata?.['selected-by-default'] ?? otherwise;
		return said === true && metadata?.['inclusion'] !== 'unsupported';
	};
	const ofSchema = (found?.schema?.['properties'] ?? {}) as Readonly<
		Record<string, {readonly selected?: Json} | undefined>
	>;
	if (!found || !isWanted([], found.schema?.['selected'] === true)) return [];
	const members = Object.keys((schema['properties'] ?? {}) as object);
	const kept = members.filter(
		member => isAutomatic(member, key) || isWanted(['properties', member], ofSchema[member]?.selected !== false),
	);
	const inner = all.find(
		({breadcrumb: [, member, ...more], metadata}) =>
			more.length > 0 && metadata['selected'] === false && kept.includes(member ?? ''),
	);
	if (inner) {
		const path = inner.breadcrumb.filter(part => part !== 'properties' && part !== 'items').join('.');
		throw new ConfigError(
			`--catalog: ${path}: expected whole members of the record, got a part that is not selected; take it out by "redact": ["${path}"] in the configuration`,
		);
	}
	return kept.length === members.length ? undefined : kept;
}

function isMetadata(value: unknown): value is Metadata {
	const {breadcrumb, metadata} = (value ?? {}) as Partial<Metadata>;
	return Array.isArray(breadcrumb) && typeof metadata === 'object' && metadata !== null;
}
