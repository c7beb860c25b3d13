import type {Secret} from '../../lib/options/options.ts';
import type {z} from 'zod';
import {connect, type Connection} from '../../lib/http/connect.ts';
import {ConfigError} from '../../lib/model/errors.ts';
import {tokenCredentials} from '../../lib/http/credentials.ts';
import {isLoopback, parseEndpoint} from '../../lib/http/endpoint.ts';
import {Meter} from '../../lib/model/meter.ts';
import type {connectionOptions} from '../../lib/options/options.ts';
import {createSecretFilter, excerpt} from '../../lib/http/secrets.ts';
import {ownHeaders} from './own-headers.ts';

type ReceiverOptions = z.output<z.ZodObject<typeof connectionOptions>> & {
	readonly endpoint: string;
	readonly auth: string;
	readonly token?: Secret | undefined;
	readonly header: Readonly<Record<string, Secret>>;
	/** Whether secrets may travel in the clear. */
	readonly insecure: boolean;
};

/** Where batches are posted to. */
export interface Receiver extends Pick<Connection, 'client' | 'limiter'> {
	/** Its address without the query, in which some receivers want a secret. */
	readonly shown: string;
	readonly path: string;
	/** The query, as it was given. */
	readonly search: string;
	/** What a user must know at the beginning of each run. */
	readonly warning: string | undefined;
	/** Those that the user adds to each request. */
	headers(): Promise<Readonly<Record<string, string>>>;
	/** What the receiver said, on one line and without secrets. */
	quote(text: string): string;
}

const wording = {
	address: 'the URL',
	flag: '--http-',
	missing: ['nothing takes events there', 'the URL'],
	forbidden: ['this token may not write there', 'the token, what it may do, and the auth option'],
} as const;

/** The receiver behind a URL. Throws a ConfigError for a URL that cannot work, of which it shows no secret. */
export function connectReceiver(name: string, options: ReceiverOptions): Receiver {
	const {auth, token, insecure} = options;
	const url = parseReceiver(name, options.endpoint);
	const own = ownHeaders(name, options.header, token !== undefined);
	const holdsSecrets = token !== undefined || own.count > 0 || url.search !== '';
	parseEndpoint(name, url.origin, insecure || !holdsSecrets);
	const plain = new Set<string>();
	const credentials = tokenCredentials(name, auth, auth === 'Basic' ? inBase64(name, token, plain) : token);
	const hidden = [url.search.slice(1), ...url.searchParams.values()];
	// whatever a server says may repeat the query
	const secrets = () => [...credentials.secrets(), ...plain, ...own.secrets(), ...hidden];
	const facts = {name, auth: [], wording, insecure: true};
	const {client, limiter} = connect(facts, {...options, endpoint: url.origin}, new Meter(), {...credentials, secrets});
	const isClear = url.protocol === 'http:' && !isLoopback(url);
	return {
		client,
		limiter,
		shown: url.origin + url.pathname,
		path: url.pathname,
		search: url.search,
		warning: isClear
			? `${name}: ${url.origin} is plain http: events${holdsSecrets ? ' and secrets' : ''} can be read on the way there`
			: undefined,
		headers: own.values,
		quote: text => excerpt(createSecretFilter(secrets())(text)),
	};
}

/** Of `user:password`, what Basic authentication sends; what holds no colon has been encoded already. */
function inBase64(name: string, token: Secret | undefined, plain: Set<string>): Secret | undefined {
	if (token === undefined) return undefined;
	const encode = (secret: string) => {
		const given = secret.trim();
		const isPlain = given.includes(':');
		const pair = isPlain ? given : Buffer.from(given, 'base64').toString();
		if (!pair.includes(':')) {
			throw new ConfigError(`${name}: expected user:password as the token of auth Basic, got no colon`);
		}
		plain.add(pair).add(pair.slice(pair.indexOf(':') + 1));
		return isPlain ? Buffer.from(pair).toString('base64') : given;
	};
	return typeof token === 'string' ? encode(token) : async () => encode(await token());
}

function parseReceiver(name: string, text: string): URL {
	if (!URL.canParse(text)) parseEndpoint(name, text); // it says what is wrong
	const url = new URL(text);
	if (url.username || url.password) {
		const advice = 'set RXAUDIT_HTTP_TOKEN to user:password with auth Basic, or give a token file';
		const got = `one with them for ${url.host}`;
		throw ConfigError.of(name, [{option: 'endpoint', expected: 'a URL without credentials', got, do: advice}]);
	}
	const bare = new URL(url);
	bare.search = '';
	parseEndpoint(name, bare.href, true);
	return url;
}
