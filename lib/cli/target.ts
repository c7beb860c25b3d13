import type {z} from 'zod';
import type {SinkFactory} from '../define-sink.ts';
import {ConfigError} from '../errors.ts';
import type {CredentialOptions} from '../http/credentials.ts';
import {load} from '../registry.ts';
import type {Sink} from '../sink.ts';
import {camel} from './flags.ts';

/** What the command line knows for sinks that write to an API. */
export interface TargetConnection {
	readonly credentials: CredentialOptions;
	/** The address that was given for the source; it holds for a sink of the same vendor too. */
	readonly endpoint?: string | undefined;
	/** The vendor's own address, where the source has one. */
	readonly vendor?: string | undefined;
}

type Options = {[key: string]: unknown};

/**
 * The sink that `NAME[:TARGET][?key=value&…]` stands for. TARGET is taken as it is, values are percent-decoded; a
 * dotted key sets a member of an option.
 */
export async function parseTarget(text: string, connection?: TargetConnection): Promise<Sink> {
	const [, name = '', target, query] = /^([^:?]*)(?::([^?]*))?(?:\?(.*))?$/s.exec(text) ?? [];
	const factory = await load('sink', name);
	const options: Options = {};
	for (const pair of query?.split('&') ?? []) {
		const [, key, value = ''] = /^([a-z][\w-]*(?:\.[a-z]\w*)*)=(.*)$/s.exec(pair) ?? [];
		if (key === undefined) throw new ConfigError(`--to ${name}: expected options like ?key=value&key=value`);
		setMember(name, options, key, decode(name, value));
	}
	if (target) options[factory.target] = target;
	refuseSecrets(name, factory, options);
	if (connection) takeConnection(factory, connection, options);
	if (options[factory.target] === undefined && isRequired(factory.options, factory.target)) {
		throw new ConfigError(`--to ${name}: expected a target, got none: write ${name}:${factory.target.toUpperCase()}`);
	}
	return factory(options);
}

function setMember(name: string, options: Options, key: string, value: string): void {
	const path = key.split('.').map(camel);
	let object = options;
	for (const member of path.slice(0, -1)) {
		if (!Object.hasOwn(object, member)) object[member] = {};
		const inner = object[member];
		if (typeof inner !== 'object')
			throw new ConfigError(`--to ${name}: expected either ${member}= or ${key}=, got both`);
		object = inner as Options;
	}
	object[path.at(-1)!] = value;
}

function refuseSecrets(name: string, {options: {shape}}: SinkFactory, options: Options): void {
	const secret = Object.keys(options).find(key => shape[key]?.meta()?.['secret'] === true);
	if (secret === undefined) return;
	throw new ConfigError(
		`--to ${name}: a secret on the command line can be read by everybody on this machine; ` +
			'set RXAUDIT_TOKEN (or RXAUDIT_USERNAME and RXAUDIT_PASSWORD), or give --token-file or --password-file',
	);
}

/** The credentials go to sinks that say that they write to an API, and to no other. */
function takeConnection({api, options: {shape}}: SinkFactory, connection: TargetConnection, options: Options): void {
	if (!api) return;
	const {credentials, endpoint, vendor} = connection;
	const isSameVendor = vendor !== undefined && vendor === api.endpoint;
	const given = {...credentials, ...(isSameVendor ? {endpoint} : {})};
	for (const [key, value] of Object.entries(given)) {
		if (value !== undefined && Object.hasOwn(shape, key)) options[key] ??= value;
	}
}

function isRequired({shape}: z.ZodObject, option: string): boolean {
	return !(shape[option] as z.ZodType).safeParse(undefined).success;
}

function decode(name: string, value: string): string {
	try {
		return decodeURIComponent(value);
	} catch (cause) {
		throw new ConfigError(
			`--to ${name}: an option's value holds a % that is not followed by two hex digits; write %25`,
			{
				cause,
			},
		);
	}
}
