import {BlockList, isIP} from 'node:net';
import {ConfigError} from '../model/errors.ts';
import {isLoopback} from './endpoint.ts';

/** A proxy, as the environment names it. */
export interface Proxy {
	/** Its address, without credentials. */
	readonly url: URL;
	/** The variable that named it, such as `HTTPS_PROXY`. */
	readonly variable: string;
	/** A header's value; undefined where it wants no credentials. */
	readonly authorization: string | undefined;
}

type Scheme = 'http:' | 'https:';

/**
 * Says which proxy stands between us and a host, by `HTTPS_PROXY` or `HTTP_PROXY`, else `ALL_PROXY`, and `NO_PROXY`, in
 * either case; none ever for loopback. Throws a ConfigError for a proxy that there cannot be, and never shows a password.
 */
export function proxyRules(scheme: Scheme, env: NodeJS.ProcessEnv): (host: string, port: number) => Proxy | undefined {
	const own = `${scheme.slice(0, -1)}_proxy`;
	const variable = [own, own.toUpperCase(), 'all_proxy', 'ALL_PROXY'].find(name => env[name]?.trim());
	if (variable === undefined) return () => undefined;
	const proxy = parseProxy(variable, env[variable]!.trim());
	const isExcepted = exceptions(env['no_proxy'] || env['NO_PROXY'] || '');
	return (host, port) => {
		const url = new URL(`${scheme}//${isIP(host) === 6 ? `[${host}]` : host}`);
		return isLoopback(url) || isExcepted(bareHost(url.hostname), port) ? undefined : proxy;
	};
}

function parseProxy(variable: string, text: string): Proxy {
	const address = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
	const wanted = `${variable}: expected the address of a proxy like http://host:3128, got`;
	if (!URL.canParse(address)) {
		throw new ConfigError(`${wanted} something else, which is not shown as it may hold a password`);
	}
	const url = new URL(address);
	if (url.protocol !== 'http:' && url.protocol !== 'https:') {
		throw new ConfigError(
			`${wanted} one of ${url.protocol}//; only http and https proxies are supported: give such a one, or name the host in NO_PROXY`,
		);
	}
	const {username, password} = url;
	const login = `${decoded(username)}:${decoded(password)}`;
	const authorization = login === ':' ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
	return {url: new URL(url.origin), variable, authorization};
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** `host` and `.host` mean it and all below it, as `*.host` does; `host:port` one port; an address may be a whole net. */
function exceptions(list: string): (host: string, port: number) => boolean {
	const nets = new BlockList();
	const names: {readonly name: string; readonly port: string | undefined}[] = [];
	for (const entry of list
		.toLowerCase()
		.split(/[\s,]+/)
		.filter(Boolean)) {
		const [, net = '', bits] = /^\[?([\da-f.:]+)\]?(?:\/(\d+))?$/.exec(entry) ?? [];
		const family = isIP(net);
		if (family !== 0) {
			const most = family === 4 ? 32 : 128;
			nets.addSubnet(net, Math.min(Number(bits ?? most), most), family === 4 ? 'ipv4' : 'ipv6');
			continue;
		}
		const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry)!;
		names.push({name: bareHost(name.replace(/^\*?\./, '')), port});
	}
	return (host, port) => {
		const family = isIP(host);
		if (family !== 0 && nets.check(host, family === 4 ? 'ipv4' : 'ipv6')) return true;
		return names.some(
			({name, port: only}) =>
				(only === undefined || Number(only) === port) && (name === '*' || host === name || host.endsWith(`.${name}`)),
		);
	};
}

/** Without the brackets of an address, and without the dot that ends a whole name. */
function bareHost(hostname: string): string {
	return hostname.replace(/^\[|\]$|\.$/g, '');
}
