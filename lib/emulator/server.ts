import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {gzipSync} from 'node:zlib';
import {spoilAnswer} from './answer-faults.ts';
import {adminError, unauthorized, type Answer, type ErrorBody} from './answer.ts';
import {faultAt, isAnswerFault, isPageFault, isWireFault, type Fault} from './faults.ts';
import {createRateLimit, type RateLimitOptions} from './rate-limit.ts';
import type {RequestLog, RequestLogEntry} from './request-log.ts';
import type {Route} from './route.ts';
import {later, send, sendBadly} from './wire-faults.ts';

export interface ServerOptions {
	readonly port: number;
	readonly token: string;
	readonly seed: number;
	readonly now: () => number;
	readonly latencyMs: number;
	readonly rateLimit: RateLimitOptions | undefined;
	/** Asked at every request, so that faults can change. */
	readonly faults: () => readonly Fault[];
	readonly pathPrefix: string;
	readonly errorBody: ErrorBody;
	readonly gzip: boolean;
	readonly log: RequestLog;
	readonly routes: readonly Route[];
}

export interface Server {
	/** Origin and path prefix. */
	readonly url: string;
	/** Ends every connection. A second call does nothing. */
	close(): Promise<void>;
}

/** Listens on 127.0.0.1 and answers the routes, after authorization, rate limit and faults. */
export async function startServer(options: ServerOptions): Promise<Server> {
	const {now, log, errorBody} = options;
	const limit = options.rateLimit && createRateLimit(options.rateLimit);

	function serve(request: IncomingMessage, response: ServerResponse): void {
		const {method = '', url = '', headers} = request;
		const entry = log.add({method, url, headers, atMs: now()});
		// A body that nobody reads would hold the connection up.
		request.resume();
		response.sendDate = false;
		response.setHeader('date', new Date(entry.atMs).toUTCString());
		if (options.latencyMs === 0) respond(request, response, entry);
		else later(response, options.latencyMs, () => respond(request, response, entry));
		const noteStatus = () => {
			if (response.headersSent) entry.status = response.statusCode;
		};
		noteStatus();
		response.once('close', noteStatus);
	}

	function respond(request: IncomingMessage, response: ServerResponse, entry: RequestLogEntry): void {
		if (request.headers.authorization !== `Bearer ${options.token}`) return send(response, unauthorized());
		const state = limit?.(entry.atMs);
		for (const [name, value] of Object.entries(state?.headers ?? {})) response.setHeader(name, value);
		if (state?.refused) return send(response, adminError('ADMIN-429-1', errorBody));

		const fault = faultAt(options.faults(), entry.number, options.seed);
		if (fault) entry.fault = fault.kind;
		const right = answerOf(entry, fault);
		if (fault && isWireFault(fault)) return sendBadly(response, right, fault);
		const answer = fault && isAnswerFault(fault) ? spoilAnswer(right, fault, entry.atMs, errorBody) : right;
		send(response, wantsGzip(request) ? zipped(answer) : answer);
	}

	function answerOf({method, url, number}: RequestLogEntry, fault: Fault | undefined): Answer {
		const [path = '', search = ''] = url.split(/\?(.*)/s);
		if (!path.startsWith(options.pathPrefix)) return adminError('ADMIN-404-1', errorBody);
		const inside = path.slice(options.pathPrefix.length);
		for (const route of options.routes) {
			const parameters = route.path.exec(inside)?.slice(1).map(decoded);
			if (!parameters) continue;
			if (method !== 'GET') return adminError('ADMIN-405-1', errorBody);
			const pageFault = fault && isPageFault(fault) ? fault : undefined;
			return route.answer({number, parameters, query: new URLSearchParams(search), fault: pageFault});
		}
		return adminError('ADMIN-404-1', errorBody);
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
		close: () => new Promise(resolve => {
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
