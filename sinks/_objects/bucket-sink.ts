import {resolve} from 'node:path';
import {z} from 'zod';
import {ConfigError, reasonOf} from '../../lib/model/errors.ts';
import {defineSink} from '../../lib/sink/define-sink.ts';
import {certificateOptions, connectionOptions, trueOrFalse, wholeNumber} from '../../lib/options/options.ts';
import {parseSpan} from '../../lib/options/time.ts';
import {archiveOptions} from './archive-options.ts';
import {privateSpoolFolder} from './spools.ts';
import {archiveSink} from './object-archive.ts';
import {parquetFacts, parquetFormat} from '../_parquet/format.ts';
import {type ObjectStore, type StoreUser, withStore} from './object-store.ts';
import {readArchive} from './read-archive.ts';
import {verifyArchive} from './verify-archive.ts';

const {maxAttempts, retryBaseMs, retryMaxMs} = connectionOptions;

/** The options that all buckets have. */
const bucketOptions = {
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
	format: z
		.enum(['ndjson', 'parquet'])
		.default('ndjson')
		.describe('what objects hold: lines, or common records as Parquet, which needs npm install hyparquet-writer'),
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

interface Place {
	readonly bucket: string;
	/** Without a slash at its end; '' for none. */
	readonly prefix: string;
}

type BucketOptions = z.output<z.ZodObject<typeof bucketOptions>>;

/** What a store needs to know of the options that all buckets have. */
type StoreOptions = Omit<BucketOptions, 'prefix' | 'maxWait' | 'spoolDir' | 'format'> &
	Place & {readonly maxWaitMs: number; readonly spoolFolder: string} & StoreUser;

interface BucketSinkDefinition<Shape extends z.ZodRawShape> {
	readonly name: string;
	readonly docs: string;
	readonly scheme: string;
	/** What a bucket may be called, and its letters for people, beside those of the alphabet and digits. */
	readonly pattern: RegExp;
	readonly letters: string;
	/** Packages that are installed apart. */
	readonly needs?: readonly string[];
	/** Of this kind of bucket alone. */
	readonly options: Shape;
	/** Throws a ConfigError for options that cannot be right together. */
	check(given: z.output<z.ZodObject<Shape>> & BucketOptions): void;
	openStore(given: z.output<z.ZodObject<Shape>> & StoreOptions): Promise<ObjectStore>;
}

/** A sink that keeps an archive in a bucket. */
export function bucketSink<Shape extends z.ZodRawShape>(definition: BucketSinkDefinition<Shape>) {
	const {name, docs, check} = definition;
	type Given = z.output<z.ZodObject<Shape>> & BucketOptions;
	const openerOf = (given: Given) => async (user: StoreUser) => {
		const {prefix: _, maxWait, spoolDir, ...options} = given;
		const own = {
			...placeOf(given, definition),
			maxWaitMs: parseSpan(maxWait),
			spoolFolder: spoolFolderOf(name, spoolDir),
		};
		return definition.openStore({...(options as Given), ...own, ...user});
	};
	return defineSink({
		name,
		docs,
		target: 'bucket',
		options: z.object({...bucketOptions, ...definition.options}) as z.ZodObject<typeof bucketOptions & Shape>,
		create(parsed) {
			const given = parsed as Given;
			const target = targetOf(placeOf(given, definition));
			check(given);
			const {needs = []} = definition;
			if (given.format === 'ndjson') return {...archiveSink(name, target, given, openerOf(given)), needs};
			const archive = archiveSink(name, target, given, openerOf(given), parquetFormat(name));
			const layout = {...archive.layout, format: given.format};
			return {...archive, ...parquetFacts, needs: [...needs, ...parquetFacts.needs!], layout};
		},
		verify: async (given, how) => withStore(openerOf(given as Given), store => verifyArchive(name, store, how)),
		async *read(given, how) {
			const store = await openerOf(given as Given)({signal: how.signal ?? new AbortController().signal, warn() {}});
			try {
				yield* readArchive(name, store, how);
			} finally {
				await store.close?.();
			}
		},
	});
}

/** The folder for spools that the options name, or this user's own. */
function spoolFolderOf(sink: string, spoolDir: string | undefined): string {
	return spoolDir === undefined ? privateSpoolFolder(sink) : resolve(spoolDir);
}

/** The two parts of `BUCKET/PREFIX`, or of options that have them apart. */
function placeOf(
	given: {readonly bucket: string; readonly prefix?: string | undefined},
	names: {readonly name: string; readonly scheme: string; readonly pattern: RegExp; readonly letters: string},
): Place {
	const {name: sink, scheme, pattern, letters} = names;
	const [, bucket = '', behind] = /^([^/]*)(?:\/(.*))?$/s.exec(given.bucket) ?? [];
	if (!pattern.test(bucket)) {
		throw ConfigError.of(sink, [
			{
				option: 'bucket',
				expected: `a name of lower-case letters, digits, ${letters}`,
				got: JSON.stringify(bucket),
				do: `write ${sink}:BUCKET or ${sink}:BUCKET/PREFIX, without ${scheme}://`,
			},
		]);
	}
	if (behind !== undefined && given.prefix !== undefined) {
		throw ConfigError.of(sink, [
			{option: 'prefix', expected: 'it behind the bucket or as an option of its own', got: 'both'},
		]);
	}
	const prefix = (behind ?? given.prefix ?? '').replace(/\/$/, '');
	const isName = (segment: string) => /^[^\p{Control}]+$/u.test(segment) && segment !== '.' && segment !== '..';
	if (prefix !== '' && !prefix.split('/').every(isName)) {
		throw ConfigError.of(sink, [
			{option: 'prefix', expected: 'names with / between them', got: JSON.stringify(prefix)},
		]);
	}
	return {bucket, prefix};
}

/** The place as the state and messages name it. */
function targetOf({bucket, prefix}: Place): string {
	return prefix === '' ? bucket : `${bucket}/${prefix}`;
}

function checkSpan(text: string, context: z.RefinementCtx): void {
	try {
		parseSpan(text);
	} catch (error) {
		context.addIssue(reasonOf(error));
	}
}
