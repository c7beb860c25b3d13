import type {z} from 'zod';
import {systemClock} from '../model/clock.ts';
import {ConfigError} from '../model/errors.ts';
import {readCertificates} from './certificates.ts';
import {type Client, createClient} from './client.ts';
import {type AuthScheme, chooseCredentials, type Credentials} from './credentials.ts';
import {parseEndpoint} from './endpoint.ts';
import type {Refusal} from './quota.ts';
import {type Limiter, limiterFor, type Rate} from './limiter.ts';
import {logWords, type ApiWords} from './to-error.ts';
import type {Meter} from '../model/meter.ts';
import {type basicOptions, type connectionOptions, parseRate, type tokenOption} from '../options/options.ts';
import {parseSpan} from '../options/time.ts';

/** What is known of an API before anybody talks to it. */
export interface ApiFacts {
	/** Prefix of messages, and the API whose rate is taken. */
	readonly name: string;
	/** The vendor's own host; absent where every customer has one of their own. */
	readonly endpoint?: string;
	/** The path that every address of this API begins with, such as `/wiki`; an endpoint without it gets it. */
	readonly context?: string;
	/** In the order of preference. */
	readonly auth: readonly AuthScheme[];
	/** The published limit, kept at the vendor's own host. */
	readonly rate?: Rate;
	/** The vendor's address for tokens with scopes, where it is not the address for other tokens. */
	readonly gateway?: string;
	/**
	 * Whether an answer of 400 or above refuses the request only for now, where the API says so in a way of its own; a Date
	 * says until when. Without it: 429, and 403 with Retry-After, with headers of a rate that is used up, or with words
	 * about a rate limit.
	 */
	outOfQuota?(refusal: Refusal): boolean | Date;
	/** True where plain http to any host is what the user wants. */
	readonly insecure?: boolean;
	/** What messages say of it; default: of a log that is read. */
	readonly wording?: ApiWords;
}

/** The options of a connection. */
export type ConnectShape = typeof connectionOptions &
	typeof tokenOption &
	typeof basicOptions & {endpoint: z.ZodOptional<z.ZodString>};
/** The options of a connection, checked. */
export type ConnectOptions = z.output<z.ZodObject<ConnectShape>>;

export interface Connection {
	readonly endpoint: URL;
	readonly client: Client;
	readonly limiter: Limiter;
	/** The limit that is known before anybody asks. */
	readonly rate: Rate | undefined;
}

/**
 * A client for an API, with the limiter of its credential; `own` is for one that wants other credentials than those of
 * its options. Throws a ConfigError where options cannot work.
 */
export function connect(facts: ApiFacts, options: ConnectOptions, meter: Meter, own?: Credentials): Connection {
	const {name} = facts;
	const given = options.endpoint ?? facts.endpoint;
	if (!given) {
		throw ConfigError.of(name, [{option: 'endpoint', expected: 'the address of the server', got: 'nothing'}]);
	}
	const endpoint = endpointOf(facts, given);
	const credentials = own ?? chooseCredentials(name, facts.auth, options);
	const limiter = limiterFor(endpoint.origin, credentials.key);
	limiter.identify(async () => `${endpoint.origin}\n${await credentials.header()}`, options.timeoutMs);
	const rate = options.rate === undefined ? publishedRate(facts, endpoint) : parseRate(options.rate);
	if (rate) limiter.limit(name, rate);
	// a rate that the user gave, or none, is all that counts
	if (options.rate === undefined) limiter.learn(name);
	const client = createClient({
		name,
		endpoint,
		credentials,
		limiter,
		meter,
		clock: systemClock,
		wording: {...(facts.wording ?? logWords), gateway: facts.gateway},
		outOfQuota: facts.outOfQuota && (refusal => facts.outOfQuota!(refusal)),
		secure: readCertificates(name, options),
		timeoutMs: options.timeoutMs,
		idleTimeoutMs: options.idleTimeoutMs,
		maxBodyBytes: options.maxBodyBytes,
		maxAttempts: options.maxAttempts,
		maxWaitMs: parsed(name, 'maxWait', () => parseSpan(String(options.maxWait))),
		backoff: {baseMs: options.retryBaseMs, maxMs: options.retryMaxMs},
	});
	return {endpoint, client, limiter, rate};
}

/** The checked address of an API, with its context path. */
export function endpointOf(
	{name, insecure, context}: Pick<ApiFacts, 'name' | 'insecure' | 'context'>,
	text: string,
): URL {
	return withContext(parseEndpoint(name, text, insecure), context);
}

function withContext(endpoint: URL, context: string | undefined): URL {
	if (context && !endpoint.pathname.endsWith(context)) {
		endpoint.pathname = endpoint.pathname.replace(/\/$/, '') + context;
	}
	return endpoint;
}

function publishedRate({endpoint: vendor, rate}: ApiFacts, endpoint: URL): Rate | undefined {
	return vendor && new URL(vendor).host === endpoint.host ? rate : undefined;
}

/** Runs the parser of one option, and names the option in its errors. */
export function parsed<V>(name: string, option: string, parse: () => V): V {
	try {
		return parse();
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const {message, issues} = error;
		if (issues.length === 0) throw new ConfigError(spell => `${name}: ${spell(option)}: ${message}`);
		throw ConfigError.of(
			name,
			issues.map(issue => ({...issue, option})),
		);
	}
}
