import type {z} from 'zod';
import type {ApiFacts} from './connect.ts';
import {parseOptions} from './parse-options.ts';
import type {Sink} from './sink.ts';

/** Everything that is particular to one destination. */
export interface SinkDefinition<Options extends z.ZodObject> {
	/** Kebab-case, as the file is named. */
	readonly name: string;
	/** One sentence for `rxaudit list`, then what a user must know. */
	readonly docs: string;
	/** The option that TARGET in `--to NAME:TARGET` fills. */
	readonly target: keyof Options['shape'] & string;
	/** Each option described; each accepts its value as text too, since that is what a command line gives. */
	readonly options: Options;
	/** The API that it writes to, if it does: it then gets the credentials that the command line holds. */
	readonly api?: Pick<ApiFacts, 'endpoint' | 'auth'>;
	create(options: z.output<Options>): Omit<Sink, 'name'>;
}

/** Makes a sink from options, and says what those options are. */
export interface SinkFactory<Options extends z.ZodObject = z.ZodObject> {
	(options: z.input<Options>): Sink;
	readonly name: string;
	readonly docs: string;
	readonly target: string;
	readonly options: Options;
	readonly api: Pick<ApiFacts, 'endpoint' | 'auth'> | undefined;
}

/** A function from options to a {@link Sink}. Bad or unknown options throw a ConfigError before anything is opened. */
export function defineSink<Options extends z.ZodObject>(definition: SinkDefinition<Options>): SinkFactory<Options> {
	const {name, docs, target, options, api} = definition;
	const factory = (given: z.input<Options>): Sink => ({
		name,
		...definition.create(parseOptions(name, options, given)),
	});
	Object.defineProperty(factory, 'name', {value: name});
	return Object.assign(factory, {docs, target, options, api});
}
