import {resolve} from 'node:path';
import {z} from 'zod';
import {defineSink} from '../lib/define-sink.ts';
import {ConfigError, reasonOf} from '../lib/errors.ts';
import {parseEndpoint} from '../lib/http/endpoint.ts';
import {connectionOptions, wholeNumber} from '../lib/options.ts';
import {parseSpan} from '../lib/time.ts';
import {archiveOptions, archivePlan} from './_archive-options.ts';
import {openGcsObjects} from './_gcs-objects.ts';
import {privateSpoolFolder} from './_gcs-spool.ts';
import {archiveHolds, openObjectArchive, verifyArchive} from './_object-archive.ts';
import type {ObjectStore} from './_object-store.ts';

const mebibyte = 1024 * 1024;
/** Google takes chunks of multiples of this. */
const chunkUnitBytes = 256 * 1024;
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
	apiEndpoint: z
		.string()
		.optional()
		.describe(
			'another address of the API, such as of Private Service Connect; default: STORAGE_EMULATOR_HOST, or Google',
		),
	spoolDir: z
		.string()
		.min(1)
		.optional()
		.describe(
			'where objects grow before they are sent, each up to rollBytes at worst; ' +
				"default: a folder of this user among the system's temporary files",
		),
	chunkBytes: wholeNumber(chunkUnitBytes, 1024 * mebibyte)
		.refine(bytes => bytes % chunkUnitBytes === 0, {error: `expected a multiple of ${chunkUnitBytes}`})
		.default(8 * mebibyte)
		.describe('up to here an object is sent in one request, above in several; held in memory, in bytes'),
	timeoutMs: wholeNumber(1, 86_400_000).default(60_000).describe('the longest silence in a request, in milliseconds'),
	maxAttempts,
	retryBaseMs,
	retryMaxMs,
	maxWait: z
		.string()
		.superRefine(checkSpan)
		.default('1h')
		.describe('the longest wait that Google may ask for; a longer one ends the run'),
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
		const place = placeOf(given.bucket, given.prefix);
		if (given.apiEndpoint !== undefined) parseEndpoint('gcs', given.apiEndpoint);
		return {
			target: place.prefix === '' ? place.bucket : `${place.bucket}/${place.prefix}`,
			layout: {layout},
			commitSize,
			async holds(prepared) {
				return withStore(given, store => archiveHolds(store, prepared));
			},
			async open(context) {
				const store = await openStore(given, context);
				return openObjectArchive({sink: 'gcs', store, layout, compression, mode, maxAttempts, retryBaseMs, context});
			},
		};
	},
	verify: async (given, how) => withStore(given, store => verifyArchive('gcs', store, how)),
});

type Options = z.output<typeof options>;

interface Run {
	readonly signal: AbortSignal;
	warn(message: string): void;
}

async function openStore({bucket, prefix, maxWait, spoolDir, ...options}: Options, {signal, warn}: Run) {
	return openGcsObjects({
		...options,
		...placeOf(bucket, prefix),
		apiEndpoint: options.apiEndpoint,
		maxWaitMs: parseSpan(maxWait),
		spoolFolder: spoolDir === undefined ? privateSpoolFolder('gcs') : resolve(spoolDir),
		signal,
		warn,
	});
}

function checkSpan(text: string, context: z.RefinementCtx): void {
	try {
		parseSpan(text);
	} catch (error) {
		context.addIssue(reasonOf(error));
	}
}

async function withStore<T>(options: Options, use: (store: ObjectStore) => Promise<T>): Promise<T> {
	const store = await openStore(options, {signal: new AbortController().signal, warn() {}});
	return use(store);
}

/** The two parts of `BUCKET/PREFIX`, or of options that have them apart. */
function placeOf(given: string, apart: string | undefined): {readonly bucket: string; readonly prefix: string} {
	const [, bucket = '', behind] = /^([^/]*)(?:\/(.*))?$/s.exec(given) ?? [];
	if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket)) {
		throw new ConfigError(
			`gcs: bucket: expected a name of lower-case letters, digits, - _ and ., got ${JSON.stringify(bucket)}: ` +
				'write gcs:BUCKET or gcs:BUCKET/PREFIX, without gs://',
		);
	}
	if (behind !== undefined && apart !== undefined) {
		throw new ConfigError('gcs: prefix: expected it behind the bucket or as an option of its own, got both');
	}
	const prefix = (behind ?? apart ?? '').replace(/\/$/, '');
	const segments = prefix.split('/');
	const isName = (segment: string) => /^[^\p{Control}]+$/u.test(segment) && segment !== '.' && segment !== '..';
	if (prefix !== '' && !segments.every(isName)) {
		throw new ConfigError(`gcs: prefix: expected names with / between them, got ${JSON.stringify(prefix)}`);
	}
	return {bucket, prefix};
}
