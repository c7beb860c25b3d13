import type {Observable} from 'rxjs';
import {z} from 'zod';
import {callable, type Source} from './define-source.ts';
import {httpOptions, scanOptions} from '../options/options.ts';
import type {Page} from '../model/page.ts';
import type {Start} from '../model/start.ts';

/** The options that a log in files shares with one that an API gives. */
export const fileScanOptions = {
	since: scanOptions.since,
	until: z
		.union([z.string(), z.number(), z.date()], {error: 'expected a time'})
		.optional()
		.describe('up to the first event of this time, exclusive, in each folder; default: all there is'),
	maxEventBytes: httpOptions.maxEventBytes,
};

/** Everything that is particular to a log in files. */
export interface FileSourceDefinition<Shape extends z.ZodRawShape, T> extends Pick<
	Source<never, T>,
	'name' | 'comesAs' | 'docs' | 'reference' | 'order' | 'ids' | 'records'
> {
	/** All its options, each described. */
	readonly options: Shape;
	/** Opens it in a run, and gives what subscribes to it; throws a ConfigError where options cannot work. */
	open(options: z.output<z.ZodObject<Shape>>, start: Start): () => Observable<Page<T>>;
}

/** A source that asks no API: it has neither endpoint nor credentials, rate or operations. */
export function defineFileSource<Shape extends z.ZodRawShape, T>({
	name,
	open,
	...definition
}: FileSourceDefinition<Shape, T>): Source<z.input<z.ZodObject<Shape>>, T, {}> {
	const schema = z.object(definition.options);
	const source = callable<z.input<z.ZodObject<Shape>>, z.output<z.ZodObject<Shape>>, T>(name, schema, open);
	return Object.assign(source, {
		...definition,
		reads: 'files' as const,
		endpoint: undefined,
		auth: [],
		rate: undefined,
		lagMs: 0,
		options: schema as unknown as z.ZodObject,
		filters: Object.keys(definition.options),
		operations: {},
		deprecations: [],
	});
}
