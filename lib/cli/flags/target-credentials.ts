import type {SinkFactory} from '../../sink/define-sink.ts';
import type {CredentialOptions} from '../../http/credentials.ts';
import {checkCredentials, secretIn} from './credentials.ts';
import {camel} from './flags.ts';
import {targetOptionName} from './target-options.ts';

/** What the command line knows for sinks that write to an API. */
export interface TargetConnection {
	/** Those of the source. */
	readonly credentials: CredentialOptions;
	/** The address that was given for the source; it holds for a sink of the same vendor too. */
	readonly endpoint?: string | undefined;
	/** The vendor's own address, where the source has one. */
	readonly vendor?: string | undefined;
}

type Options = Readonly<Record<string, unknown>>;

const advice = {
	bearer: 'give the target ?token-file=FILE',
	basic: 'give the target ?username=NAME&password-file=FILE',
};

/**
 * A sink's options with address and credentials: those that its target names; else the source's, but only where both
 * talk to the same origin, since nobody gave them for another one. Throws a ConfigError where there are none then.
 */
export function withConnection(factory: SinkFactory, options: Options, source?: TargetConnection): Options {
	const {api, name} = factory;
	if (!api) return options;
	const {own, rest} = ownCredentials(factory, options);
	const shared = source?.vendor !== undefined && source.vendor === api.endpoint ? source.endpoint : undefined;
	const endpoint = (rest['endpoint'] as string | undefined) ?? shared ?? api.endpoint;
	const complete = endpoint === undefined ? rest : {...rest, endpoint};
	const origin = originOf(endpoint);
	if (origin === undefined) return complete; // the sink says what is wrong with it
	const sourceOrigin = originOf(source?.endpoint ?? source?.vendor);
	const isOwn = Object.keys(own).length > 0;
	const taken: CredentialOptions = isOwn ? own : origin === sourceOrigin ? source!.credentials : {};
	const wanted =
		isOwn || origin === sourceOrigin
			? `--to ${name}: expected credentials`
			: `--to ${name}: expected credentials of its own for ${origin}, since those of the source stay with the source`;
	checkCredentials(wanted, api.auth, taken, advice);
	const known = Object.entries(taken).filter(
		([key, value]) => value !== undefined && Object.hasOwn(factory.options.shape, key),
	);
	return {...complete, ...Object.fromEntries(known)};
}

/** Takes the credentials out of the options, secrets as what reads their files. */
function ownCredentials({name, options: schema}: SinkFactory, options: Options) {
	const own: Record<string, unknown> = {};
	const rest = {...options};
	for (const key of ['token', 'username', 'password']) {
		const option = targetOptionName(schema, key);
		const value = rest[camel(option)];
		if (!Object.hasOwn(schema.shape, key) || value === undefined) continue;
		delete rest[camel(option)];
		own[key] = option === key ? value : secretIn(value as string, `--to ${name}: ${option}`);
	}
	return {own: own as CredentialOptions, rest};
}

function originOf(endpoint: string | undefined): string | undefined {
	return endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).origin : undefined;
}
