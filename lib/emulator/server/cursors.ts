import {hash} from '../data/random.ts';
import type {ApiRequest} from './api.ts';
import type {PageFault} from './faults.ts';
import type {Setting} from './setting.ts';

const CHECK_SALT = 30;
/** Where `foreign-next` leads by default: nobody listens there. */
const FOREIGN_ORIGIN = 'http://127.0.0.2:9';

/** What links to next pages begin with. */
export function linkOrigin(fault: PageFault | undefined, right: string): string {
	return fault?.kind === 'foreign-next' ? (fault.origin ?? FOREIGN_ORIGIN) : right;
}

export interface NextCursor {
	/** What the page was asked for with. */
	readonly given: string | undefined;
	/** The right cursor of the next page, undefined at the end. */
	readonly next: string | undefined;
	/** A new cursor for the place that the page was asked for. */
	readonly again: () => string;
}

/** What page faults make of the next cursor. It remembers the request before, so that cursors can go in a circle. */
export function createCursorFaults(): (fault: PageFault | undefined, cursor: NextCursor) => string | undefined {
	let before: string | undefined;
	return (fault, {given, next, again}) => {
		const cycled = before;
		before = given;
		if (fault?.kind === 'empty-pages' || fault?.kind === 'renew-cursor') return again();
		if (fault?.kind === 'repeat-cursor') return given ?? next;
		return fault?.kind === 'cycle-cursor' ? (cycled ?? next) : next;
	};
}

/** Cursors that hold a place as opaque text: the same place gives the same text, unless cursors expire. */
export interface Cursors {
	/** The place that a request goes on from: undefined without a cursor, null where it is refused. */
	open(request: ApiRequest): readonly number[] | undefined | null;
	/** The cursor of a place, which `differs` from all others where it must. */
	seal(request: ApiRequest, place: readonly number[], differs?: boolean): string;
	/** What the next cursor is: `next`, or what a fault makes of it; `again` is the place that was asked for. */
	next(request: ApiRequest, next: string | undefined, again: readonly number[]): string | undefined;
}

/** The cursors of a resource whose places are of this length, asked for by this parameter of the query. */
export function createCursors(
	{switches, options: {seed, now}}: Setting,
	length: number,
	parameter = 'cursor',
): Cursors {
	const {cursorTtlMs, cursorTtlRequests} = switches;
	const cursorFaults = createCursorFaults();

	const seal: Cursors['seal'] = ({number}, place, differs = false) => {
		const issuedMs = cursorTtlMs === undefined ? 0 : now();
		return sealed([...place, issuedMs, differs || cursorTtlRequests !== undefined ? number : 0], seed);
	};
	return {
		seal,
		open({query, number, fault}) {
			const text = query.get(parameter);
			if (text === null) return undefined;
			const numbers = opened(text, seed) ?? [];
			const [issuedMs = 0, issuedBy = 0] = numbers.slice(length);
			const isExpired =
				now() - issuedMs > (cursorTtlMs ?? Infinity) || number - issuedBy > (cursorTtlRequests ?? Infinity);
			const isRefused = numbers.length !== length + 2 || isExpired || fault?.kind === 'refuse-cursor';
			return isRefused ? null : numbers.slice(0, length);
		},
		next: (request, next, again) =>
			cursorFaults(request.fault, {
				given: request.query.get(parameter) ?? undefined,
				next,
				again: () => seal(request, again, true),
			}),
	};
}

/** Opaque text that only {@link opened} with the same seed reads. */
function sealed(numbers: readonly number[], seed: number): string {
	const content = numbers.join('/');
	const check = Array.from(content).reduce((mixed, letter) => hash(seed, mixed, letter.charCodeAt(0)), CHECK_SALT);
	return Buffer.from(`${content}/${check.toString(16)}`).toString('base64url');
}

/** The numbers that were sealed, or undefined when the text was made up, cut or changed. */
function opened(text: string, seed: number): number[] | undefined {
	const content = Buffer.from(text, 'base64url').toString();
	const numbers = content.slice(0, content.lastIndexOf('/')).split('/').map(Number);
	return sealed(numbers, seed) === text ? numbers : undefined;
}
