import {ConfigError, type Spelling} from '../../model/errors.ts';
import type {CredentialOptions} from '../../http/credentials.ts';
import {parseEndpoint} from '../../http/endpoint.ts';
import type {BoundOperations} from '../../source/operations.ts';
import type {EnrichOptions} from '../../operators/enrich.ts';
import {connectionOptions} from '../../options/options.ts';
import {load} from '../../registry.ts';
import type {Source} from '../../source/define-source.ts';
import {checkCredentials, type CredentialAdvice, secretIn} from './credentials.ts';
import {camel, type Flags, type FlagValues, textsIn} from './flags.ts';
import type {World} from '../world.ts';
import {flagsOf, requiredFlagsOf, inFlags, flagOf} from './options.ts';

export const enrichFlags: Flags = {
	enrich: {
		value: 'users|actions',
		repeat: true,
		help: 'add names that the API leaves out: of accounts, by their ids; of actions, from the catalogue of the API',
	},
	'enrich-org-id': {value: 'VALUE', help: "the organization that is asked for them (default: the source's)"},
	'enrich-endpoint': {
		value: 'URL',
		help: "where it is asked (default: the source's endpoint for one of the same vendor, else the vendor's)",
	},
	'enrich-token-file': {
		value: 'FILE',
		help: "file with the token for it (else: RXAUDIT_ENRICH_TOKEN; default: the source's, at its own origin only)",
	},
};

/** What the user said of waiting and trying again holds here too; the rate is that of another API. */
const patience = Object.keys(connectionOptions).filter(key => key !== 'rate');

type Options = Readonly<Record<string, unknown>>;

/** The pull that is to be enriched. */
interface Command {
	readonly source: Source;
	/** The source's, checked. */
	readonly options: Options;
	readonly values: FlagValues;
	readonly env: World['env'];
}

/** What `--enrich` asks for. */
interface Enrichment {
	/** For `enrich()`; nothing is requested before an event lacks something. */
	readonly options: EnrichOptions;
	/** What the state belongs to: names of another organization would be other names. */
	readonly binding: Readonly<Record<string, string>>;
}

const advice: CredentialAdvice = {
	bearer: 'set RXAUDIT_ENRICH_TOKEN, or give --enrich-token-file FILE',
	basic: "give the --enrich-endpoint of the source's own origin",
};

/**
 * What the flags ask of `enrich()`, for a source with these checked options; undefined without `--enrich`. Throws a
 * ConfigError where it cannot work, before any request.
 */
export async function enrichmentFrom(
	source: Source,
	options: Options,
	values: FlagValues,
	env: World['env'],
): Promise<Enrichment | undefined> {
	const asked = [...new Set(textsIn(values, 'enrich'))].sort();
	if (asked.length === 0) {
		const orphan = Object.keys(enrichFlags).find(flag => values[flag] !== undefined);
		if (orphan) throw new ConfigError(`--${orphan}: expected --enrich ${kinds} beside it`);
		return undefined;
	}
	if (values['format'] === 'raw') {
		throw new ConfigError("--enrich: expected another --format than raw, which is each record's own text");
	}
	const binding: Record<string, string> = {'--enrich': asked.join(' ')};
	let found: EnrichOptions = {};
	for (const kind of asked) {
		if (!isKind(kind)) throw new ConfigError(`--enrich: expected ${kinds}, got ${JSON.stringify(kind)}`);
		const name = source.enrichedBy?.[kind];
		if (name === undefined)
			throw new ConfigError(`--enrich ${kind}: nothing lists the ${kind} of ${source.name}; leave it out`);
		const by = await load('source', name);
		const known = accessTo(by, {source, options, values, env});
		found = {...found, ...inFlags(() => readers[kind](by, known), spellEnrich)};
		for (const flag of ['endpoint', ...requiredFlagsOf(by.options)]) {
			binding[`--enrich-${flag}`] = String(known[camel(flag)]);
		}
	}
	return {options: found, binding};
}

/** How each kind is read; the options are checked at once. */
const readers = {
	users(by: Source, options: Options): EnrichOptions {
		by(options as never);
		return {users: start => by(options as never, start)};
	},
	actions({operations, catalogue}: Source, options: Options): EnrichOptions {
		const {operation, entries} = catalogue!;
		const call = (operations as BoundOperations)[operation]!;
		call.prepare(options);
		return {actions: async ({signal}) => entries(await call(options as never, {signal}))};
	},
};

const kinds = Object.keys(readers).join(' or ');

function isKind(kind: string): kind is keyof typeof readers {
	return Object.hasOwn(readers, kind);
}

/** The options with which a source is asked: of those that the user gave for the one that is pulled, what fits. */
function accessTo(by: Source, command: Command): Options {
	const {source, options, values} = command;
	const given = (flag: string, fallback: unknown) => values[`enrich-${flag}`] ?? fallback;
	// the address that was given for the source holds for another API of the same vendor too
	const shared = source.endpoint !== undefined && source.endpoint === by.endpoint ? options['endpoint'] : undefined;
	const {origin, pathname} = inFlags(
		() => parseEndpoint(by.name, String(given('endpoint', shared ?? by.endpoint))),
		spellEnrich,
	);
	const required = requiredFlagsOf(by.options).map(flag => {
		const value = given(flag, options[camel(flag)]);
		if (value === undefined) {
			throw new ConfigError(`--enrich-${flag}: expected ${flagsOf(by.options)[flag]!.help}, got nothing`);
		}
		return [camel(flag), value];
	});
	return {
		...Object.fromEntries(patience.flatMap(key => (options[key] === undefined ? [] : [[key, options[key]]]))),
		...Object.fromEntries(required),
		...credentialsFor(by, origin, command),
		endpoint: origin + pathname,
	};
}

/** The credentials given for the enrichment; else the source's, at their own origin only. */
function credentialsFor(by: Source, origin: string, {source, options, values, env}: Command): CredentialOptions {
	const file = values['enrich-token-file'] as string | undefined;
	const own = file === undefined ? env['RXAUDIT_ENRICH_TOKEN']?.trim() : secretIn(file, '--enrich-token-file');
	const home = (options['endpoint'] ?? source.endpoint) as string;
	const {token, username, password} = options as CredentialOptions;
	const isHome = new URL(home).origin === origin;
	const taken: CredentialOptions = own ? {token: own} : isHome ? {token, username, password} : {};
	const wanted = `--enrich: expected credentials for ${by.name} at ${origin}`;
	checkCredentials(isHome ? wanted : `${wanted}, since those of the source stay with it`, by.auth, taken, advice);
	return Object.fromEntries(
		Object.entries(taken).filter(([key, value]) => value !== undefined && Object.hasOwn(by.options.shape, key)),
	);
}

/** A complaint about an option of what is asked. */
const spellEnrich: Spelling = option => flagOf(option, '--enrich-');
