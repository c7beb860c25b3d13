import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {buffer} from 'node:stream/consumers';
import {gzipSync} from 'node:zlib';
import {adminError, type Answer} from './answer.ts';
import type {Api, Route} from './api.ts';
import {faultAt, isAnswerFault, isPageFault, isWireFault, type Fault} from './faults.ts';
import {createRateLimit, type RateLimitOptions} from './rate-limit.ts';
import type {RequestLog, RequestLogEntry} from './request-log.ts';
import {later, send, sendBadly} from './send.ts';
import {spoilAnswer} from './spoil-answer.ts';
import type {EmulatorSwitches} from './switches.ts';

export interface ServerOptions {
	readonly port: number;
	readonly credentials: {readonly token: string; readonly username: string; readonly password: string};
	readonly seed: number;
	readonly now: () => number;
	readonly latencyMs: number;
	readonly rateLimit: RateLimitOptions | undefined;
	/** Asked at every request, so that faults can change. */
	readonly faults: () => readonly Fault[];
	readonly switches: EmulatorSwitches;
	readonly log: RequestLog;
	readonly apis: readonly Api[];
	readonly onRequest: ((request: RequestLogEntry) => void) | undefined;
}

export interface Server {
	/** Origin and path prefix. */
	readonly url: string;
	/** Ends every connection. A second call does nothing. */
	close(): Promise<void>;
}

/** Where a request leads. */
interface Target {
	readonly api: Omit<Api, 'held'>;
	readonly route: Route | undefined;
	readonly path: string;
	readonly parameters: readonly string[];
	errorOf(status: number): Answer;
}

/** Listens on 127.0.0.1 and answers the routes of all APIs, after authorization, rate limit and faults. */
export async function startServer(options: ServerOptions): Promise<Server> {
	const {now, log, switches} = options;
	const {pathPrefix = '', errorBody = 'object'} = switches;
	const {token, username, password} = options.credentials;
	const letsIn = {
		bearer: `Bearer ${token}`,
		basic: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
	};
	/** What words the errors of paths that no API has: the cloud's. */
	const gateway: Target['api'] = {
		routes: [],
		auth: ['bearer', 'basic'],
		errorOf: status => adminError(errorBody, status),
	};
	const limit = options.rateLimit && createRateLimit(options.rateLimit);

	function serve(request: IncomingMessage, response: ServerResponse): void {
		const {method = '', url = '', headers} = request;
		const entry = log.add({method, url, headers, atMs: now()});
		response.sendDate = false;
		response.setHeader('date', new Date(entry.atMs).toUTCString());
		const answer = () => {
			if (options.latencyMs === 0) respond(response, entry);
			else later(response, options.latencyMs, () => respond(response, entry));
		};
		if (method === 'GET') {
			// a body that nobody reads would hold the connection up
			request.resume();
			answer();
		} else {
			buffer(request).then(
				body => {
					entry.body = body.toString();
					answer();
				},
				() => response.destroy(),
			);
		}
		const noteStatus = () => {
			if (response.headersSent) entry.status = response.statusCode;
		};
		noteStatus();
		response.once('close', noteStatus);
	}

	function respond(response: ServerResponse, entry: RequestLogEntry): void {
		const target = targetOf(entry);
		const {api, errorOf} = target;
		const {authorization, 'accept-encoding': accepted} = entry.headers;
		if (!api.auth.some(scheme => letsIn[scheme] === authorization)) return send(response, errorOf(401));
		const state = limit?.(entry.atMs);
		const rateHeaders = state && (api.rateHeaders?.(state) ?? state.headers);
		for (const [name, value] of Object.entries(rateHeaders ?? {})) response.setHeader(name, value);
		if (state?.refused) return send(response, errorOf(429));

		options.onRequest?.(entry);
		const planned = faultAt(options.faults(), entry.number, options.seed);
		const right = answerOf(target, entry, planned);
		const isSpared =
			planned?.kind === 'status' && planned.holding !== undefined && !right.body.includes(planned.holding);
		const fault = isSpared ? undefined : planned;
		if (fault) entry.fault = fault.kind;
		if (fault && isWireFault(fault)) return sendBadly(response, right, fault);
		const answer = fault && isAnswerFault(fault) ? spoilAnswer(right, fault, entry.atMs, errorOf) : right;
		send(response, switches.gzip && /\bgzip\b/.test(String(accepted)) ? zipped(answer) : answer);
	}

	function targetOf({method, url}: RequestLogEntry): Target {
		const [whole = ''] = url.split('?');
		const path = whole.startsWith(pathPrefix) ? whole.slice(pathPrefix.length) : '';
		const matching = options.apis.flatMap(api =>
			api.routes.flatMap(route => {
				const match = route.path.exec(path);
				return match ? [{api, route, match}] : [];
			}),
		);
		const [found] = [...matching.filter(({route}) => route.method === method), ...matching];
		const api = found?.api ?? gateway;
		return {
			api,
			route: found?.route.method === method ? found.route : undefined,
			path,
			parameters: found?.match.slice(1).map(decoded) ?? [],
			errorOf: found?.route.errorOf ?? api.errorOf,
		};
	}

	function answerOf(target: Target, entry: RequestLogEntry, fault: Fault | undefined): Answer {
		const {api, route, path, parameters, errorOf} = target;
		if (!route) return errorOf(api === gateway ? 404 : 405);
		if (switches.forbidden) return errorOf(403);
		return route.answer({
			number: entry.number,
			origin: `http://${entry.headers.host ?? ''}`,
			path,
			parameters,
			query: new URLSearchParams(entry.url.split(/\?(.*)/s)[1]),
			body: entry.body ?? '',
			fault: fault && isPageFault(fault) ? fault : undefined,
		});
	}

	const server = createServer(serve);
	// An idle connection that is closed by the server just when it is used looks like a reset.
	server.keepAliveTimeout = 0;
	server.requestTimeout = 0;
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
	});
	const {port} = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}${pathPrefix}`,
		close: () =>
			new Promise(resolve => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

function zipped(answer: Answer): Answer {
	if (answer.headers['content-encoding'] !== undefined) return answer;
	return {
		...answer,
		headers: {...answer.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding'},
		body: gzipSync(answer.body, {level: 1}),
	};
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
