import {
	AuditError,
	AuthError,
	RateLimitError,
	reasonOf,
	SourceError,
	type Spelling,
	type Wording,
	worded,
} from '../model/errors.ts';
import {excerpt} from './secrets.ts';
import {proxyRefused} from './agent.ts';
import {AttemptError} from './attempt.ts';
import {explainConnection} from './connection-failure.ts';
import {endpointAt, isSignOn, targetOf} from './redirect.ts';
import type {ClientRequest} from './request.ts';
import {BodyTooLarge} from './unreadable.ts';

/** What is said to people about an API, where it is not a log that is read. */
export interface ApiWords {
	/** Where its address was given. */
	readonly address: Wording;
	/** What the flags of its options begin with. Default: `--`. */
	readonly flag?: string;
	/** What a 404 says, and what to check. */
	readonly missing: readonly [what: string, check: Wording];
	/** What a 403 says, and what to check. */
	readonly forbidden: readonly [what: string, check: string];
	/** The only address at which a token with scopes works, where the API has another one too. */
	readonly gateway?: string | undefined;
}

export const logWords: ApiWords = {
	address: spell => spell('endpoint'),
	missing: ['there is no such thing (organization, site or record)', spell => `the id and ${spell('endpoint')}`],
	forbidden: ['these credentials may not read this log', 'their permissions and the plan'],
};

/** Far more than is shown: a secret that this cuts must not come into view when those before it became masks. */
const maxFilteredBytes = 64 * 1024;

/**
 * What a failed request becomes for the world: an AuditError with a sentence that says what was expected, what was
 * got and what to do. The headers and settings of the request stay behind; the excerpt of the body hides secrets.
 */
export function toAuditError(
	error: unknown,
	name: string,
	request: ClientRequest,
	endpoint: URL,
	hideSecrets: (text: string) => string,
	words = logWords,
): Error {
	if (!(error instanceof AttemptError)) {
		if (error instanceof AuditError) return error;
		return new SourceError('UNREACHABLE', `${name}: ${excerpt(hideSecrets(reasonOf(error)))}`);
	}
	const where = `${name}: ${request.method} ${endpoint.origin}${endpoint.pathname.replace(/\/$/, '')}${request.path}`;
	const said =
		error.body.length > 0 ? `: ${excerpt(hideSecrets(error.body.toString('utf8', 0, maxFilteredBytes)))}` : '';
	const {status} = error;
	if (error.kind === 'status' && request.passing?.(status!, error.body)) {
		return new SourceError('HTTP_STATUS', `${where} answered ${status}${said}; tried again in vain`, {status});
	}
	switch (error.kind) {
		case 'stopped':
			return new DOMException('stopped', 'AbortError');
		case 'timeout':
			return new SourceError('TIMEOUT', `${where}: ${error.message}; tried again in vain`);
		case 'too-large':
			return new SourceError('BODY_TOO_LARGE', spell => `${where}: ${tooLarge(error, spell)}`);
		case 'body':
			return new SourceError('BAD_BODY', `${where}: expected JSON, but ${excerpt(hideSecrets(error.message))}${said}`, {
				status,
			});
		case 'network':
			return networkError(error, spell => {
				return `${where}: ${excerpt(hideSecrets(networkReason(error, endpoint, words, spell)), 400)}`;
			});
		case 'other':
			return new SourceError(
				'BAD_BODY',
				`${where} answered ${status}, but ${excerpt(hideSecrets(error.message), 400)}`,
				{
					status,
				},
			);
		case 'login': {
			const refused = excerpt(hideSecrets(error.message), 400);
			return new AuthError(
				'UNAUTHORIZED',
				`${where} answered ${status}, but ${refused}; check that the credentials are of this API and have not expired${gatewayHint(endpoint, words)}`,
			);
		}
		case 'status':
			return statusError(error, status!, where, said, hideSecrets, request, endpoint, words);
	}
}

function tooLarge({message, cause}: AttemptError, spell: Spelling): string {
	return cause instanceof BodyTooLarge ? worded(cause.wording, spell) : message;
}

function networkError({errno}: AttemptError, message: Wording): Error {
	const isLogin = errno === proxyRefused && worded(message).includes('(407)');
	return isLogin ? new AuthError('UNAUTHORIZED', message) : new SourceError('UNREACHABLE', message);
}

function networkReason(error: AttemptError, endpoint: URL, {address, flag}: ApiWords, spell: Spelling): string {
	const check = worded(address, spell);
	switch (error.errno) {
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
			return `the host ${endpoint.hostname} is not known (${error.errno}); check ${check} and the network`;
		case 'ECONNREFUSED':
			return `nothing listens at ${endpoint.host} (ECONNREFUSED); check ${check}`;
		default:
			return (
				explainConnection(error.errno ?? '', error.message, flag) ??
				`the connection failed (${error.errno ?? error.message}); tried again in vain`
			);
	}
}

function statusError(
	error: AttemptError,
	status: number,
	where: string,
	said: string,
	hideSecrets: (text: string) => string,
	request: ClientRequest,
	endpoint: URL,
	words: ApiWords,
): Error {
	const {address, missing, forbidden} = words;
	const answered = `${where} answered ${status}`;
	if (status === 401) {
		return new AuthError(
			'UNAUTHORIZED',
			`${answered}: the credentials were refused${said}; check that they are of this API and have not expired${gatewayHint(endpoint, words)}`,
		);
	}
	if (error.refusal !== false) {
		const seconds = Math.ceil(error.delayMs / 1000);
		return new RateLimitError(
			spell =>
				`${answered}: ${status >= 500 ? 'it is to be left alone' : 'no quota'} for another ${seconds} s, longer in all than ${spell('maxWait')} allows${status === 429 ? '' : said}; run again later, or raise it`,
			error.delayMs,
		);
	}
	if (status === 403) {
		return new AuthError(
			'FORBIDDEN',
			`${answered}: ${forbidden[0]}${said}; check ${forbidden[1]}${gatewayHint(endpoint, words)}`,
		);
	}
	if (status === 404) {
		const what = `${answered}: ${missing[0]}${said}`;
		return new SourceError('NOT_FOUND', spell => `${what}; check ${worded(missing[1], spell)}`, {status});
	}
	if (status >= 300 && status < 400) return redirectError(error, answered, request, hideSecrets, address);
	return new SourceError('HTTP_STATUS', `${answered}${said}`, {status});
}

/** The site's own address refuses a token with scopes, and its answer does not say why. */
function gatewayHint({host}: URL, {gateway}: ApiWords): string {
	if (!gateway || new URL(gateway).host === host) return '';
	return `; a token with scopes works with --endpoint ${gateway} only (CLOUD-ID: see https://SITE/_edge/tenant_info)`;
}

function redirectError(
	error: AttemptError,
	answered: string,
	{method, path}: ClientRequest,
	hideSecrets: (text: string) => string,
	address: Wording,
): Error {
	const {status} = error;
	const target = targetOf(error);
	const points = `${answered} and points to ${excerpt(hideSecrets(error.headers['location'] ?? 'nowhere'))}`;
	if (target && isSignOn(target, path)) {
		const reason = 'a page to sign in: the credentials did not get as far as the API';
		const advice = 'check that they are of this API and have not expired';
		return new AuthError('UNAUTHORIZED', `${points}, ${reason}; ${advice}`);
	}
	const isElsewhere = target && target.origin !== new URL(error.config.url ?? target.origin).origin;
	const reason = isElsewhere
		? 'credentials stay at the endpoint'
		: method === 'GET' || status === 307 || status === 308
			? 'it leads no further'
			: `a ${method} is sent again after 307 and 308 only`;
	const right = target && endpointAt(target, path);
	const advice = right === undefined ? '' : `, which may have to be ${excerpt(hideSecrets(right))}`;
	const refused = (spell: Spelling) =>
		`${points}, which is not followed: ${reason}; check ${worded(address, spell)}${advice}`;
	return new SourceError('REDIRECT_REFUSED', refused, {status});
}

/** The answer belongs to another question than the one that was asked. */
export function otherQuestion(name: string, {method, path}: ClientRequest, end: string): SourceError {
	const target = new URL(end);
	const right = endpointAt(target, path);
	const advice = right === undefined ? 'the address of the API itself' : right;
	return new SourceError(
		'REDIRECT_REFUSED',
		`${name}: ${method} ${path} was redirected to ${excerpt(target.origin + target.pathname)}, which drops or changes what was asked for; expected the endpoint ${excerpt(advice)}`,
	);
}
