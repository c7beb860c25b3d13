import {ConfigError, type Wording} from '../model/errors.ts';

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** True for a host that only this machine can reach. */
export function isLoopback(url: URL): boolean {
	return loopback.test(url.hostname);
}

/**
 * The checked endpoint: an absolute https URL (http to loopback only, unless `insecure` says so; false: there is an
 * option of this name), a path prefix without trailing slash, no credentials, query or fragment. Throws a ConfigError
 * that never repeats a password.
 */
export function parseEndpoint(name: string, text: string, insecure?: boolean, option = 'endpoint'): URL {
	const refusal = (expected: string, got: string, advice?: Wording) =>
		ConfigError.of(name, [{option, expected, got, do: advice}]);
	if (!URL.canParse(text)) {
		// the parser's own error holds the whole text
		const isSecret = /[@?#]/.test(text);
		const got = isSecret ? 'something else, which is not shown as it may hold a secret' : JSON.stringify(text);
		throw refusal('a URL like https://host/prefix', got);
	}
	const url = new URL(text);
	const shown = url.origin === 'null' ? url.protocol : url.origin;
	if (url.username || url.password) {
		throw refusal(
			'a URL without credentials',
			`one with them for ${shown}`,
			'set RXAUDIT_USERNAME and RXAUDIT_PASSWORD',
		);
	}
	if (url.search || url.hash) throw refusal('a URL without query or fragment', `one for ${shown}`);
	const mayBePlain = insecure || isLoopback(url);
	if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBePlain)) {
		const clear = 'credentials would travel in the clear';
		throw refusal('https:// (plain http only to loopback)', shown, spell =>
			insecure === undefined ? clear : `${clear}; ${spell('insecure')} true allows it, in a network that you trust`,
		);
	}
	url.pathname = url.pathname.replace(/\/+$/, '');
	return url;
}

/**
 * An absolute URL below the endpoint, whatever the path and the query hold. Throws a ConfigError for a path that
 * would mean another one once it is read as a URL: with `..`, `?`, `#`, backslashes or anything not percent-encoded.
 */
export function urlBelow(endpoint: URL, path: string, query: readonly (readonly [string, string])[] | string): string {
	const pathname = endpoint.pathname.replace(/\/+$/, '') + path;
	const url = new URL(endpoint.origin);
	url.pathname = pathname;
	if (!path.startsWith('/') || url.pathname !== pathname) {
		throw new ConfigError(`expected a percent-encoded path below ${endpoint.origin}, got ${JSON.stringify(path)}`);
	}
	url.search = typeof query === 'string' ? query : new URLSearchParams(query as [string, string][]).toString();
	return url.href;
}
