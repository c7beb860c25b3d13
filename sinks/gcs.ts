import {z} from 'zod';
import {defineSink} from '../lib/sink/define-sink.ts';
import {parseEndpoint} from '../lib/http/endpoint.ts';
import {wholeNumber} from '../lib/options/options.ts';
import {parseSpan} from '../lib/options/time.ts';
import {archivePlan} from './_objects/archive-options.ts';
import {bucketOptions, type BucketRun, placeOf, spoolFolderOf, targetOf, withStore} from './_objects/bucket-options.ts';
import {openGcsObjects} from './_gcs/objects.ts';
import {archiveHolds} from './_objects/begin-archive.ts';
import {openObjectArchive} from './_objects/object-archive.ts';
import {verifyArchive} from './_objects/verify-archive.ts';

const mebibyte = 1024 * 1024;
/** Google takes chunks of multiples of this. */
const chunkUnitBytes = 256 * 1024;

const names = {sink: 'gcs', scheme: 'gs', pattern: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, letters: '- _ and .'};

const options = z.object({
	...bucketOptions,
	apiEndpoint: z
		.string()
		.optional()
		.describe(
			'another address of the API, such as of Private Service Connect; default: STORAGE_EMULATOR_HOST, or Google',
		),
	chunkBytes: wholeNumber(chunkUnitBytes, 1024 * mebibyte)
		.refine(bytes => bytes % chunkUnitBytes === 0, {error: `expected a multiple of ${chunkUnitBytes}`})
		.default(8 * mebibyte)
		.describe('up to here an object is sent in one request, above in several; held in memory, in bytes'),
});

/**
 * Objects of gzipped NDJSON in Google Cloud Storage, by source and day, with a manifest that `verify` checks.
 *
 * What is in the bucket is never overwritten. Credentials come from Google's own default chain.
 */
export default defineSink({
	name: 'gcs',
	docs:
		'Objects of NDJSON in Google Cloud Storage, gcs:BUCKET/PREFIX, by source and day; exactly once, also where a ' +
		'retention policy locks the bucket. Credentials come from gcloud auth application-default login, ' +
		'GOOGLE_APPLICATION_CREDENTIALS or the machine itself.',
	target: 'bucket',
	options,
	create(given) {
		const {maxAttempts, retryBaseMs, mode} = given;
		const {layout, compression, commitSize} = archivePlan(given);
		const place = placeOf(given, names);
		if (given.apiEndpoint !== undefined) parseEndpoint('gcs', given.apiEndpoint, given.insecure);
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
				const store = await openStore(given, context);
				const archive = {sink: 'gcs', store, layout, compression, mode, maxAttempts, retryBaseMs, context};
				const sink = await openObjectArchive(archive);
				try {
					await store.refuseUnconditional();
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
			store => verifyArchive('gcs', store, how),
		),
});

type Options = z.output<typeof options>;

async function openStore({bucket, prefix, maxWait, spoolDir, ...options}: Options, {signal, warn}: BucketRun) {
	return openGcsObjects({
		...options,
		...placeOf({bucket, prefix}, names),
		apiEndpoint: options.apiEndpoint,
		maxWaitMs: parseSpan(maxWait),
		spoolFolder: spoolFolderOf('gcs', spoolDir),
		signal,
		warn,
	});
}
