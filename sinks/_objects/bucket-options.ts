import {resolve} from 'node:path';
import {z} from 'zod';
import {ConfigError, reasonOf} from '../../lib/model/errors.ts';
import {certificateOptions, connectionOptions, trueOrFalse, wholeNumber} from '../../lib/options/options.ts';
import {parseSpan} from '../../lib/options/time.ts';
import {archiveOptions} from './archive-options.ts';
import {privateSpoolFolder} from './spools.ts';
import type {SinkContext} from '../../lib/sink/sink.ts';
import type {ObjectStore} from './object-store.ts';

const {maxAttempts, retryBaseMs, retryMaxMs} = connectionOptions;

/** The options that all buckets have. */
export const bucketOptions = {
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
	spoolDir: z
		.string()
		.min(1)
		.optional()
		.describe(
			'where objects grow before they are sent, each up to rollBytes at worst; ' +
				"default: a folder of this user among the system's temporary files",
		),
	insecure: trueOrFalse
		.default(false)
		.describe('true: plain http is allowed to any host, within a network that you trust'),
	timeoutMs: wholeNumber(1, 86_400_000).default(60_000).describe('the longest silence in a request, in milliseconds'),
	...certificateOptions,
	maxAttempts,
	retryBaseMs,
	retryMaxMs,
	maxWait: z
		.string()
		.superRefine(checkSpan)
		.default('1h')
		.describe('the longest wait that the store may ask for; a longer one ends the run'),
};

/** Where in which bucket. */
export interface BucketPlace {
	readonly bucket: string;
	/** Without a slash at its end; '' for none. */
	readonly prefix: string;
}

/** The folder for spools that the options name, or this user's own. */
export function spoolFolderOf(sink: string, spoolDir: string | undefined): string {
	return spoolDir === undefined ? privateSpoolFolder(sink) : resolve(spoolDir);
}

/** The two parts of `BUCKET/PREFIX`, or of options that have them apart. `names` says what a bucket may be called. */
export function placeOf(
	given: {readonly bucket: string; readonly prefix?: string | undefined},
	names: {readonly sink: string; readonly scheme: string; readonly pattern: RegExp; readonly letters: string},
): BucketPlace {
	const {sink, scheme, pattern, letters} = names;
	const [, bucket = '', behind] = /^([^/]*)(?:\/(.*))?$/s.exec(given.bucket) ?? [];
	if (!pattern.test(bucket)) {
		throw new ConfigError(
			`${sink}: bucket: expected a name of lower-case letters, digits, ${letters}, got ${JSON.stringify(bucket)}: ` +
				`write ${sink}:BUCKET or ${sink}:BUCKET/PREFIX, without ${scheme}://`,
		);
	}
	if (behind !== undefined && given.prefix !== undefined) {
		throw new ConfigError(`${sink}: prefix: expected it behind the bucket or as an option of its own, got both`);
	}
	const prefix = (behind ?? given.prefix ?? '').replace(/\/$/, '');
	const isName = (segment: string) => /^[^\p{Control}]+$/u.test(segment) && segment !== '.' && segment !== '..';
	if (prefix !== '' && !prefix.split('/').every(isName)) {
		throw new ConfigError(`${sink}: prefix: expected names with / between them, got ${JSON.stringify(prefix)}`);
	}
	return {bucket, prefix};
}

/** The place as the state and messages name it. */
export function targetOf({bucket, prefix}: BucketPlace): string {
	return prefix === '' ? bucket : `${bucket}/${prefix}`;
}

function checkSpan(text: string, context: z.RefinementCtx): void {
	try {
		parseSpan(text);
	} catch (error) {
		context.addIssue(reasonOf(error));
	}
}

/** What a bucket needs to know of whoever uses it: when to stop, and whom to warn. */
export type BucketRun = Pick<SinkContext, 'signal' | 'warn'>;

const unheard: BucketRun = {signal: new AbortController().signal, warn() {}};

/** What comes of a store that is open for this only. */
export async function withStore<T>(
	open: (run: BucketRun) => Promise<ObjectStore>,
	use: (store: ObjectStore) => Promise<T>,
	run = unheard,
): Promise<T> {
	const store = await open(run);
	try {
		return await use(store);
	} finally {
		await store.close?.();
	}
}
