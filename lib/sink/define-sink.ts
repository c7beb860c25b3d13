import {z} from 'zod';
import type {ApiFacts} from '../http/connect.ts';
import {parseOptions} from '../options/parse-options.ts';
import type {ReadOptions, Records} from './reading.ts';
import type {Delivery, Sink} from './sink.ts';
import type {Verification, VerifyOptions} from './verification.ts';

/** Everything that is particular to one destination. */
export interface SinkDefinition<Options extends z.ZodObject> {
	/** Kebab-case, as the file is named. */
	readonly name: string;
	/** One sentence for `rxaudit list`, then what a user must know. */
	readonly docs: string;
	/** The option that TARGET in `--to NAME:TARGET` fills. */
	readonly target: keyof Options['shape'] & string;
	/** True where TARGET may hold `?` and `&` itself: it is all behind the colon, and the options are `--NAME-OPTION`. */
	readonly wholeTarget?: boolean;
	/** Each option has a description, and accepts its value as text too: a command line gives text. */
	readonly options: Options;
	/** The API that it writes to, if it does: a command line gives it the source's credentials at that one's origin only. */
	readonly api?: Pick<ApiFacts, 'endpoint' | 'auth'>;
	create(options: z.output<Options>): Omit<Sink, 'name' | 'delivery'>;
	/** For a target with a manifest: reads all of it, and compares. Rejects where there is none to read. */
	verify?(options: z.output<Options>, verify: VerifyOptions): Promise<Verification>;
	/** For a target that can be read back: what was committed to it, each record once. */
	read?(options: z.output<Options>, read: ReadOptions): Records;
}

const deliveryOption = {
	delivery: z
		.enum(['required', 'best-effort'])
		.default('required')
		.describe(
			'what happens when the sink fails: required, the run ends; best-effort, it goes on without the sink, ' +
				'and says what the sink lacks',
		),
};

interface DeliveryOption {
	/**
	 * What happens when the sink fails. `required`: the run ends; `best-effort`: it goes on without the sink, and says what the
	 * sink lacks. Default: `required`.
	 */
	readonly delivery?: Delivery;
}

/** Makes a sink from options, and says what those options are. */
export interface SinkFactory<Options extends z.ZodObject = z.ZodObject> {
	(options: z.input<Options> & DeliveryOption): Sink;
	readonly name: string;
	readonly docs: string;
	readonly target: string;
	/** Whether options stand outside of TARGET, as `--NAME-OPTION`. */
	readonly wholeTarget: boolean;
	/** The options, shared ones included. */
	readonly options: z.ZodObject;
	readonly api: Pick<ApiFacts, 'endpoint' | 'auth'> | undefined;
	/** Compares a target with its manifest; undefined where the sink writes none. */
	readonly verify: ((options: z.input<Options>, verify?: VerifyOptions) => Promise<Verification>) | undefined;
	/** What was committed to a target, each record once; undefined where a sink cannot read. */
	readonly read: ((options: z.input<Options>, read?: ReadOptions) => Records) | undefined;
}

/** A function from options to a {@link Sink}. Bad or unknown options throw a ConfigError before anything is opened. */
export function defineSink<Options extends z.ZodObject>(definition: SinkDefinition<Options>): SinkFactory<Options> {
	const {name, docs, target, wholeTarget = false, api, create, verify, read} = definition;
	const options = definition.options.extend(deliveryOption) as unknown as z.ZodObject;
	const parse = (given: object) => {
		const {delivery, ...own} = parseOptions(name, options, given);
		return {delivery: delivery as Delivery, own: own as z.output<Options>};
	};
	const factory = (given: z.input<Options> & DeliveryOption): Sink => {
		const {delivery, own} = parse(given);
		return {name, delivery, ...create(own)};
	};
	Object.defineProperty(factory, 'name', {value: name});
	return Object.assign(factory, {
		docs,
		target,
		wholeTarget,
		options,
		api,
		verify: verify && (async (given: z.input<Options>, how: VerifyOptions = {}) => verify(parse(given).own, how)),
		read: read && ((given: z.input<Options>, how: ReadOptions = {}) => read(parse(given).own, how)),
	});
}
