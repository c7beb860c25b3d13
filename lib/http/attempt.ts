import type {Readable} from 'node:stream';
import type {AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig} from 'axios';
import type {ClientRequest} from './request.ts';
import {pageInstead, refusedLogin} from './login.ts';
import {BodyTooLarge, OtherAnswer, UnreadableBody} from './unreadable.ts';
import {readBody, readStart} from './body.ts';
import {decodeBody} from './charset.ts';

/**
 * Why one HTTP attempt gave no usable answer; `login`: the credentials were refused, whatever the status says; `other`:
 * the API says something else than what was asked for.
 */
export type FailureKind = 'status' | 'login' | 'other' | 'network' | 'timeout' | 'body' | 'too-large' | 'stopped';

/** One HTTP attempt that failed; `config` makes it retryable. Never leaves lib/http: it knows the headers sent. */
export class AttemptError extends Error {
	readonly kind: FailureKind;
	readonly config: InternalAxiosRequestConfig;
	readonly status: number | undefined;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
	/** Errno of the connection (ECONNRESET, EAI_AGAIN, …). */
	readonly errno: string | undefined;
	/** How long to wait before the next attempt, set by the retry policy. */
	delayMs = 0;
	/** Whether it was refused only for now, and until when where the API says that in a way of its own. */
	refusal: boolean | Date = false;

	constructor(
		kind: FailureKind,
		message: string,
		config: InternalAxiosRequestConfig,
		detail: {status?: number; headers?: Record<string, string>; body?: Buffer; cause?: unknown} = {},
	) {
		super(message, {cause: detail.cause});
		this.kind = kind;
		this.config = config;
		this.status = detail.status;
		this.headers = detail.headers ?? {};
		this.body = detail.body ?? Buffer.alloc(0);
		this.errno = (detail.cause as NodeJS.ErrnoException | undefined)?.code;
	}
}

export interface AttemptLimits {
	/** The longest that one attempt may take, in milliseconds. */
	readonly timeoutMs: number;
	/** The longest silence: before the headers, and between two pieces of the body. */
	readonly idleTimeoutMs: number;
	readonly maxBodyBytes: number;
}

/** How much of an error's body is read, for its message. */
const maxErrorBodyBytes = 64 * 1024;
/** The member of a request's config that holds how its body is parsed. */
export const parseKey = 'rxauditParse';

/**
 * An axios adapter that makes one whole attempt by one that sends: sends, waits for the headers, reads the body to its end, and parses
 * it (which throws where it is not whole). Everything that goes wrong is an AttemptError.
 */
export function attemptAdapter(limits: AttemptLimits, send: AxiosAdapter): AxiosAdapter {
	return async config => {
		const timers = startTimers(limits, config.signal as AbortSignal | undefined);
		try {
			// every status is let through: of an answer that axios refuses it no longer stops the body at the signal
			const response = await send({...config, signal: timers.signal, validateStatus: null});
			timers.alive();
			return await readAnswer(response, config, limits, timers);
		} catch (error) {
			throw toAttemptError(error, config, timers);
		} finally {
			timers.clear();
		}
	};
}

async function readAnswer(
	response: AxiosResponse,
	config: InternalAxiosRequestConfig,
	limits: AttemptLimits,
	{alive, signal}: Pick<ReturnType<typeof startTimers>, 'alive' | 'signal'>,
): Promise<AxiosResponse> {
	const headers = plainHeaders(response.headers);
	const stream = response.data as Readable;
	const encoding = headers['content-encoding'];
	const refusal = config.headers.has('authorization') && !passes(response.status) ? refusedLogin(headers) : undefined;
	if (refusal !== undefined) {
		stream.destroy();
		throw new AttemptError('login', refusal, config, {status: response.status, headers});
	}
	if (!isWhole(response.status)) {
		const body = await readStart(stream, encoding, maxErrorBodyBytes, alive);
		throw new AttemptError('status', `status ${response.status}`, config, {status: response.status, headers, body});
	}
	const body = await readBody(stream, encoding, limits.maxBodyBytes, alive);
	// unpacking goes on for a while after the time is up
	signal.throwIfAborted();
	try {
		const parse = (config as {[parseKey]?: ClientRequest['parse']})[parseKey]!;
		const decoded = decodeBody(body, headers['content-type']);
		response.data = {bytes: body.length, content: parse(decoded.body, decoded.isAnnounced), headers};
	} catch (error) {
		if (error instanceof BodyTooLarge) throw error;
		throw badAnswer(error, config, {status: response.status, headers, body});
	}
	return response;
}

function badAnswer(
	error: unknown,
	config: InternalAxiosRequestConfig,
	answer: {status: number; headers: Record<string, string>; body: Buffer},
): AttemptError {
	const {status, headers, body} = answer;
	if (error instanceof OtherAnswer) return new AttemptError('other', error.message, config, {status, headers});
	const page = pageInstead(body, headers);
	if (page?.isLogin) {
		const message = `${page.words} came in place of the answer: the credentials did not get as far as the API`;
		return new AttemptError('login', message, config, {status, headers});
	}
	if (page) return new AttemptError('body', `${page.words} came`, config, answer);
	const type = headers['content-type'];
	// the parser's own message quotes the body, which may hold anything
	const reason = error instanceof UnreadableBody ? error.message : 'the body is not whole JSON';
	return new AttemptError('body', `${reason}${type ? ` (content type ${type})` : ''}`, config, answer);
}

/** Success, and not of a part, of several things, or of what somebody in between made of it. */
function isWhole(status: number): boolean {
	return status >= 200 && status < 300 && status !== 203 && status !== 206 && status !== 207;
}

/** A status that says nothing of the credentials, and passes by itself. */
function passes(status: number): boolean {
	return status === 408 || status === 429 || status >= 500;
}

function toAttemptError(
	error: unknown,
	config: InternalAxiosRequestConfig,
	timers: ReturnType<typeof startTimers>,
): AttemptError {
	if (error instanceof AttemptError) return error;
	if (timers.expired()) return new AttemptError('timeout', timers.expired()!, config);
	if ((config.signal as AbortSignal | undefined)?.aborted) return new AttemptError('stopped', 'stopped', config);
	const cause = error instanceof Error ? new ConnectionFailure(error) : error;
	const message = cause instanceof Error ? cause.message : String(cause);
	if (error instanceof BodyTooLarge) return new AttemptError('too-large', message, config, {cause: error});
	return new AttemptError(error instanceof UnreadableBody ? 'body' : 'network', message, config, {cause});
}

/** What is left of a connection's error: message and errno. An AxiosError holds the headers that were sent. */
class ConnectionFailure extends Error {
	readonly code: string | undefined;

	constructor(error: Error) {
		super(error.message || (error as NodeJS.ErrnoException).code || 'the connection failed');
		this.code = (error as NodeJS.ErrnoException).code;
	}
}

function startTimers(limits: AttemptLimits, outer: AbortSignal | undefined) {
	const controller = new AbortController();
	let expired: string | undefined;
	const expire = (message: string) => () => {
		expired = message;
		controller.abort();
	};
	const onStop = () => controller.abort();
	if (outer?.aborted) controller.abort();
	outer?.addEventListener('abort', onStop, {once: true});
	const total = setTimeout(expire(`no whole answer within ${limits.timeoutMs} ms`), limits.timeoutMs);
	const idle = setTimeout(expire(`nothing came for ${limits.idleTimeoutMs} ms`), limits.idleTimeoutMs);
	return {
		signal: controller.signal,
		alive: () => void idle.refresh(),
		expired: () => expired,
		clear() {
			clearTimeout(total);
			clearTimeout(idle);
			outer?.removeEventListener('abort', onStop);
		},
	};
}

function plainHeaders(headers: AxiosResponse['headers']): Record<string, string> {
	const plain: Record<string, string> = {};
	for (const [key, value] of Object.entries(headers)) if (value != null) plain[key.toLowerCase()] = String(value);
	return plain;
}
