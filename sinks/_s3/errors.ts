import {type AuditError, AuthError, ConfigError, SinkError} from '../../lib/model/errors.ts';
import {explainConnection} from '../../lib/http/connection-failure.ts';
import type {HeaderValues} from '../../lib/http/retry-after.ts';
import {createSecretFilter, excerpt} from '../../lib/http/secrets.ts';
import {
	type BucketFailure,
	type FailureFacts,
	member,
	passingErrnos,
	requestError,
	text,
} from '../_objects/bucket-retry.ts';

export interface Failure extends BucketFailure {
	/** The word of S3, for example `PreconditionFailed`; '' where the answer had no body. */
	readonly code: string;
}

/** Their status says otherwise. The client sets its clock right after the second. */
const passing = new Set(['BadDigest', 'RequestTimeTooSkewed', 'RequestTimeout', 'XAmzContentSHA256Mismatch']);
const credentials = new Set([
	'ExpiredToken',
	'ExpiredTokenException',
	'InvalidAccessKeyId',
	'InvalidClientTokenId',
	'InvalidToken',
	'SignatureDoesNotMatch',
	'TokenRefreshRequired',
]);
const hideSecrets = createSecretFilter([]);

/** What the client threw. */
export function failureOf(error: unknown): Failure {
	const response = member(error, '$response');
	const given = member(member(error, '$metadata'), 'httpStatusCode') ?? member(response, 'statusCode');
	const status = typeof given === 'number' ? given : undefined;
	const name = text(member(error, 'name'));
	const timedOut = name === 'TimeoutError';
	const errno = status === undefined ? (timedOut ? 'ETIMEDOUT' : text(member(error, 'code'))) : '';
	const code = status === undefined || !/^[A-Z][A-Za-z0-9]+$/.test(name) || namesNothing.has(name) ? '' : name;
	const message = sentence(text(member(error, 'message')), status, code, errno);
	return {message, status, code, errno, headers: (member(response, 'headers') ?? {}) as HeaderValues};
}

/** What the client calls an answer without a word of S3. */
const namesNothing = new Set(['Error', 'SyntaxError', 'TypeError', 'Unknown', 'UnknownError']);

/** Whether the same request can do better in a while. */
export function isPassing({status, code, errno}: Failure): boolean {
	if (status === undefined) return passingErrnos.has(errno);
	// an answer of success that cannot be read
	if (status < 300 || status === 408 || status === 409 || status === 429) return true;
	return (status >= 500 && status !== 501) || passing.has(code);
}

/** Object Lock or something like it keeps the object. */
function isLock({status, code, message}: Failure): boolean {
	// what somebody is not authorized to do may be about a bucket of any name
	const isLocked = /object lock|retention|legal hold|\bWORM\b/i.test(message) && !message.includes('not authorized');
	return code === 'ObjectLocked' || (status === 403 && isLocked);
}

/** The condition that was sent does not hold: on a name that is free S3 answers 404 to If-Match. */
function isConditionFailure({status, code}: Failure): boolean {
	return status === 412 || (status === 404 && code !== 'NoSuchBucket' && code !== 'NoSuchUpload');
}

/** What a failure becomes for the world; `doing` as in "write s3://bucket/name". */
export function s3Error(failure: Failure, doing: string, bucket: string): AuditError {
	const {status, code, message, headers} = failure;
	const said = `s3: cannot ${doing}: `;
	if (code === 'NoSuchBucket') {
		const advice = `check the name, or make it with aws s3 mb s3://${bucket}`;
		return new SinkError('TARGET_REFUSED', `s3: there is no bucket s3://${bucket}: ${advice}`);
	}
	if (status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed') {
		const region = text(headers['x-amz-bucket-region']);
		const place = region === '' ? 'in another region' : `in the region ${region}`;
		return new SinkError('TARGET_REFUSED', `${said}the bucket is ${place} (${message}); set region=${region || '…'}`);
	}
	if (status === 501) {
		const advice = 'the archive needs writes on condition (If-None-Match, If-Match), checksums and multipart uploads';
		return new SinkError('TARGET_REFUSED', `${said}the store cannot do that (${message}): ${advice}`);
	}
	if (status === 401 || credentials.has(code)) {
		const advice = 'renew what the default chain of AWS finds, for example with aws sso login';
		return new AuthError('UNAUTHORIZED', `${said}the credentials were refused (${message}); ${advice}`);
	}
	if (status === 403 && !isLock(failure)) {
		return new AuthError(
			'FORBIDDEN',
			`${said}${message}; the account needs s3:PutObject, GetObject and ListBucket, s3:AbortMultipartUpload and ` +
				'ListBucketMultipartUploads, and s3:DeleteObject to tidy up behind a run that died',
		);
	}
	return requestError('s3', failure, doing, 'the network, region and endpoint');
}

/** How S3 fails. */
export const s3Failures: FailureFacts<Failure> = {
	sink: 's3',
	failureOf,
	passing: message => ({message, status: undefined, code: '', errno: 'ECONNABORTED', headers: {}}),
	isPassing,
	isMissing: isConditionFailure,
	// Credentials that may only add are as good as a lock.
	isLock: failure => isLock(failure) || failure.code === 'AccessDenied',
	errorOf: s3Error,
};

/** For credentials that cannot be used at all. The reason stays out: it may quote a command or a file that holds them. */
export function credentialsError(): ConfigError {
	return new ConfigError(
		"s3: expected credentials, but AWS's default chain found none that can be used; run aws sso login or aws configure, " +
			'set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached',
	);
}

function sentence(message: string, status: number | undefined, code: string, errno: string): string {
	if (status === undefined && errno !== '') return explainConnection(errno, message) ?? errno;
	// the client's own words for an answer that it cannot read
	const isOwn = message === '' || message === code || /^(UnknownError|Deserialization error)/.test(message);
	const said = isOwn ? '' : excerpt(hideSecrets(withoutSecrets(message)), 400);
	if (said === '') return code === '' ? `status ${status}` : code;
	return code === '' ? said : `${code}: ${said}`;
}

/** Addresses may be signed, and a long run of letters may be a session token. */
function withoutSecrets(message: string): string {
	return message.replaceAll(/\bhttps?:\/\/\S+/g, '[address]').replaceAll(/[\w+/=-]{100,}/g, '[secret]');
}
