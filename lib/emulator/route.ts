import type {Answer} from './answer.ts';
import type {PageFault} from './faults.ts';

/** A request that got past authorization, rate limit and the faults that need no route. */
export interface ApiRequest {
	/** Counts from 1 over all API requests. */
	readonly number: number;
	/** The groups of the route's path, decoded. */
	readonly parameters: readonly string[];
	readonly query: URLSearchParams;
	/** What the page should do wrong. */
	readonly fault: PageFault | undefined;
}

/** One resource of an API: GET on a path. */
export interface Route {
	readonly path: RegExp;
	answer(request: ApiRequest): Answer;
}
