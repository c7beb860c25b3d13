import {ConfigError} from '../errors.ts';

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** True for a host that only this machine can reach. */
export function isLoopback(url: URL): boolean {
	return loopback.test(url.hostname);
}

/**
 * The checked endpoint: an absolute https URL (http to loopback only), a path prefix without trailing slash, no
 * credentials, query or fragment. Throws a ConfigError that never repeats a password.
 */
export function parseEndpoint(name: string, text: string): URL {
	let url: URL;
	try {
		url = new URL(text);
	} catch (cause) {
		throw new ConfigError(`${name}: endpoint: expected a URL like https://host/prefix, got ${JSON.stringify(text)}`, {
			cause,
		});
	}
	const shown = url.origin === 'null' ? url.protocol : url.origin;
	if (url.username || url.password) {
		throw new ConfigError(
			`${name}: endpoint: expected no credentials in the URL of ${shown}; set RXAUDIT_USERNAME and RXAUDIT_PASSWORD`,
		);
	}
	if (url.search || url.hash) {
		throw new ConfigError(`${name}: endpoint: expected a URL without query or fragment, got one for ${shown}`);
	}
	if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
		throw new ConfigError(
			`${name}: endpoint: expected https:// (plain http only to loopback), got ${shown}; credentials would travel in the clear`,
		);
	}
	url.pathname = url.pathname.replace(/\/+$/, '');
	return url;
}

/** An absolute URL below the endpoint, whatever the path and the query hold. */
export function urlBelow(endpoint: URL, path: string, query: readonly (readonly [string, string])[]): string {
	const prefix = endpoint.pathname.replace(/\/+$/, '');
	const search = new URLSearchParams(query as [string, string][]).toString();
	return `${endpoint.origin}${prefix}${path}${search ? `?${search}` : ''}`;
}
