import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import type {Secret} from '../../lib/options/options.ts';

/** Headers that the request itself sets: another value would make it another request, or none. */
const ours = new Set([
	'accept-encoding',
	'connection',
	'content-encoding',
	'content-length',
	'content-type',
	'expect',
	'host',
	'idempotency-key',
	'keep-alive',
	'te',
	'trailer',
	'transfer-encoding',
	'upgrade',
	'x-splunk-request-channel',
]);

/** Headers that a user adds to each request; their values are secrets. */
interface OwnHeaders {
	readonly count: number;
	/** Asked for each request, so that a secret may change while a run goes on. */
	values(): Promise<Readonly<Record<string, string>>>;
	/** All values that were ever sent. */
	secrets(): readonly string[];
}

/** Throws a ConfigError for a header that cannot be added; a value is never shown. */
export function ownHeaders(name: string, given: Readonly<Record<string, Secret>>, hasToken: boolean): OwnHeaders {
	const refusal = (expected: string, got: string) => ConfigError.of(name, [{option: 'header', expected, got}]);
	const secrets = new Map(Object.entries(given).map(([header, secret]) => [header.toLowerCase(), secret]));
	if (secrets.size < Object.keys(given).length) {
		throw refusal('each header once', 'one in two spellings');
	}
	for (const header of secrets.keys()) {
		if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header)) {
			throw refusal('names of headers', 'something else');
		}
		if (ours.has(header)) {
			throw refusal('headers of your own', `${header}, which is set already`);
		}
		if (header === 'authorization' && hasToken) {
			throw refusal('authorization here or a token', 'both');
		}
	}
	const known = new Set<string>();

	async function read(header: string, secret: Secret): Promise<string> {
		const value = (typeof secret === 'function' ? await secret() : secret).trim();
		known.add(value).add(value.replace(/^\S+\s+/, '')); // the word of a scheme is no secret
		if (/^[\t\x20-\x7e]+$/.test(value)) return value;
		throw new AuthError(
			'UNAUTHORIZED',
			`${name}: the header ${header}: expected one line of plain characters, got ${value === '' ? 'nothing' : 'others'}`,
		);
	}

	return {
		count: secrets.size,
		async values() {
			const pairs = Array.from(secrets, async ([header, secret]) => [header, await read(header, secret)] as const);
			return Object.fromEntries(await Promise.all(pairs));
		},
		secrets: () => [...known],
	};
}
