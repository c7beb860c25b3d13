import {z} from 'zod';
import type {Json} from '../lib/model/event.ts';

/** One changeset of Crowd's audit log. A member without a value is there, and null. */
export interface CrowdChangeset {
	readonly id: number;
	/** In the zone of the server: `2017-04-26T00:00:00.000+0300`. */
	readonly timestamp: string;
	readonly author?: CrowdObject | null;
	/** Before there was `author`; null where that is used. */
	readonly authorType?: string | null;
	readonly authorId?: number | null;
	readonly authorName?: string | null;
	readonly eventType?: string | null;
	/** A set: in another order each time. */
	readonly entities?: readonly CrowdEntity[] | null;
	/** Before there was `entities`. */
	readonly entityType?: string | null;
	readonly entityId?: number | null;
	readonly entityName?: string | null;
	readonly ipAddress?: string | null;
	readonly eventMessage?: string | null;
	readonly source?: string | null;
	/** A set, like `entities`. */
	readonly entries?: readonly CrowdEntry[] | null;
}

export interface CrowdObject {
	readonly id?: number | null;
	readonly name?: string | null;
	readonly displayName?: string | null;
	readonly originalName?: string | null;
	readonly type?: string | null;
	readonly subtype?: string | null;
}

export interface CrowdEntity extends CrowdObject {
	/** What the event is about, where several took part. */
	readonly primary?: boolean | null;
}

export interface CrowdEntry {
	readonly propertyName?: string | null;
	readonly oldValue?: string | null;
	readonly newValue?: string | null;
}

const word = z.string().min(1);
const words = z.union([word.transform(value => [value]), z.array(word)]).optional();
const entities = restrictions('expected a name, or an object like {"id": 2, "name": "user"}', {
	id: z.number().int().optional(),
	name: word.optional(),
});
const authors = restrictions('expected a name, or an object like {"id": 1, "name": "admin", "type": "USER"}', {
	id: z.number().int().optional(),
	name: word.optional(),
	type: word.optional(),
});

/** What a search can be restricted to: one of each list must hold, of every list that is given. */
export const crowdRestrictions = {
	actions: words.describe('only events of this type, like USER_UPDATED; may be repeated'),
	sources: words.describe('only events from MANUAL, SYNCHRONIZATION or DATA_IMPORT; may be repeated'),
	authors: authors.describe(
		'only events by this author: a name, or an object like {"id": 1} or {"name": "jira", "type": "APPLICATION"}; may be repeated',
	),
	users: entities.describe('only events about this user: a name, or an object like {"id": 2}; may be repeated'),
	groups: entities.describe('only events about this group: a name, or an object like {"id": 4}; may be repeated'),
	applications: entities.describe(
		'only events about this application: a name, or an object like {"id": 5}; may be repeated',
	),
	directories: entities.describe(
		'only events about this directory: a name, or an object like {"id": 6}; may be repeated',
	),
};

type Restrictions = z.output<z.ZodObject<typeof crowdRestrictions>>;

/** The body of a search. Bounds are inclusive; without one there is none. */
export function crowdSearch(
	restrictions: Readonly<Partial<Restrictions>>,
	{fromMs, toMs}: {fromMs?: number | undefined; toMs?: number | undefined},
): Json {
	const lists = Object.keys(crowdRestrictions).map(name => [name, restrictions[name as keyof Restrictions]]);
	const bounds = [
		['onOrAfter', crowdTime(fromMs)],
		['beforeOrOn', crowdTime(toMs)],
	];
	return Object.fromEntries([...bounds, ...lists].filter(([, value]) => value !== undefined)) as Json;
}

/** Crowd's own form has a numeric offset without a colon; whether it takes a `Z` is not known. */
function crowdTime(timeMs: number | undefined): string | undefined {
	return timeMs === undefined ? undefined : new Date(timeMs).toISOString().replace('Z', '+0000');
}

/** A list of restrictions; as text, each is a name or, where it begins with a brace, the object itself. */
function restrictions<Shape extends z.ZodRawShape>(error: string, shape: Shape) {
	const object = z.strictObject(shape, {error}).refine(given => Object.keys(given).length > 0, {error});
	const text = word.transform(given => (given.startsWith('{') ? parseObject(given) : {name: given})).pipe(object);
	const one = z.union([object, text], {error});
	return z.union([z.array(one), one.transform(value => [value])], {error}).optional();
}

/** What is no JSON stays text, which no restriction is. */
function parseObject(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
