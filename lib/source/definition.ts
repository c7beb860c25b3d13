import type {z} from 'zod';
import type {ActionRules} from '../model/activity.ts';
import type {ApiFacts, ConnectShape} from '../http/connect.ts';
import type {OperationTable} from './define-operation.ts';
import type {Deprecation} from './deprecation.ts';
import type {SourceError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import type {httpOptions, scanOptions} from '../options/options.ts';
import type {Product} from '../model/page.ts';
import type {Mapping} from './mapping.ts';
import type {RecordFacts} from './records.ts';
import type {SourceRequest} from './request.ts';

/** What one request of a pass asks for. Bounds are epoch milliseconds and inclusive, as all these APIs take them. */
export interface Window {
	/** 0: from the beginning. */
	readonly fromMs: number;
	readonly toMs: number;
	/** Where to go on, as `next` gave it; absent at the beginning of a pass. */
	readonly cursor?: Json;
	/** The rows to skip, where the API pages by offset. */
	readonly start: number;
}

/** One answer, as a source finds in it where to go on. */
export interface PageAnswer<T> {
	/** The answer with an empty list in place of its rows. */
	readonly envelope: unknown;
	/** How many rows it had, those that cannot be read included. */
	readonly rows: number;
	/** The response headers by lower-case name. A link among them is never followed, see `cursorInLink`. */
	readonly headers: Readonly<Record<string, string>>;
	/**
	 * Its last row that can be read, for paging by keys; the key must be unique, or rows are lost where equal ones lie on two
	 * pages. Throws where there are rows and none can be read.
	 */
	readonly last: T | undefined;
	/** The cursor that it was asked for with; absent on the first page of a pass. */
	readonly cursor?: Json;
}

/** Everything that is particular to one audit API, and nothing else: facts, no plumbing. */
export interface SourceDefinition<Shape extends z.ZodRawShape, T, Operations extends OperationTable = OperationTable>
	extends ApiFacts, RecordFacts<T> {
	/** Kebab-case, as the file is named. */
	readonly name: string;
	/** One sentence for `rxaudit list`, then what a user must know. */
	readonly docs: string;
	/** The address of the API's own document. */
	readonly reference: string;
	/** The options that only this source has, each described; flags are their kebab-case. */
	readonly options: Shape;
	/** `none`: a listing that knows no time; it has no `since` and `until`, and each run reads all of it. */
	readonly order: 'newest-first' | 'oldest-first' | 'none';
	readonly ids: 'global' | 'tenant';
	/** The largest page that the API serves: asked for where the user names no size. A server may give less. */
	readonly largestPage?: number;
	/** True where the lists of a record are sets: another order of them is the same record. */
	readonly unorderedLists?: boolean;
	/** Records younger than this may still be on their way, in milliseconds. */
	readonly lagMs: number;
	/** For how long the API keeps a record, where its document says so, else the operation that asks for it. */
	readonly retention?: Retention;
	/** Whose log it is. */
	tenant(options: SourceOptions<Shape>, endpoint: URL): string;
	/** The request for one page, filters included, whether there is a cursor or not. */
	request(options: SourceOptions<Shape>, window: Window): SourceRequest;
	/**
	 * For an API with cursors, links or keys: where the next page begins, from what came; undefined or null at the end. An
	 * API with offsets has none.
	 */
	next?(answer: PageAnswer<T>): Json | undefined;
	/**
	 * For an API with offsets: whether an answer says, in so many words, that no rows are behind it; a missing member says
	 * nothing. It is not believed where more rows may come.
	 */
	isLast?(answer: PageAnswer<T>): boolean;
	/** True where the last cursor of a pass asks for what came since. */
	readonly goesOnByCursor?: boolean;
	/** Whether an answer says that the cursor is not known (any more). Default: 400, 404 or 410 on a request with one. */
	refusesCursor?(error: SourceError): boolean;
	/** Whether a record is not wanted, where the API has no filter that says so. It is read, but not handed on. */
	leavesOut?(record: T, options: SourceOptions<Shape>): boolean;
	/** The product that keeps the log; default: one with the name of the source. */
	readonly product?: Product;
	/** The API's actions, each with its {@link Activity}. Without it, records have no activity. */
	readonly actions?: ActionRules;
	/** What the rules see of an action. Default: the action itself. */
	actionWords?(action: string): string;
	/** What each member of the common record comes from: the docs, `rxaudit explain` and the code are made from it. */
	readonly mapping: Mapping;
	/** What else the API can do, by kebab-case name. */
	readonly operations?: Operations & OperationTable;
	/** What of the API ends, or of the product. */
	readonly deprecations?: readonly Deprecation[];
	/** The sources that know what these records leave out. */
	readonly enrichedBy?: EnrichedBy;
	/** The one of the operations that lists the API's actions, and what its answer says of them. */
	readonly catalogue?: Catalogue;
}

/** For how long an API keeps a record: days that its document states, or the name of the operation that tells. */
export type Retention = {readonly days: number} | {readonly operation: string};

/** Names of sources that `enrich` can ask. */
export interface EnrichedBy {
	/** A listing of the accounts whose ids are in the records. */
	readonly users?: string;
	/** One with a catalogue of the actions in the records. */
	readonly actions?: string;
}

/** What a catalogue says of an action; nobody has checked it. */
export interface CatalogueEntry {
	/** As in `action` of the common record. */
	readonly id: string;
	/** The name of the action for people. */
	readonly name?: string | undefined;
	/** The name of its group for people. */
	readonly category?: string | undefined;
}

export interface Catalogue {
	readonly operation: string;
	/** Throws a SourceError where the answer is no catalogue. */
	entries(answer: unknown): readonly CatalogueEntry[];
}

/** The options that all sources have. */
export type SharedShape = typeof scanOptions & typeof httpOptions & ConnectShape;
export type SourceOptions<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape & SharedShape>>;
export type SourceInput<Shape extends z.ZodRawShape> = z.input<z.ZodObject<Shape & SharedShape>>;
