import {z} from 'zod';
import {defineSink} from '../lib/sink/define-sink.ts';
import {ConfigError} from '../lib/model/errors.ts';
import {parseEndpoint} from '../lib/http/endpoint.ts';
import {wholeNumber} from '../lib/options/options.ts';
import {parseSpan} from '../lib/options/time.ts';
import type {ArchiveMark} from './_objects/begin-archive.ts';
import {archivePlan} from './_objects/archive-options.ts';
import {bucketOptions, type BucketRun, placeOf, spoolFolderOf, targetOf, withStore} from './_objects/bucket-options.ts';
import {archiveHolds} from './_objects/begin-archive.ts';
import {openObjectArchive} from './_objects/object-archive.ts';
import {verifyArchive} from './_objects/verify-archive.ts';
import {beginWriting} from './_s3/probe.ts';
import {refused} from './_files/file-errors.ts';
import {openBucket, type S3Bucket} from './_s3/client.ts';
import {s3Objects} from './_s3/objects.ts';

const mebibyte = 1024 * 1024;
/** Of all parts but the last, at AWS. */
const minPartBytes = 5 * mebibyte;
/** Of one request, at AWS and most others. */
const maxPutBytes = 5 * 1024 * mebibyte;

const names = {sink: 's3', scheme: 's3', pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, letters: '- and .'};

const options = z.object({
	...bucketOptions,
	region: z
		.string()
		.min(1)
		.optional()
		.describe("the region of the bucket; default: AWS_REGION, or that of AWS's own configuration"),
	endpoint: z
		.string()
		.optional()
		.describe('the address of another store that speaks S3, asked by path; default: AWS_ENDPOINT_URL, or AWS'),
	chunkBytes: wholeNumber(1, 1024 * mebibyte)
		.default(8 * mebibyte)
		.describe(
			'up to here an object is sent in one request, above in parts of this size, of which AWS takes none below ' +
				'5242880; held in memory, in bytes',
		),
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
		'under Object Lock. A store that keeps no conditions is refused; one that keeps them for single requests only, like ' +
		'Ceph RGW, gets each object in one. An object rxaudit.manifest/conditional-write stays: it is what this is tried on. ' +
		"Credentials come from AWS's default chain: environment, profile, SSO or the machine's role. " +
		'Needs npm install @aws-sdk/client-s3.',
	target: 'bucket',
	options,
	create(given) {
		const {maxAttempts, retryBaseMs, mode, endpoint, chunkBytes, insecure} = given;
		const {layout, compression, commitSize} = archivePlan(given);
		const place = placeOf(given, names);
		if (endpoint !== undefined) parseEndpoint('s3', endpoint, insecure);
		else if (chunkBytes < minPartBytes) {
			throw new ConfigError(`s3: option chunkBytes: expected at least ${minPartBytes} at AWS, got ${chunkBytes}`);
		}
		return {
			target: targetOf(place),
			layout: {layout},
			commitSize,
			async holds(prepared, run) {
				return withStore(
					context => openStore(given, context),
					store => archiveHolds(store, prepared),
					run,
				);
			},
			async open(context) {
				const bucket = await openPlace(given, context);
				const store = storeIn(bucket, given);
				const archive = {sink: 's3', store, layout, compression, mode, maxAttempts, retryBaseMs, context};
				const sink = await openObjectArchive(archive);
				try {
					await beginWriting(bucket, (context.resume as ArchiveMark | undefined)?.run);
					if (!bucket.can.parts) checkRoll(bucket.title, commitSize.bytes);
				} catch (error) {
					await sink.close();
					throw error;
				}
				return sink;
			},
		};
	},
	verify: async (given, how) =>
		withStore(
			run => openStore(given, run),
			store => verifyArchive('s3', store, how),
		),
});

/** Throws where an object might get larger than one request can be. */
function checkRoll(title: string, rollBytes: number): void {
	if (rollBytes <= maxPutBytes) return;
	throw refused(
		's3',
		`${title} is in a store that overlooks the condition of uploads in parts, so that each object is one request: ` +
			`set rollBytes to at most ${maxPutBytes}, got ${rollBytes}`,
	);
}

type Options = z.output<typeof options>;

async function openPlace({bucket, prefix, maxWait, ...options}: Options, {signal, warn}: BucketRun) {
	const {endpoint, region} = options;
	const place = placeOf({bucket, prefix}, names);
	return openBucket({...options, ...place, endpoint, region, maxWaitMs: parseSpan(maxWait), signal, warn});
}

async function openStore(options: Options, run: BucketRun) {
	return storeIn(await openPlace(options, run), options);
}

function storeIn(bucket: S3Bucket, options: Options) {
	return s3Objects(bucket, {...options, spoolFolder: spoolFolderOf('s3', options.spoolDir)});
}
