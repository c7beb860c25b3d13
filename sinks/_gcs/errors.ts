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
	/** Google's word for it, for example `conditionNotMet`. */
	readonly reason: string;
}

const quota = new Set(['rateLimitExceeded', 'userRateLimitExceeded']);
const locks = new Set(['retentionPolicyNotMet', 'objectUnderActiveHold']);
const hideSecrets = createSecretFilter([]);

/** What the client threw, whose errors are of four kinds, some without the headers of the last answer. */
export function failureOf(error: unknown, answer?: {readonly status: number; readonly headers: HeaderValues}): Failure {
	const response = member(error, 'response');
	const said = member(member(response, 'data'), 'error') ?? error;
	const code = member(error, 'code');
	const status = [member(said, 'code'), code, member(response, 'status')].map(Number).find(isStatus);
	const [detail] = [member(said, 'errors')].flat();
	const reason = typeof said === 'string' ? said : text(member(detail, 'reason'));
	const errno = member(error, 'type') === 'request-timeout' ? 'ETIMEDOUT' : text(code);
	const headers = member(response, 'headers') ?? (answer && answer.status === status ? answer.headers : {});
	const message = sentence(said, status, errno);
	return {message, status, reason, errno: status === undefined ? errno : '', headers: headers as HeaderValues};
}

/** Whether the same request can do better in a while. */
export function isPassing(failure: Failure): boolean {
	const {status, reason, errno} = failure;
	if (status === undefined) return passingErrnos.has(errno);
	return (
		isGarbled(failure) ||
		status === 308 ||
		status === 408 ||
		status === 429 ||
		(status >= 500 && status !== 501) ||
		quota.has(reason)
	);
}

/** What arrived was not what was sent: Google compared the checksum, and stored nothing. */
export function isGarbled({status, message}: Failure): boolean {
	return status === 400 && /(crc32c|md5).* doesn't match/i.test(message);
}

/** A retention policy or a hold keeps the object, or the credentials may only add. */
function isLock({status, reason, message}: Failure): boolean {
	return status === 403 && (locks.has(reason) || message.includes('storage.objects.delete'));
}

function isMissingBucket({status, message}: Failure): boolean {
	return status === 404 && /bucket does not exist/i.test(message);
}

/** What a failure becomes for the world; `doing` as in "write gs://bucket/name". */
export function gcsError(failure: Failure, doing: string, bucket: string): AuditError {
	const {status, reason, message} = failure;
	const said = `gcs: cannot ${doing}: `;
	if (isMissingBucket(failure)) {
		return new SinkError(
			'TARGET_REFUSED',
			`gcs: there is no bucket gs://${bucket}: check the name, or make it with gcloud storage buckets create gs://${bucket}`,
		);
	}
	if (status === 401 || reason === 'invalid_grant' || reason === 'invalid_client') {
		return new AuthError(
			'UNAUTHORIZED',
			`${said}Google refused the credentials (${message}); log in again with ` +
				'gcloud auth application-default login, or give another key in GOOGLE_APPLICATION_CREDENTIALS',
		);
	}
	if (status === 403 && !isLock(failure)) {
		return new AuthError(
			'FORBIDDEN',
			`${said}${message}; the account needs storage.objects.create, get and list on the bucket, ` +
				'and delete to tidy up behind a run that died',
		);
	}
	return requestError('gcs', failure, doing, 'the network and apiEndpoint');
}

/** How Google fails. */
export const gcsFailures: FailureFacts<Failure> = {
	sink: 'gcs',
	failureOf,
	passing: message => ({message, status: undefined, reason: '', errno: 'ECONNABORTED', headers: {}}),
	isPassing,
	isMissing: failure => failure.status === 412 || (failure.status === 404 && !isMissingBucket(failure)),
	isLock,
	errorOf: gcsError,
};

/** For credentials that cannot be used at all. The reason stays out where it may quote a key file. */
export function credentialsError(error: unknown): ConfigError {
	const message = text(member(error, 'message'));
	const file = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
	const found = message.includes('Could not load the default credentials')
		? "Google's default chain found none"
		: file === undefined
			? "what Google's default chain found cannot be used"
			: `GOOGLE_APPLICATION_CREDENTIALS names ${file}, which is no file of credentials that can be read`;
	return new ConfigError(
		`gcs: expected credentials, but ${found}; run gcloud auth application-default login, set ` +
			'GOOGLE_APPLICATION_CREDENTIALS to a key file, or run where an account is attached',
	);
}

function sentence(said: unknown, status: number | undefined, errno: string): string {
	const message = text(member(said, 'message'));
	// the client's own messages may hold the address of an upload session, which is a secret
	if (status === undefined && errno !== '') return explainConnection(errno, message) ?? errno;
	if (status === undefined) return excerpt(hideSecrets(withoutAddresses(message)));
	return message === '' ? `status ${status}` : excerpt(hideSecrets(withoutAddresses(message)), 400);
}

function withoutAddresses(message: string): string {
	return message.replaceAll(/\bhttps?:\/\/\S+/g, '[address]');
}

function isStatus(value: number): boolean {
	return Number.isInteger(value) && value >= 100 && value < 600;
}
