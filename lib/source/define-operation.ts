import type {z} from 'zod';
import type {Deprecation} from './deprecation.ts';
import type {SourceRequest} from './request.ts';

/** Something that an API can do beside giving its log: one event, a catalogue, a configuration. */
export interface Operation<
	Shape extends z.ZodRawShape = z.ZodRawShape,
	Body extends z.ZodType = z.ZodType,
	Answer = unknown,
> {
	/** One sentence. */
	readonly docs: string;
	/** Its own options, each described; flags are their kebab-case. */
	readonly options: Shape;
	/** What its body must be; absent where it takes none. */
	readonly body?: Body;
	/** True when it changes something. */
	readonly writes?: boolean;
	/** Whether it ends. */
	readonly deprecations?: readonly Deprecation[];
	/**
	 * For one that writes: what would change, in a few lines for people, or that nothing would; nothing is sent that
	 * changes anything.
	 */
	preview?(context: OperationContext<Shape, Body>): Promise<string | Unchanged>;
	run(context: OperationContext<Shape, Body>): Promise<OperationAnswer<Answer>>;
}

interface OperationContext<Shape extends z.ZodRawShape = z.ZodRawShape, Body extends z.ZodType = z.ZodType> {
	/** The operation's own options, checked. */
	readonly options: z.output<z.ZodObject<Shape>>;
	/** The body that was given, checked. */
	readonly body: z.output<Body>;
	readonly ask: Ask;
}

/** That a body asks for what is set already: what the API says is set. */
export interface Unchanged {
	readonly unchanged: OperationAnswer;
}

/** The operations of a source by kebab-case name. */
export type OperationTable = Readonly<Record<string, Operation>>;

/**
 * Sends a request with the retries, the limiter and the credentials of the source; resolves with the answer, whose type
 * is what the API's document says and nobody checks.
 */
export type Ask = <Answer = unknown>(
	request: SourceRequest & {readonly repeatable?: boolean},
) => Promise<OperationAnswer<Answer>>;

export interface OperationAnswer<Answer = unknown> {
	/** The body as the API gave it. */
	readonly text: string;
	/** The body parsed; undefined where it is empty. */
	readonly json: Answer;
}

/** The operation itself, with the types of its options, its body and its answer. */
export function defineOperation<Shape extends z.ZodRawShape, Body extends z.ZodType = z.ZodUndefined, Answer = unknown>(
	operation: Operation<Shape, Body, Answer>,
): Operation<Shape, NoInfer<Body>, Answer> {
	return operation;
}
