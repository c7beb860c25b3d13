import type {Answer} from './answer.ts';
import type {PageFault} from './faults.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH';

/** A request that got past authorization, rate limit and the faults that need no route. */
export interface ApiRequest {
	/** Counts from 1 over all API requests. */
	readonly number: number;
	/** The origin that the client asked, by its Host header. */
	readonly origin: string;
	/** The path inside the emulator's path prefix, as it was sent. */
	readonly path: string;
	/** The groups of the route's path, decoded. */
	readonly parameters: readonly string[];
	readonly query: URLSearchParams;
	/** Empty for GET. */
	readonly body: string;
	/** What the page should do wrong. */
	readonly fault: PageFault | undefined;
}

/** One resource of an API. */
export interface Route {
	readonly method: Method;
	readonly path: RegExp;
	/** Answers a part of the records, so that records may come and go between two answers. */
	readonly paged?: boolean;
	answer(request: ApiRequest): Answer;
}
