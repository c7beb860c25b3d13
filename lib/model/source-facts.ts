import type {ActionRule} from './activity.ts';
import type {Json} from './event.ts';

export interface Product {
	readonly vendor?: string;
	readonly name: string;
}

/** What a reader of an archive must know to tell what is not in it from what did not occur. */
export interface AskedFacts {
	readonly endpoint: string;
	/** The options that leave events out, as JSON. */
	readonly filters: Readonly<Record<string, string>>;
	/** Events younger than this may still be on their way, in milliseconds. */
	readonly lagMs?: number;
	/** For how long the API keeps an event, where its document says so, in milliseconds. */
	readonly keptMs?: number | undefined;
}

/** What the pages of a source have in common, as operators and sinks need to know it. */
export interface SourceFacts {
	readonly name: string;
	readonly tenant: string;
	/** `global`: ids are unique everywhere; `tenant`: within this tenant only. */
	readonly ids: 'global' | 'tenant';
	readonly order: 'newest-first' | 'oldest-first' | 'none';
	/** True where the lists of a record are sets, which the API gives in another order each time. */
	readonly unorderedLists?: boolean | undefined;
	/** How far the next run reads back behind the newest record, in milliseconds. */
	readonly overlapMs: number;
	/** The largest record that is let through, in bytes. */
	readonly maxEventBytes: number;
	/** How it is asked, as manifests say it. */
	readonly asked?: AskedFacts | undefined;
	/** The product that keeps the log. */
	readonly product: Product;
	/** True where records have ids of their own, false where theirs are made from their content. */
	readonly ownIds: boolean;
	/**
	 * The common record's members of one parsed record, without those that are the same for all sources, put into the
	 * object that `begin` makes of its action.
	 */
	normalize(value: unknown, begin?: (action: string | undefined) => object): Json;
	/** The rule that says what an action is; absent where the source states no rules. */
	readonly ruleOf?: ((action: string) => ActionRule | undefined) | undefined;
	/** Binds the limiter of this source's credential, for `rateLimit()`. */
	limit(requests: number, perMs: number): void;
}
