import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {buffer} from 'node:stream/consumers';
import {gzipSync} from 'node:zlib';
import {spoilAnswer} from './answer-faults.ts';
import {statusError, type Answer, type ErrorBody} from './answer.ts';
import type {Api} from './api.ts';
import {type EmulatorCredentials, isAuthorized} from './authorization.ts';
import {faultAt, isAnswerFault, isPageFault, isWireFault, type Fault} from './faults.ts';
import {createRateLimit, type RateLimitOptions} from './rate-limit.ts';
import type {RequestLog, RequestLogEntry} from './request-log.ts';
import type {Route} from './route.ts';
import {later, send, sendBadly} from './wire-faults.ts';

export interface ServerOptions {
	readonly port: number;
	readonly credentials: EmulatorCredentials;
	readonly seed: number;
	readonly now: () => number;
	readonly latencyMs: number;
	readonly rateLimit: RateLimitOptions | undefined;
	/** Asked at every request, so that faults can change. */
	readonly faults: () => readonly Fault[];
	readonly pathPrefix: string;
	readonly errorBody: ErrorBody;
	readonly forbidden: boolean;
	readonly gzip: boolean;
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
	readonly api: Api;
	readonly route: Route | undefined;
	readonly path: string;
	readonly search: string;
	readonly parameters: readonly string[];
}

/** Listens on 127.0.0.1 and answers the routes of all APIs, after authorization, rate limit and faults. */
export async function startServer(options: ServerOptions): Promise<Server> {
	const {now, log} = options;
	const gateway: Api = {
		routes: [],
		auth: ['bearer', 'basic'],
		errorOf: status => statusError(status, options.errorBody),
	};
	const limit = options.rateLimit && createRateLimit(options.rateLimit);

	function serve(request: IncomingMessage, response: ServerResponse): void {
		const {method = '', url = '', headers} = request;
		const entry = log.add({method, url, headers, atMs: now()});
		response.sendDate = false;
		response.setHeader('date', new Date(entry.atMs).toUTCString());
		const answer = () => {
			if (options.latencyMs === 0) respond(request, response, entry);
			else later(response, options.latencyMs, () => respond(request, response, entry));
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

	function respond(request: IncomingMessage, response: ServerResponse, entry: RequestLogEntry): void {
		const target = targetOf(entry);
		const {api} = target;
		if (!isAuthorized(request.headers.authorization, api.auth, options.credentials)) {
			return send(response, api.errorOf(401));
		}
		const state = limit?.(entry.atMs);
		const rateHeaders = state && (api.rateHeaders?.(state) ?? state.headers);
		for (const [name, value] of Object.entries(rateHeaders ?? {})) response.setHeader(name, value);
		if (state?.refused) return send(response, api.errorOf(429));

		options.onRequest?.(entry);
		const planned = faultAt(options.faults(), entry.number, options.seed);
		const right = answerOf(target, entry, planned);
		const isSpared =
			planned?.kind === 'status' && planned.holding !== undefined && !right.body.includes(planned.holding);
		const fault = isSpared ? undefined : planned;
		if (fault) entry.fault = fault.kind;
		if (fault && isWireFault(fault)) return sendBadly(response, right, fault);
		const answer = fault && isAnswerFault(fault) ? spoilAnswer(right, fault, entry.atMs, api.errorOf) : right;
		send(response, wantsGzip(request) ? zipped(answer) : answer);
	}

	/** The route of a request, and the API that words what goes wrong: the cloud's gateway, where nobody else does. */
	function targetOf({method, url}: RequestLogEntry): Target {
		const [path = '', search = ''] = url.split(/\?(.*)/s);
		const inside = path.startsWith(options.pathPrefix) ? path.slice(options.pathPrefix.length) : '';
		const matching = options.apis.flatMap(api =>
			api.routes.flatMap(route => {
				const match = route.path.exec(inside);
				return match ? [{api, route, path: inside, search, parameters: match.slice(1).map(decoded)}] : [];
			}),
		);
		const right = matching.find(({route}) => route.method === method);
		if (right) return right;
		const [other] = matching;
		return {api: gateway, ...other, path: inside, search, parameters: [], route: undefined};
	}

	function answerOf(target: Target, entry: RequestLogEntry, fault: Fault | undefined): Answer {
		const {api, route, path, parameters} = target;
		if (!route) return api.errorOf(api === gateway ? 404 : 405);
		if (options.forbidden) return api.errorOf(403);
		return route.answer({
			number: entry.number,
			origin: `http://${entry.headers.host ?? ''}`,
			path,
			parameters,
			query: new URLSearchParams(target.search),
			body: entry.body ?? '',
			fault: fault && isPageFault(fault) ? fault : undefined,
		});
	}

	function wantsGzip({headers}: IncomingMessage): boolean {
		return options.gzip && /\bgzip\b/.test(String(headers['accept-encoding']));
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
		url: `http://127.0.0.1:${port}${options.pathPrefix}`,
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
