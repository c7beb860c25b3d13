import type {Agent} from 'node:http';
import type {Bucket} from '@google-cloud/storage';
import {ConfigError} from '../../lib/model/errors.ts';
import {isLoopback, parseEndpoint} from '../../lib/http/endpoint.ts';
import type {CertificateOptions} from '../../lib/http/certificates.ts';
import type {BucketRetry} from '../_bucket/bucket-retry.ts';
import {connectionTo} from './connection.ts';
import {credentialsError, failureOf, gcsError, isPassing} from './errors.ts';

type Interceptor = Bucket['interceptors'][number];
const vendor = 'https://storage.googleapis.com';

/**
 * The bucket, with credentials from Google's default chain; none are sent to loopback, nor where
 * STORAGE_EMULATOR_HOST says that there is an emulator. Nothing is asked of the bucket yet.
 */
export async function openBucket(
	apiEndpoint: string | undefined,
	retry: BucketRetry & CertificateOptions & {readonly timeoutMs: number; readonly insecure?: boolean},
): Promise<Bucket> {
	const {endpoint, authenticates} = chooseEndpoint(apiEndpoint, retry.insecure ?? false);
	const connection = await connectionTo(new URL(endpoint ?? vendor), retry);
	const {Storage} = await import('@google-cloud/storage');
	const storage = new Storage({
		...(endpoint ? {apiEndpoint: endpoint, useAuthWithCustomEndpoint: authenticates} : {}),
		clientOptions: {transporterOptions: {agent: connection.agent as () => Agent}},
		timeout: retry.timeoutMs,
		// Its own tries neither hear the run's signal nor Retry-After, and give up on a reply that was lost.
		retryOptions: {autoRetry: false, retryableErrorFn: () => false},
	});
	storage.interceptors.push({
		request: options => Object.assign(options, connection) as ReturnType<Interceptor['request']>,
	});
	// without credentials the client would send its requests without any
	if (authenticates) {
		await storage.authClient.getClient().catch((error: unknown) => {
			const failure = failureOf(error);
			throw isPassing(failure) ? gcsError(failure, 'get credentials', retry.bucket) : credentialsError(error);
		});
	}
	return storage.bucket(retry.bucket);
}

function chooseEndpoint(
	apiEndpoint: string | undefined,
	insecure: boolean,
): {endpoint?: string; authenticates: boolean} {
	const emulator = process.env['STORAGE_EMULATOR_HOST'];
	if (emulator !== undefined && apiEndpoint !== undefined && emulator !== apiEndpoint) {
		// the client would send some of its requests to one and some to the other
		throw new ConfigError('gcs: expected apiEndpoint or STORAGE_EMULATOR_HOST, got both, and they differ');
	}
	const given = emulator ?? apiEndpoint;
	if (given === undefined) return {authenticates: true};
	// an emulator gets no credentials
	const url = parseEndpoint('gcs', given, insecure || emulator !== undefined);
	return {endpoint: given, authenticates: emulator === undefined && !isLoopback(url)};
}
