import type {Json} from '../model/event.ts';
import {z} from 'zod';
import {ConfigError, reasonOf} from '../model/errors.ts';
import type {ClientRequest} from '../http/request.ts';

/** A request to an API, as a source or an operation states it. */
export interface SourceRequest {
	readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
	/** Below the endpoint, percent-encoded. */
	readonly path: string;
	/** Members that are undefined or null are left out; a list is repeated. */
	readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined | null>>;
	readonly body?: Json;
	/** Beside those that every request has; never credentials, which the source's `auth` stands for. */
	readonly headers?: Readonly<Record<string, string>>;
}

const methods = ['GET', 'POST', 'PUT', 'PATCH'] as const;
/** Headers that are the client's alone. */
const reserved = /^(authorization|cookie|host|connection|content-length|transfer-encoding|accept-encoding|proxy-.*)$/i;

const isWrong = (header: string) => reserved.test(header) || !/^[\w!#$%&'*+.^`|~-]+$/.test(header);

const plain = (what: string) =>
	z.custom<Readonly<Record<string, unknown>>>(
		value =>
			typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value)),
		{error: `expected ${what} as a plain object`},
	);
const parameter = z.union([z.string(), z.number(), z.array(z.string()), z.null(), z.undefined()], {
	error: 'expected a text, a number, a list of texts, or undefined',
});
const shape = z.strictObject({
	method: z.enum(methods).optional(),
	path: z.string().startsWith('/', {error: 'expected a path that begins with /'}),
	query: plain('the query').pipe(z.record(z.string(), parameter)).optional(),
	body: z.unknown().optional(),
	headers: plain('the headers')
		.pipe(z.record(z.string(), z.string().regex(/^[^\r\n\0]*$/, {error: 'expected one line'})))
		.refine(given => !Object.keys(given).some(isWrong), {
			error: ({input}) => {
				const name = Object.keys(input as object).find(isWrong);
				return `expected the name of a header, and no header of credentials or of the connection, got ${JSON.stringify(name)}`;
			},
		})
		.optional(),
});

/**
 * The request that `ask` gives, as it is sent. Throws a ConfigError that names the source where it gives none, or one with
 * a member that there is not: it would be left out, and with it the bounds or the cursor.
 */
export function clientRequest(name: string, ask: () => SourceRequest): ClientRequest {
	let given: SourceRequest;
	try {
		given = ask();
	} catch (error) {
		throw new ConfigError(`${name}: request() failed: ${reasonOf(error)}`, {cause: error});
	}
	const {error} = shape.safeParse(given);
	if (error) throw new ConfigError(`${name}: request(): ${z.prettifyError(error)}`);
	const {method = 'GET', path, query = {}, body, headers = {}} = given;
	return {method, path, query: pairsOf(query), headers, ...(body === undefined ? {} : {body: JSON.stringify(body)})};
}

function pairsOf(query: NonNullable<SourceRequest['query']>): [string, string][] {
	return Object.entries(query).flatMap(([key, value]): [string, string][] => {
		if (value === undefined || value === null) return [];
		return typeof value === 'object' ? value.map(one => [key, one]) : [[key, String(value)]];
	});
}
