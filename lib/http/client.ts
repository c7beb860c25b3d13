import type {SecureContext} from 'node:tls';
import type {AxiosInstance, AxiosRequestConfig} from 'axios';
import type {Clock} from '../model/clock.ts';
import {AuditError} from '../model/errors.ts';
import type {Meter} from '../model/meter.ts';
import {createSecretFilter} from './secrets.ts';
import {createAgent} from './agent.ts';
import {AttemptError, type AttemptLimits, attemptAdapter, parseKey} from './attempt.ts';
import {assertUtf8} from './charset.ts';
import type {Credentials} from './credentials.ts';
import {expectedTls} from './connection-failure.ts';
import {checkDeprecation} from './deprecation.ts';
import {urlBelow} from './endpoint.ts';
import type {Limiter} from './limiter.ts';
import type {PacedAnswer} from './pacing.ts';
import {refusalOf} from './quota.ts';
import type {ClientRequest} from './request.ts';
import {readQuota} from './said-quota.ts';
import {type RetryContext, type RetryLimits, retryPolicy} from './retry-policy.ts';
import {checkServerClock} from './server-clock.ts';
import {speaksTls} from './speaks-tls.ts';
import {asksTheSame} from './redirect.ts';
import {otherQuestion, toAuditError, type ApiWords} from './to-error.ts';

export interface ClientOptions extends AttemptLimits, RetryLimits {
	/** The source's name: prefix of messages, and the API whose rate is taken. */
	readonly name: string;
	readonly endpoint: URL;
	readonly credentials: Credentials;
	readonly limiter: Limiter;
	readonly meter: Meter;
	readonly clock: Clock;
	readonly random?: () => number;
	/** Certificates that are not Node's own. */
	readonly secure?: SecureContext | undefined;
	readonly wording?: ApiWords | undefined;
	readonly outOfQuota?: RetryContext['outOfQuota'];
}

export interface ClientAnswer {
	/** The size of the body, in bytes. */
	readonly bytes: number;
	/** What `parse` made of the body. */
	readonly content: unknown;
	/** By lower-case name. */
	readonly headers: Readonly<Record<string, string>>;
}

/** The answer of one request after as many attempts as its failures allow, or an AuditError without secrets. */
export type Client = (request: ClientRequest, signal?: AbortSignal) => Promise<ClientAnswer>;

/**
 * A client for one credential at one endpoint. Every attempt, retries included, takes the limiter; credentials go to
 * the endpoint's origin only; redirects to another origin are refused; a body that is not whole JSON is a failure
 * like any other.
 */
export function createClient(options: ClientOptions): Client {
	const {credentials, name, endpoint} = options;
	let opened: Promise<AxiosInstance> | undefined;

	return async (request, signal) => {
		try {
			const config: AxiosRequestConfig & {[parseKey]: NonNullable<ClientRequest['parse']>} = {
				method: request.method,
				url: urlBelow(endpoint, request.path, request.search ?? request.query ?? []),
				headers: {...(request.body === undefined ? {} : {'content-type': 'application/json'}), ...request.headers},
				...(request.body === undefined ? {} : {data: request.body, transformRequest: []}),
				...(signal ? {signal} : {}),
				[parseKey]: request.parse ?? parseJson,
				'axios-retry': retryPolicy(options, request, signal),
			};
			const instance = await (opened ??= openAxios(options));
			const response = await instance.request<ClientAnswer | undefined>(config);
			if (!asksTheSame(config.url!, response.config.url!)) throw otherQuestion(name, request, response.config.url!);
			const answer = response.data!;
			// the connection's objects outlive the request; without this they keep its whole page from being collected
			response.data = undefined;
			return answer;
		} catch (error) {
			if (signal?.aborted) throw new DOMException('stopped', 'AbortError');
			throw toAuditError(error, name, request, endpoint, createSecretFilter(credentials.secrets()), options.wording);
		}
	};
}

/** Loaded with the first request: whoever imports a source may only want to know its options. */
async function openAxios(options: ClientOptions): Promise<AxiosInstance> {
	const {credentials, limiter, meter, name, endpoint} = options;
	const [{default: axios, getAdapter}, {default: axiosRetry}] = await Promise.all([
		import('axios'),
		import('axios-retry'),
	]);
	const attempt = attemptAdapter(options, getAdapter('http'));
	const isPlain = endpoint.protocol === 'http:';
	const agent = createAgent(isPlain ? 'http:' : 'https:', options.secure);
	let isTls: Promise<boolean> | undefined;
	const instance = axios.create({
		responseType: 'stream',
		decompress: false,
		maxRedirects: 0,
		maxContentLength: -1,
		transformResponse: [],
		httpAgent: agent,
		httpsAgent: agent,
		proxy: false,
		headers: {accept: 'application/json', 'accept-encoding': 'gzip, br', 'user-agent': 'rxaudit'},
		async adapter(config) {
			const ended = await limiter.acquire(name, meter, config.signal as AbortSignal | undefined).catch(cause => {
				if (cause instanceof AuditError) throw cause;
				throw new AttemptError('stopped', 'stopped', config, {cause});
			});
			let answer: PacedAnswer | undefined;
			try {
				const header = await credentials.header();
				if (header !== '') config.headers.set('authorization', header);
				meter.requests++;
				const response = await attempt(config);
				answer = {headers: (response.data as ClientAnswer).headers, isRefused: false};
				meter.answered(response.status);
				checkServerClock(response.headers, options);
				checkDeprecation(response.headers, options);
				return response;
			} catch (error) {
				if (error instanceof AttemptError) {
					error.refusal = refusalOf(error, options.outOfQuota);
					answer = {headers: error.headers, isRefused: error.refusal !== false};
					meter.answered(error.status ?? error.kind, uselessness(error));
					checkServerClock(error.headers, options);
					checkDeprecation(error.headers, options);
				}
				// what speaks TLS says nothing to somebody who does not
				const isCut = isPlain && error instanceof AttemptError && /hang up|read ECONNRESET/.test(error.message);
				if (isCut && (await (isTls ??= speaksTls(endpoint)))) throw expectedTls(error);
				throw error;
			} finally {
				ended(answer);
				if (answer) noteQuota(answer.headers, meter, options.clock);
			}
		},
	});
	axiosRetry(instance);
	return instance;
}

function noteQuota(headers: PacedAnswer['headers'], meter: Meter, clock: Clock): void {
	const {limit, left, rate} = readQuota(headers, clock.now());
	if (limit !== undefined) meter.quota = {limit: rate?.requests ?? limit, left, perMs: rate?.perMs};
}

/** Why a request was of no use, in a few words of ours; a redirect leads on, and who stops asked for it. */
function uselessness({kind, status}: AttemptError): string | undefined {
	if (kind === 'stopped' || (kind === 'status' && status! < 400)) return undefined;
	return kind === 'status' ? `status ${status}` : kind;
}

/** The JSON value that a body holds, with or without a byte order mark. Throws where it is not UTF-8. */
export function parseJson(body: Buffer): unknown {
	assertUtf8(body);
	const text = body.toString('utf8');
	return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
}
