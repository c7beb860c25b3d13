import type {z} from 'zod';
import {connect, type Connection} from '../../lib/connect.ts';
import {ConfigError} from '../../lib/errors.ts';
import {type Secret, tokenCredentials} from '../../lib/http/credentials.ts';
import {parseEndpoint} from '../../lib/http/endpoint.ts';
import {Meter} from '../../lib/meter.ts';
import type {connectionOptions} from '../../lib/options.ts';
import {createRedactor, excerpt} from '../../lib/redact.ts';

export type ReceiverOptions = z.output<z.ZodObject<typeof connectionOptions>> & {
	readonly endpoint: string;
	readonly auth: string;
	readonly token?: Secret | undefined;
};

/** Where batches are posted to. */
export interface Receiver extends Pick<Connection, 'client' | 'limiter'> {
	/** Its address without the query, in which some receivers want a secret. */
	readonly shown: string;
	readonly path: string;
	/** The query, as it was given. */
	readonly search: string;
	/** What the receiver said, on one line and without secrets. */
	quote(text: string): string;
}

const wording = {
	address: 'the URL',
	missing: ['nothing takes events there', 'the URL'],
	forbidden: ['this token may not write there', 'the token, what it may do, and the auth option'],
} as const;

/** The receiver behind a URL. Throws a ConfigError for a URL that cannot work, of which it shows no secret. */
export function connectReceiver(name: string, options: ReceiverOptions): Receiver {
	const url = parseReceiver(name, options.endpoint);
	const credentials = tokenCredentials(name, options.auth, options.token);
	const hidden = [url.search.slice(1), ...url.searchParams.values()];
	// whatever a server says may repeat the query
	const guarded = {...credentials, secrets: () => [...credentials.secrets(), ...hidden]};
	const facts = {name, auth: [], wording};
	const {client, limiter} = connect(facts, {...options, endpoint: url.origin}, new Meter(), guarded);
	return {
		client,
		limiter,
		shown: url.origin + url.pathname,
		path: url.pathname,
		search: url.search,
		quote: text => excerpt(createRedactor(guarded.secrets())(text)),
	};
}

function parseReceiver(name: string, text: string): URL {
	if (!URL.canParse(text)) parseEndpoint(name, text); // it says what is wrong
	const url = new URL(text);
	if (url.username || url.password) {
		throw new ConfigError(
			`${name}: endpoint: expected no credentials in the URL of ${url.host}; set RXAUDIT_HTTP_TOKEN, or give a token file`,
		);
	}
	const bare = new URL(url);
	bare.search = '';
	parseEndpoint(name, bare.href);
	return url;
}
