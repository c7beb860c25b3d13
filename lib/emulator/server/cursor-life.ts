import type {ApiRequest} from './route.ts';

/** How long cursors are good for. */
export interface CursorLife {
	readonly now: () => number;
	readonly cursorTtlMs: number | undefined;
	readonly cursorTtlRequests: number | undefined;
}

/** When a cursor was given out; zeros where that does not matter, so that the same place gives the same cursor. */
export interface CursorStamp {
	readonly issuedMs: number;
	readonly request: number;
}

/** The stamp of a new cursor, which `differs` from all others where it must. */
export function stampOf(life: CursorLife, {number}: ApiRequest, differs: boolean): CursorStamp {
	return {
		issuedMs: life.cursorTtlMs === undefined ? 0 : life.now(),
		request: differs || life.cursorTtlRequests !== undefined ? number : 0,
	};
}

export function isExpired(life: CursorLife, stamp: CursorStamp, {number}: ApiRequest): boolean {
	const {cursorTtlMs = Infinity, cursorTtlRequests = Infinity} = life;
	return life.now() - stamp.issuedMs > cursorTtlMs || number - stamp.request > cursorTtlRequests;
}
