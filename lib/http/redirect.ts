import type {AttemptError} from './attempt.ts';
import type {ClientRequest} from './request.ts';

/** With a request that only reads, any of these is followed; others are sent again as they were, or not at all. */
const following = new Set([301, 302, 303, 307, 308]);
const keepingMethod = new Set([307, 308]);
/** How an address says that it is where somebody signs in. */
const signOn = /log-?in|sign-?[io]n|\bsso\b|saml|oauth|authorize|adfs|\bidp\b|os_destination/i;

type Sent = Pick<ClientRequest, 'method' | 'path'>;

/** Where an answer points to; undefined where it names no address. */
export function targetOf({headers, config}: AttemptError): URL | undefined {
	const {location} = headers;
	return location && URL.canParse(location, config.url) ? new URL(location, config.url) : undefined;
}

/** Where the same request may go on: at the same origin only, a POST only where the status keeps it a POST. */
export function whereToGoOn(error: AttemptError, {method, path}: Sent, {origin}: URL): URL | undefined {
	const target = targetOf(error);
	const statuses = method === 'GET' ? following : keepingMethod;
	if (!target || !statuses.has(error.status ?? 0) || isSignOn(target, path)) return undefined;
	// what a body is for is not known at another address; a GET is compared where it ends
	if (method !== 'GET' && !asksTheSame(error.config.url ?? '', target.href)) return undefined;
	return target.origin === origin && !target.username && !target.password ? target : undefined;
}

/** Whether it is a page for people to sign in. The path of the request itself may hold any word. */
export function isSignOn(target: URL, path: string): boolean {
	return !target.pathname.endsWith(path) && signOn.test(target.href);
}

/** The endpoint at which the same request would have been right from the start; undefined where that cannot be told. */
export function endpointAt({origin, pathname}: URL, path: string): string | undefined {
	return pathname.endsWith(path) ? origin + pathname.slice(0, -path.length) : undefined;
}

/** Whether a request asked for the same at its end: all that was in its query is there, unchanged. */
export function asksTheSame(start: string, end: string): boolean {
	if (start === end) return true;
	const got = new URL(end).searchParams;
	const asked = new URL(start).searchParams;
	return [...asked.keys()].every(name => JSON.stringify(asked.getAll(name)) === JSON.stringify(got.getAll(name)));
}

/** The cookies after an answer that sets some, as they are sent back. */
export function withCookies(before: string, {headers}: AttemptError): string {
	const cookies = new Map<string, string>();
	// several are joined by commas, which dates hold as well
	const set = (headers['set-cookie'] ?? '').split(/,(?=\s*[^\s;,=]+=)/).map(cookie => cookie.split(';')[0]!);
	for (const pair of [...before.split(';'), ...set]) {
		const [, name, value] = /^\s*([^\s=]+)=(.*)$/s.exec(pair) ?? [];
		if (name !== undefined) cookies.set(name, value!.trim());
	}
	return [...cookies].map(pair => pair.join('=')).join('; ');
}
