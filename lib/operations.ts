import {z} from 'zod';
import {type ApiFacts, connect, type ConnectOptions, queryPairs} from './connect.ts';
import {ConfigError} from './errors.ts';
import type {Json} from './event.ts';
import {parseJson} from './http/client.ts';
import {Meter} from './meter.ts';
import {parseOptions} from './parse-options.ts';
import type {SourceRequest} from './source.ts';

/** Sends a request with the retries, the limiter and the credentials of the source; resolves with the answer. */
export type Ask = (request: SourceRequest & {readonly repeatable?: boolean}) => Promise<OperationAnswer>;

export interface OperationAnswer {
	/** The body as the API gave it. */
	readonly text: string;
	/** The body parsed; undefined where it is empty. */
	readonly json: unknown;
}

export interface OperationContext {
	/** The operation's own options, checked. */
	readonly options: Readonly<Record<string, unknown>>;
	/** The body that was given, checked. */
	readonly body: Json | undefined;
	readonly ask: Ask;
}

/** Something that an API can do beside giving its log: one event, a catalogue, a configuration. */
export interface Operation {
	/** One sentence. */
	readonly docs: string;
	/** Its own options, each described; flags are their kebab-case. */
	readonly options: z.ZodRawShape;
	/** What its body must be; absent where it takes none. */
	readonly body?: z.ZodType;
	/** True when it changes something. */
	readonly writes?: boolean;
	/** For one that writes: what would change, in a few lines for people; nothing is sent that changes anything. */
	preview?(context: OperationContext): Promise<string>;
	run(context: OperationContext): Promise<OperationAnswer>;
}

/** An operation with its connection: called with options, it resolves with the parsed answer. */
export interface BoundOperation {
	(options: Readonly<Record<string, unknown>> & {readonly body?: unknown}): Promise<unknown>;
	readonly docs: string;
	readonly writes: boolean;
	readonly takesBody: boolean;
	/** All options, those of the connection included. */
	readonly options: z.ZodObject;
	/** The same in two steps, for who wants to ask first: what would change, and the answer as the API gave it. */
	prepare(options: Readonly<Record<string, unknown>>, body?: unknown): PreparedOperation;
}

export interface PreparedOperation {
	preview(): Promise<string | undefined>;
	run(): Promise<OperationAnswer>;
}

export type Operations = Readonly<Record<string, BoundOperation>>;

/** The operations of a source, each a function of the source's connection options and its own. */
export function operationsOf(
	facts: ApiFacts,
	operations: Readonly<Record<string, Operation>>,
	connection: z.ZodRawShape,
): Operations {
	return Object.fromEntries(
		Object.entries(operations).map(([name, operation]) => [name, bind(facts, name, operation, connection)]),
	);
}

function bind(facts: ApiFacts, name: string, operation: Operation, connection: z.ZodRawShape): BoundOperation {
	const title = `${facts.name} ${name}`;
	const schema = z.object({...operation.options, ...connection});
	const prepare = (given: Readonly<Record<string, unknown>>, body?: unknown): PreparedOperation => {
		const options = parseOptions(title, schema, given);
		if (body !== undefined && !operation.body) throw new ConfigError(`${title}: expected no body, got one`);
		const checked = operation.body
			? (parseOptions(title, z.object({body: operation.body}), {body}) as {body: Json}).body
			: undefined;
		const {client} = connect(facts, options as unknown as ConnectOptions, new Meter());
		const ask: Ask = async ({method = 'GET', path, query = {}, body: sent, repeatable}) => {
			const {content} = await client({
				method,
				path,
				query: queryPairs(query),
				...(sent === undefined ? {} : {body: JSON.stringify(sent)}),
				...(repeatable === undefined ? {} : {repeatable}),
				parse: parseAnswer,
			});
			return content as OperationAnswer;
		};
		const context: OperationContext = {options, body: checked, ask};
		return {
			preview: async () => operation.preview?.(context),
			run: () => operation.run(context),
		};
	};
	const call = async ({body, ...options}: Readonly<Record<string, unknown>> & {readonly body?: unknown}) =>
		(await prepare(options, body).run()).json;
	return Object.assign(call, {
		docs: operation.docs,
		writes: operation.writes ?? false,
		takesBody: operation.body !== undefined,
		options: schema as z.ZodObject,
		prepare,
	});
}

/** An answer may be empty: a change that was stored, for example. */
function parseAnswer(body: Buffer): OperationAnswer {
	const text = body.toString('utf8');
	return text.trim() === '' ? {text: '', json: undefined} : {text, json: parseJson(body)};
}
