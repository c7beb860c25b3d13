import type {S3, S3ClientConfig} from '@aws-sdk/client-s3';
import type {Agent} from 'node:https';
import {type CertificateOptions, readCertificates} from '../../lib/http/certificates.ts';
import {rootOf} from '../_objects/bucket-objects.ts';
import {type BucketRetry, request} from '../_objects/bucket-retry.ts';
import {credentialsError, failureOf, isPassing, s3Error, s3Failures} from './errors.ts';
import {ConfigError} from '../../lib/model/errors.ts';
import {createAgent} from '../../lib/http/agent.ts';
import {isLoopback, parseEndpoint} from '../../lib/http/endpoint.ts';
import {errnoOf} from '../_files/file-errors.ts';

interface S3BucketOptions extends BucketRetry, CertificateOptions {
	/** Without slashes at its ends; may be empty. */
	readonly prefix: string;
	/** Another address than that of AWS; default: AWS_ENDPOINT_URL, which the client reads itself. */
	readonly endpoint: string | undefined;
	/** Default: that of AWS's own configuration. */
	readonly region: string | undefined;
	/** The longest silence in a request. */
	readonly timeoutMs: number;
	/** Whether plain http will do. */
	readonly insecure?: boolean;
}

/** What a store can do, beside what all of them can. */
export interface Abilities {
	/** The store keeps to the condition of an upload in parts. Until that is known, each object is one request. */
	parts: boolean;
	/** The store compares checksums with the content, and shows none that it has not compared. */
	checksums: boolean;
}

/** A bucket that exists and can be listed. */
export interface S3Bucket extends BucketRetry {
	/** As far as it is known. */
	readonly can: Abilities;
	readonly client: S3;
	readonly prefix: string;
	/** What all keys begin with. */
	readonly root: string;
	/** For messages, for example `s3://bucket/prefix`. */
	readonly title: string;
}

/**
 * Opens a bucket, with credentials from AWS's default chain. One request finds out whether there is such a bucket, in
 * this region and for these credentials: later ones, which have no body, could not tell.
 */
export async function openBucket(options: S3BucketOptions): Promise<S3Bucket> {
	const client = await openClient(options);
	const {root, title} = rootOf('s3', options);
	try {
		const first = {Bucket: options.bucket, Prefix: root, MaxKeys: 1};
		await request(s3Failures, options, `use ${title}`, async aborting => client.listObjectsV2(first, aborting));
	} catch (error) {
		client.destroy();
		throw error;
	}
	return {...options, can: {parts: false, checksums: true}, client, root, title};
}

const nothing = () => {};
/** What the client would say on standard error, errors say too. */
const silent = {trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing};

/** The client with credentials and region from AWS's default chain. Nothing is asked of the bucket yet. */
async function openClient(options: S3BucketOptions): Promise<S3> {
	const {bucket, endpoint, region, timeoutMs, insecure = false} = options;
	const httpsAgent = createAgent('https:', readCertificates('s3', options)) as Agent;
	const sdk = await loadSdk();
	const {AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3} = process.env;
	const hasOwnEndpoint = (endpoint ?? AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined;
	const create = (known: string | undefined) =>
		new sdk.S3({
			...(endpoint === undefined ? {} : {endpoint: parseEndpoint('s3', endpoint, insecure).href}),
			...(known === undefined ? {} : {region: known}),
			forcePathStyle: hasOwnEndpoint, // such stores rarely have a host name for each bucket
			requestHandler: {connectionTimeout: timeoutMs, socketTimeout: timeoutMs, httpsAgent},
			logger: silent,
			maxAttempts: 1, // its own tries give up on a reply that was lost
			// Each object has the checksum that we made; what is read is checked by who reads it.
			requestChecksumCalculation: 'WHEN_REQUIRED',
			responseChecksumValidation: 'WHEN_REQUIRED',
			expectContinueHeader: false, // it costs a connection for each part
		} satisfies S3ClientConfig);
	let client = create(region);
	if (!(await hasRegion(client))) {
		if (!hasOwnEndpoint) {
			throw new ConfigError('s3: expected a region: set region=…, AWS_REGION, or a region in the profile');
		}
		client = create('us-east-1'); // what stores that have no regions answer to
	}
	const checkAddress = addressCheck(options);
	client.middlewareStack.add(next => async args => next(checkAddress(args)), {step: 'finalizeRequest'});
	await client.config.credentials().catch((error: unknown) => {
		const failure = failureOf(error);
		throw isPassing(failure) ? s3Error(failure, 'get credentials', bucket) : credentialsError();
	});
	return client;
}

async function loadSdk() {
	try {
		return await import('@aws-sdk/client-s3');
	} catch (error) {
		if (errnoOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
		throw new ConfigError(
			's3: expected the client of AWS, which is installed apart, where rxaudit is: npm install @aws-sdk/client-s3, with --global where rxaudit is global',
			{
				cause: error,
			},
		);
	}
}

async function hasRegion(client: S3): Promise<boolean> {
	return client.config.region().then(
		() => true,
		() => false,
	);
}

/** Refuses plain http where that was not asked for, else says so once. The address may come from a profile, too. */
function addressCheck({insecure = false, warn}: S3BucketOptions) {
	let isSaid = false;
	return <T extends {readonly request: unknown}>(args: T): T => {
		const {protocol, hostname} = args.request as {protocol: string; hostname: string};
		const url = parseEndpoint('s3', `${protocol}//${hostname}`, insecure);
		if (url.protocol === 'http:' && !isLoopback(url) && !isSaid) {
			isSaid = true;
			warn(`s3: ${url.origin} is plain http: what is stored and its session token can be read on the way there`);
		}
		return args;
	};
}
