import {z} from 'zod';
import {type ApiFacts, connect, type ConnectOptions, type ConnectShape} from '../http/connect.ts';
import type {Ask, Operation, OperationAnswer, OperationTable, Unchanged} from './define-operation.ts';
import type {Deprecation} from './deprecation.ts';
import {ConfigError} from '../model/errors.ts';
import {parseJson} from '../http/client.ts';
import {Meter} from '../model/meter.ts';
import {parseOptions} from '../options/parse-options.ts';
import {clientRequest} from './request.ts';

/** An operation with its connection: called with options, it resolves with the parsed answer. */
export interface BoundOperation<Options = never, Answer = unknown> {
	(options: Options, settings?: CallSettings): Promise<Answer>;
	readonly docs: string;
	readonly writes: boolean;
	readonly takesBody: boolean;
	readonly deprecations: readonly Deprecation[];
	/** All options, those of the connection included. */
	readonly options: z.ZodObject;
	/** The same in two steps, for who wants to ask first: what would change, and the answer as the API gave it. */
	prepare(options: Readonly<Record<string, unknown>>, body?: unknown): PreparedOperation<Answer>;
}

interface CallSettings {
	/** Ends the call at once, with an AbortError. Whether the API has made a change by then is not known. */
	readonly signal?: AbortSignal | undefined;
}

interface PreparedOperation<Answer = unknown> {
	preview(settings?: CallSettings): Promise<string | Unchanged | undefined>;
	run(settings?: CallSettings): Promise<OperationAnswer<Answer>>;
}

/** The operations of a source by name, as they are called. */
export type BoundOperations<Table extends OperationTable = OperationTable> = {
	readonly [Name in keyof Table]: Table[Name] extends Operation<infer Shape, infer Body, infer Answer>
		? BoundOperation<CallOptions<Shape, Body>, Answer>
		: never;
};

type CallOptions<Shape extends z.ZodRawShape, Body extends z.ZodType> = z.input<z.ZodObject<Shape & ConnectShape>> &
	(undefined extends z.input<Body> ? {readonly body?: z.input<Body>} : {readonly body: z.input<Body>});

/** The operations of a source, each a function of the source's connection options and its own. */
export function operationsOf<Table extends OperationTable>(
	facts: ApiFacts,
	operations: Table,
	connection: z.ZodRawShape,
): BoundOperations<Table> {
	const bound = Object.entries(operations).map(([name, operation]) => [name, bind(facts, name, operation, connection)]);
	return Object.fromEntries(bound) as BoundOperations<Table>;
}

function bind(facts: ApiFacts, name: string, operation: Operation, connection: z.ZodRawShape) {
	const title = `${facts.name} ${name}`;
	const schema: z.ZodObject = z.object({...operation.options, ...connection});
	const prepare = (given: Readonly<Record<string, unknown>>, body?: unknown): PreparedOperation => {
		const options = parseOptions(title, schema, given);
		if (body !== undefined && !operation.body) throw new ConfigError(`${title}: expected no body, got one`);
		const checked = operation.body && parseOptions(title, z.object({body: operation.body}), {body}).body;
		const {client} = connect(facts, options as unknown as ConnectOptions, new Meter());
		const contextFor = ({signal}: CallSettings = {}) => {
			const ask = async ({repeatable, ...request}: Parameters<Ask>[0]) => {
				const retry = repeatable === undefined ? {} : {repeatable};
				const {content} = await client({...clientRequest(title, () => request), ...retry, parse: parseAnswer}, signal);
				return content;
			};
			return {options, body: checked, ask: ask as Ask};
		};
		return {
			preview: async settings => operation.preview?.(contextFor(settings)),
			run: async settings => operation.run(contextFor(settings)),
		};
	};
	const call = async ({body, ...options}: Readonly<Record<string, unknown>>, settings?: CallSettings) =>
		(await prepare(options, body).run(settings)).json;
	return Object.assign(call, {
		docs: operation.docs,
		writes: operation.writes ?? false,
		takesBody: operation.body !== undefined,
		deprecations: operation.deprecations ?? [],
		options: schema,
		prepare,
	});
}

/** An answer may be empty: a change that was stored, for example. */
function parseAnswer(body: Buffer): OperationAnswer {
	const text = body.toString('utf8');
	return text.trim() === '' ? {text: '', json: undefined} : {text, json: parseJson(body)};
}
