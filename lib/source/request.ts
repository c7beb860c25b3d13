import type {Json} from '../model/event.ts';
import {ConfigError} from '../model/errors.ts';
import type {ClientRequest} from '../http/request.ts';

/** A request to an API, as a source or an operation states it. */
export interface SourceRequest {
	readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
	/** Below the endpoint, percent-encoded. */
	readonly path: string;
	/** Members that are undefined are left out; a list is repeated. */
	readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
	readonly body?: Json;
	/** Beside those that every request has; never credentials, which the source's `auth` stands for. */
	readonly headers?: Readonly<Record<string, string>>;
}

const members = ['method', 'path', 'query', 'body', 'headers'];
/** Headers that are the client's alone. */
const reserved = /^(authorization|cookie|host|connection|content-length|transfer-encoding|accept-encoding|proxy-.*)$/i;

/** The request as it is sent. Throws a ConfigError for an unknown member, which would be left out in silence. */
export function toClientRequest(name: string, request: SourceRequest): ClientRequest {
	const {method = 'GET', path, query = {}, body, headers = {}} = request;
	const unknown = Object.keys(request).find(member => !members.includes(member));
	if (unknown !== undefined) {
		throw new ConfigError(`${name}: request(): expected the members ${members.join(', ')}, got "${unknown}"`);
	}
	const own = Object.keys(headers).find(header => reserved.test(header));
	if (own !== undefined) {
		throw new ConfigError(
			`${name}: request(): expected no header "${own}": credentials and connections are not a source's`,
		);
	}
	return {method, path, query: pairsOf(query), headers, ...(body === undefined ? {} : {body: JSON.stringify(body)})};
}

function pairsOf(query: NonNullable<SourceRequest['query']>): [string, string][] {
	return Object.entries(query).flatMap(([key, value]): [string, string][] => {
		if (value === undefined) return [];
		return typeof value === 'object' ? value.map(one => [key, one]) : [[key, String(value)]];
	});
}
