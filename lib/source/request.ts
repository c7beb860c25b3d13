import type {Json} from '../model/event.ts';
import type {ClientRequest} from '../http/request.ts';

/** A request to an API, as a source or an operation states it. */
export interface SourceRequest {
	readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
	/** Below the endpoint, percent-encoded. */
	readonly path: string;
	/** Members that are undefined are left out; a list is repeated. */
	readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
	readonly body?: Json;
}

/** The request as it is sent. */
export function toClientRequest({method = 'GET', path, query = {}, body}: SourceRequest): ClientRequest {
	return {method, path, query: pairsOf(query), ...(body === undefined ? {} : {body: JSON.stringify(body)})};
}

function pairsOf(query: NonNullable<SourceRequest['query']>): [string, string][] {
	return Object.entries(query).flatMap(([key, value]): [string, string][] => {
		if (value === undefined) return [];
		return typeof value === 'object' ? value.map(one => [key, one]) : [[key, String(value)]];
	});
}
