import {AuditError, ConfigError, type ErrorCode} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import type {Source} from '../../source/define-source.ts';
import {type Flag, type Flags} from '../flags/flags.ts';
import {requiredFlagsOf, sourceFlags} from '../flags/options.ts';
import {shapeFlags} from '../flags/shape.ts';
import {sentenceOf} from '../output/sentence.ts';
import {flagsIn, secrets, snake} from './configuration.ts';
import {isEmpty, type Protocol} from './message-sink.ts';
import type {Stream} from './stream.ts';

/** Messages of version 0 of the protocol: https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol. */
export function airbyte({name}: Stream): Protocol {
	return {
		name: 'airbyte',
		begin: () => statusOf(name, 'RUNNING'),
		around: () => [
			`{"type":"RECORD","record":{"stream":${JSON.stringify(name)},"emitted_at":${Date.now()},"data":`,
			'}}',
		],
		state: (checkpoint, recordCount) => ({
			type: 'STATE',
			state: {
				type: 'STREAM',
				stream: {stream_descriptor: {name}, stream_state: checkpoint},
				sourceStats: {recordCount},
			},
		}),
	};
}

/** How far a stream is; `quotaResetMs` is the time until which the API lets it wait. */
export function statusOf(
	name: string,
	status: 'STARTED' | 'RUNNING' | 'COMPLETE' | 'INCOMPLETE',
	quotaResetMs?: number,
): object {
	const reasons =
		quotaResetMs === undefined
			? {}
			: {reasons: [{type: 'RATE_LIMITED', rate_limited: {quota_reset: Math.round(quotaResetMs)}}]};
	return trace('STREAM_STATUS', {stream_status: {stream_descriptor: {name}, status, ...reasons}});
}

/** Why it failed: something that the user has to change, something that passes, or something else. */
export function failureOf(error: unknown, name: string | undefined): object {
	const code = error instanceof AuditError ? error.code : undefined;
	return trace('ERROR', {
		error: {
			message: error instanceof Error ? sentenceOf(error) : String(error),
			failure_type: code === undefined ? 'system_error' : (failureTypes[code] ?? 'system_error'),
			...(code === undefined ? {} : {internal_message: code}),
			...(name === undefined ? {} : {stream_descriptor: {name}}),
		},
	});
}

const failureTypes: Partial<Record<ErrorCode, 'config_error' | 'transient_error'>> = {
	CONFIG: 'config_error',
	UNAUTHORIZED: 'config_error',
	FORBIDDEN: 'config_error',
	NOT_FOUND: 'config_error',
	REDIRECT_REFUSED: 'config_error',
	POISON_EVENT: 'config_error',
	STATE_DAMAGED: 'config_error',
	STATE_FOREIGN: 'config_error',
	RATE_LIMITED: 'transient_error',
	UNREACHABLE: 'transient_error',
	HTTP_STATUS: 'transient_error',
	TIMEOUT: 'transient_error',
	BAD_BODY: 'transient_error',
	ABORTED: 'transient_error',
};

function trace(type: string, what: object): object {
	return {type: 'TRACE', trace: {type, emitted_at: Date.now(), ...what}};
}

/** What a catalog says of a stream. */
export function catalogOf({name, schema, key}: Stream, {order}: Pick<Source, 'order'>): object {
	const isKeyed = key.length > 0;
	return {
		type: 'CATALOG',
		catalog: {
			streams: [
				{
					name,
					json_schema: schema,
					supported_sync_modes: order === 'none' ? ['full_refresh'] : ['full_refresh', 'incremental'],
					source_defined_cursor: true,
					...(isKeyed ? {default_cursor_field: ['time'], source_defined_primary_key: key.map(member => [member])} : {}),
				},
			],
		},
	};
}

type SyncMode = 'full_refresh' | 'incremental';

/**
 * How a configured catalog asks for the stream; undefined where it does not. Throws a ConfigError for what is no catalog,
 * or asks for others.
 */
export function syncModeOf(catalog: Json, {name}: Stream): SyncMode | undefined {
	interface Configured {
		readonly stream?: {readonly name?: string};
		readonly sync_mode?: Json;
	}
	const {streams} = (catalog ?? {}) as {readonly streams?: readonly (Configured | null)[]};
	if (!Array.isArray(streams)) throw new ConfigError('--catalog: expected {"streams": [{"stream": …}]}');
	const [first, ...more] = streams as readonly (Configured | null)[];
	if (first === undefined) return undefined;
	if (more.length > 0 || first?.stream?.name !== name)
		throw new ConfigError(`--catalog: expected the stream ${name} alone, as discover prints it, got another one`);
	const {sync_mode: mode = 'full_refresh'} = first;
	if (mode === 'full_refresh' || mode === 'incremental') return mode;
	throw new ConfigError('--catalog: sync_mode: expected full_refresh or incremental, got another one');
}

/** What the stream's last state was; undefined where it begins. Throws a ConfigError for what is no state. */
export function stateIn(state: Json | undefined, {name}: Stream): Json | undefined {
	if (state === undefined || isEmpty(state)) return undefined;
	if (!Array.isArray(state)) throw new ConfigError('--state: expected a list of states, one for each stream');
	interface Stated {
		readonly type?: Json;
		readonly stream?: {readonly stream_descriptor?: {readonly name?: string}; readonly stream_state?: Json};
	}
	const found = (state as readonly (Stated | null)[]).find(one => one?.stream?.stream_descriptor?.name === name);
	const value = found?.stream?.stream_state ?? {};
	if (!found && state.length > 0)
		throw new ConfigError(`--state: expected one of the stream ${name}, got others; reset the stream to begin anew`);
	return value;
}

/** Members of a pull that a form shows; the others are taken, too. */
const shown: Flags = {
	...shapeFlags,
	'on-poison': {value: 'stop|dead-letter', help: 'what to do with an event that cannot be processed (default: stop)'},
	'dead-letter': {
		value: 'FILE',
		help: 'where such events go, with on_poison dead-letter: a file on a volume that stays',
	},
};
const secretHelp: Readonly<Record<string, string>> = {
	token: 'the token of the API',
	username: 'the user name, where the API takes one',
	password: 'the password of that user',
	redact_key: 'makes pseudonyms of what redact takes out',
	enrich_token: 'the token that enrich asks with',
};
const plain = ['username'];

/** The form of a connector that offers these sources, under the names that they are found by: flags of a pull in snake_case, in one object. */
export function specOf(sources: readonly Source[], names: readonly string[], documentationUrl: string): object {
	const all = new Map<string, {flag: Flag; of: string[]; neededBy: string[]}>();
	for (const source of sources) {
		const required = requiredFlagsOf(source.options);
		const flags = Object.entries({...sourceFlags(source), ...shown});
		const taken = flagsIn(source);
		for (const [name, flag] of flags.filter(([name]) => Object.hasOwn(taken, name) && !name.endsWith('-file'))) {
			const known = all.get(name) ?? {flag, of: [], neededBy: []};
			known.of.push(source.name);
			if (required.includes(name)) known.neededBy.push(source.name);
			all.set(name, known);
		}
	}
	const members = Array.from(all, ([name, {flag, of, neededBy}]) => {
		const whose = of.length < names.length ? `of ${of.join(', ')}: ` : '';
		const need = neededBy.length > 0 && names.length > 1 ? `; required by ${neededBy.join(', ')}` : '';
		return [snake(name), {...typeOf(flag), title: titleOf(name), description: `${whose}${flag.help}${need}`}] as const;
	});
	const ofSecrets = Object.keys(secrets).map(name => {
		const secret = plain.includes(name) ? {} : {airbyte_secret: true};
		return [name, {type: 'string', title: titleOf(name), description: secretHelp[name] ?? name, ...secret}] as const;
	});
	const source = {type: 'string', title: 'Source', description: 'the API that is read', enum: names};
	const properties = [['source', source] as const, ...ofSecrets, ...members];
	const always = Array.from(all).filter(([, {neededBy}]) => neededBy.length === names.length);
	return {
		type: 'SPEC',
		spec: {
			documentationUrl,
			supportsIncremental: true,
			connectionSpecification: {
				$schema: 'http://json-schema.org/draft-07/schema#',
				title: 'rxaudit',
				type: 'object',
				additionalProperties: true,
				required: ['source', ...always.map(([name]) => snake(name))],
				properties: Object.fromEntries(properties.map(([name, member], order) => [name, {...member, order}])),
			},
		},
	};
}

function typeOf({value, repeat}: Flag): object {
	if (value === undefined) return {type: 'boolean'};
	if (repeat) return {type: 'array', items: {type: 'string'}};
	return {type: value === 'N' ? 'integer' : 'string'};
}

function titleOf(name: string): string {
	const words = snake(name).replaceAll('_', ' ');
	return words.charAt(0).toUpperCase() + words.slice(1);
}
