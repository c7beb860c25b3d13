import {resolve} from 'node:path';
import {z} from 'zod';
import {defineSink} from '../lib/define-sink.ts';
import {ConfigError, reasonOf} from '../lib/errors.ts';
import {parseEndpoint} from '../lib/http/endpoint.ts';
import {connectionOptions, wholeNumber} from '../lib/options.ts';
import {parseSpan} from '../lib/time.ts';
import type {ArchiveMark} from './_archive-mark.ts';
import {archiveOptions, archivePlan} from './_archive-options.ts';
import {privateSpoolFolder} from './_gcs-spool.ts';
import {archiveHolds, openObjectArchive, verifyArchive} from './_object-archive.ts';
import type {ObjectStore} from './_object-store.ts';
import {beginWriting} from './_s3-begin.ts';
import {openBucket} from './_s3-bucket.ts';
import {s3Objects} from './_s3-objects.ts';

const mebibyte = 1024 * 1024;
/** Of all parts but the last, at AWS. */
const minPartBytes = 5 * mebibyte;
const {maxAttempts, retryBaseMs, retryMaxMs} = connectionOptions;

const options = z.object({
	bucket: z
		.string()
		.min(1)
		.describe('the bucket, which must exist; BUCKET/PREFIX says where in it as well, as on the command line'),
	prefix: z.string().optional().describe('what all names begin with, like a folder; default: nothing'),
	mode: z
		.enum(['append'])
		.optional()
		.describe(
			'what to do with a prefix that has content but no state: append goes on behind its last entry; ' +
				'with a state it means nothing',
		),
	...archiveOptions,
	region: z
		.string()
		.min(1)
		.optional()
		.describe("the region of the bucket; default: AWS_REGION, or that of AWS's own configuration"),
	endpoint: z
		.string()
		.optional()
		.describe('the address of another store that speaks S3, asked by path; default: AWS_ENDPOINT_URL, or AWS'),
	spoolDir: z
		.string()
		.min(1)
		.optional()
		.describe(
			'where objects grow before they are sent, each up to rollBytes at worst; ' +
				"default: a folder of this user among the system's temporary files",
		),
	chunkBytes: wholeNumber(1, 1024 * mebibyte)
		.default(8 * mebibyte)
		.describe(
			'up to here an object is sent in one request, above in parts of this size, of which AWS takes none below ' +
				'5242880; held in memory, in bytes',
		),
	timeoutMs: wholeNumber(1, 86_400_000).default(60_000).describe('the longest silence in a request, in milliseconds'),
	maxAttempts,
	retryBaseMs,
	retryMaxMs,
	maxWait: z
		.string()
		.superRefine(checkSpan)
		.default('1h')
		.describe('the longest wait that the store may ask for; a longer one ends the run'),
});

/**
 * Objects of gzipped NDJSON in Amazon S3, or in a store like it, by source and day, with a manifest that `verify` checks.
 *
 * What is in the bucket is never overwritten. Credentials come from AWS's own default chain. Needs
 * `npm install @aws-sdk/client-s3`. In a bucket with versions, what is removed behind a run that died stays as a version.
 */
export default defineSink({
	name: 's3',
	docs:
		'Objects of NDJSON in Amazon S3 or a store like it, s3:BUCKET/PREFIX, by source and day; exactly once, also ' +
		"under Object Lock. Credentials come from AWS's default chain: environment, profile, SSO or the machine's role. " +
		'Needs npm install @aws-sdk/client-s3.',
	target: 'bucket',
	options,
	create(given) {
		const {maxAttempts, retryBaseMs, mode, endpoint, chunkBytes} = given;
		const {layout, compression, commitSize} = archivePlan(given);
		const place = placeOf(given.bucket, given.prefix);
		if (endpoint !== undefined) parseEndpoint('s3', endpoint);
		else if (chunkBytes < minPartBytes) {
			throw new ConfigError(`s3: option chunkBytes: expected at least ${minPartBytes} at AWS, got ${chunkBytes}`);
		}
		return {
			target: place.prefix === '' ? place.bucket : `${place.bucket}/${place.prefix}`,
			layout: {layout},
			commitSize,
			async holds(prepared) {
				return withStore(given, store => archiveHolds(store, prepared));
			},
			async open(context) {
				const bucket = await openPlace(given, context);
				const store = s3Objects(bucket, {...given, spoolFolder: spoolFolderOf(given)});
				const archive = {sink: 's3', store, layout, compression, mode, maxAttempts, retryBaseMs, context};
				const sink = await openObjectArchive(archive);
				try {
					await beginWriting(bucket, (context.resume as ArchiveMark | undefined)?.run);
				} catch (error) {
					await sink.close();
					throw error;
				}
				return sink;
			},
		};
	},
	verify: async (given, how) => withStore(given, store => verifyArchive('s3', store, how)),
});

type Options = z.output<typeof options>;

interface Run {
	readonly signal: AbortSignal;
	warn(message: string): void;
}

async function openPlace({bucket, prefix, maxWait, ...options}: Options, {signal, warn}: Run) {
	const {endpoint, region} = options;
	const place = placeOf(bucket, prefix);
	return openBucket({...options, ...place, endpoint, region, maxWaitMs: parseSpan(maxWait), signal, warn});
}

async function withStore<T>(options: Options, use: (store: ObjectStore) => Promise<T>): Promise<T> {
	const bucket = await openPlace(options, {signal: new AbortController().signal, warn() {}});
	const store = s3Objects(bucket, {...options, spoolFolder: spoolFolderOf(options)});
	try {
		return await use(store);
	} finally {
		await store.close?.();
	}
}

function spoolFolderOf({spoolDir}: Options): string {
	return spoolDir === undefined ? privateSpoolFolder('s3') : resolve(spoolDir);
}

function checkSpan(text: string, context: z.RefinementCtx): void {
	try {
		parseSpan(text);
	} catch (error) {
		context.addIssue(reasonOf(error));
	}
}

/** The two parts of `BUCKET/PREFIX`, or of options that have them apart. */
function placeOf(given: string, apart: string | undefined): {readonly bucket: string; readonly prefix: string} {
	const [, bucket = '', behind] = /^([^/]*)(?:\/(.*))?$/s.exec(given) ?? [];
	if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
		throw new ConfigError(
			`s3: bucket: expected a name of lower-case letters, digits, - and ., got ${JSON.stringify(bucket)}: ` +
				'write s3:BUCKET or s3:BUCKET/PREFIX, without s3://',
		);
	}
	if (behind !== undefined && apart !== undefined) {
		throw new ConfigError('s3: prefix: expected it behind the bucket or as an option of its own, got both');
	}
	const prefix = (behind ?? apart ?? '').replace(/\/$/, '');
	const segments = prefix.split('/');
	const isName = (segment: string) => /^[^\p{Control}]+$/u.test(segment) && segment !== '.' && segment !== '..';
	if (prefix !== '' && !segments.every(isName)) {
		throw new ConfigError(`s3: prefix: expected names with / between them, got ${JSON.stringify(prefix)}`);
	}
	return {bucket, prefix};
}
