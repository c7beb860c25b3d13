import {z} from 'zod';
import {auditEvent, type AuditEvent} from '../model/event.ts';
import {type Members, objectsIn} from './members.ts';
import {type Put, puts} from './puts.ts';
import {kind, readings} from './readings.ts';
import {type SlotOf, type Slots, slots} from './slots.ts';
import {type Each, type From, type Item, wordOf} from './words.ts';

/** The members of the common record that a source maps; the others are the same for all. */
export type NormalizedMembers = Omit<AuditEvent, 'id' | 'time' | 'source' | 'tenant' | 'activity' | 'raw'>;

type ListName = 'containers' | 'targets' | 'changes' | 'attributes';

/** The dotted names of the members that hold a text: `action`, `actor.id`. */
type TextName<T> = {
	[Key in keyof T & string]-?: NonNullable<T[Key]> extends string | readonly unknown[]
		? Key
		: `${Key}.${TextName<NonNullable<T[Key]>>}`;
}[keyof T & string];

type MemberOf<List extends ListName> = keyof NonNullable<NormalizedMembers[List]>[number] & string;
type Part<Member extends string> = Each<Member> | Item<Member>;

/**
 * What each member of the common record comes from: a path, a word around paths, for a list {@link each} object of one in
 * the record, or an item whose paths begin in the record itself, or several of these. A member decides how it reads its
 * text: `email` leaves out what has no @, the `type` of a target is a kind (`ApplicationUser` is `user`), `origin.ip` and
 * `origin.ips` take addresses with commas between them, `outcome` is `failure` where the text says failed, unauthorized, denied and the like, and
 * `success` wherever else.
 */
export type Mapping = {
	readonly [Name in Exclude<TextName<NormalizedMembers>, ListName>]?: From;
} & {
	readonly [List in ListName]?: Part<MemberOf<List>> | readonly Part<MemberOf<List>>[];
};

/** What one member is made from. */
export interface Origin {
	/** For people. */
	readonly says: string;
	/** The paths of the record that it depends on, and no others: `targets[].id` for each object of a list. */
	readonly paths: readonly string[];
}

/** A mapping as it is used. */
export interface Mapped {
	/**
	 * The common record's members of one parsed record, put into the object that `begin` makes of its action. What the
	 * record does not say is absent, never null or `""`.
	 */
	normalize(record: unknown, begin?: (action: string | undefined) => object): NormalizedMembers;
	/** What each member is made from, by its dotted name: `targets.id` for all items of a list. */
	readonly origins: Readonly<Record<string, Origin>>;
}

interface Field {
	readonly key: string;
	read(values: Slots): unknown;
	/** Whether it says nothing without another member beside it. */
	readonly isConstant?: boolean | undefined;
}

type Made = Record<string, unknown>;
type Read = (values: Slots) => object | undefined;
/** Puts the items that it makes behind those before; most often there are none. */
type Add = (values: Slots, made: object[] | undefined) => object[] | undefined;
type Order = (one: object, other: object) => number;
type Shape = Readonly<Record<string, unknown>>;

/** What the members of the record, or of an item of a list, come from. */
interface Given {
	readonly from: Readonly<Record<string, unknown>>;
	readonly slotOf: SlotOf;
	/** The list that it is an item of: `targets.`. */
	readonly list?: string;
	/** What stands before each path: `affectedObjects[].`. */
	readonly at?: string;
	/** What stands between this origin of a member and the one before. */
	readonly glue?: string;
}

/**
 * The mapping of a source, compiled. Throws a TypeError for what is no member of the common record. The items of
 * `unorderedLists` get an order, so that the same set gives the same list.
 */
export function compileMapping(mapping: Mapping, unorderedLists = false): Mapped {
	const origins: Record<string, Origin> = {};
	const {id, time, source, tenant, activity, raw, ...shape} = auditEvent.shape;
	const {slotOf, fill} = slots();
	const put = putOf(fieldsFrom(shape, {from: mapping, slotOf}));
	const actionOf = mapping.action === undefined ? undefined : wordOf(mapping.action).bind(slotOf);
	return {
		normalize(record, begin) {
			const values = fill(record as Members);
			return put(values, begin ? (begin(actionOf?.(values)) as Made) : {}) as NormalizedMembers;
		},
		origins,
	};

	function objectFrom(members: Shape, given: Given): Read {
		return objectOf(fieldsFrom(members, given));
	}

	function fieldsFrom(members: Shape, given: Given): Field[] {
		const known = namesOf(members);
		const unknown = Object.keys(given.from).find(name => !known.includes(name));
		if (unknown === undefined) return fieldsOf(members, given, '');
		throw new TypeError(`mapping: expected a member of the common record, got ${given.list ?? ''}${unknown}`);
	}

	function fieldsOf(members: Shape, given: Given, prefix: string): Field[] {
		return Object.entries(members).flatMap(([key, schema]): Field[] => {
			const member = unwrapped(schema);
			const name = prefix + key;
			if (member instanceof z.ZodObject) {
				const fields = fieldsOf(member.shape, given, `${name}.`);
				return fields.length > 0 ? [{key, read: objectOf(fields)}] : [];
			}
			const from = given.from[name];
			if (from === undefined) return [];
			const item = itemShape(member);
			return [
				item ? {key, read: listFrom(`${name}.`, item, from as Part<string>, given)} : fieldOf(key, prefix, given),
			];
		});
	}

	function fieldOf(key: string, prefix: string, {from, slotOf, list = '', at = '', glue}: Given): Field {
		const word = wordOf(from[prefix + key] as From);
		const {take, says = (text: string) => text} = (list && key === 'type' ? kind : readings[key]) ?? {};
		// the record is there without another member, an item or an actor is not
		const isConstant = word.isConstant && list + prefix !== '';
		const others = isConstant ? Object.keys(from).filter(other => isTold(from, prefix, other)) : [];
		const said = isConstant ? `${word.says(at)} beside its ${others.join(' or ')}` : says(word.says(at));
		const paths = [word, ...others.map(other => wordOf(from[other] as From))].flatMap(one => one.paths);
		const name = list + prefix + key;
		const before = origins[name];
		origins[name] = {
			says: before ? before.says + glue + said : said,
			paths: [...new Set([...(before?.paths ?? []), ...paths.map(path => at + path)])],
		};
		const read = word.bind(slotOf);
		return {key, read: take ? values => take(read(values)) : read, isConstant};
	}

	function listFrom(
		list: string,
		members: Shape,
		parts: Part<string> | readonly Part<string>[],
		{slotOf}: Given,
	): Read {
		const order = unorderedLists ? byMembers(Object.keys(members)) : undefined;
		const adds = [parts].flat().map((part): Add => {
			if (!isEach(part)) return alone(objectFrom(members, {from: part, slotOf, list, glue: '; '}));
			const {path, items, leads, otherwise} = part;
			const {slotOf: itemSlotOf, fill} = slots();
			const given = {slotOf: itemSlotOf, list, at: `${path}[].`, glue: '; '};
			const one = together(items.map(from => alone(objectFrom(members, {...given, from}))));
			if (leads !== undefined) {
				const [member] = Object.keys(items[0]!);
				const origin = origins[list + member]!;
				origins[list + member] = {...origin, says: `${origin.says}, first those with ${path}[].${leads}`};
			}
			const other = otherwise && alone(objectFrom(members, {from: otherwise, slotOf, list, glue: ', else '}));
			const slot = slotOf(path, 'value');
			const leadsSlot = leads === undefined ? undefined : itemSlotOf(leads, 'value');
			return (values, before) => {
				const objects = objectsIn(values[slot]);
				if (objects.length === 0) return other ? other(values, before) : before;
				let made = before;
				if (leadsSlot === undefined && !order) {
					for (let index = 0; index < objects.length; index++) made = one(fill(objects[index]!), made);
					return made;
				}
				let leading: object[] | undefined;
				let following: object[] | undefined;
				for (const object of objects) {
					const inner = fill(object);
					if (leadsSlot !== undefined && inner[leadsSlot]) leading = one(inner, leading);
					else following = one(inner, following);
				}
				for (const some of [leading, following]) {
					if (some) made = [...(made ?? []), ...(order ? some.sort(order) : some)];
				}
				return made;
			};
		});
		const add = together(adds);
		return values => add(values, undefined);
	}
}

/** Whether a member of the same object says something by itself. */
function isTold(from: Given['from'], prefix: string, name: string): boolean {
	return name.startsWith(prefix) && !wordOf(from[name] as From).isConstant;
}

function alone(read: Read): Add {
	return (values, made) => {
		const item = read(values);
		if (item === undefined) return made;
		// an empty list that grows takes room for seventeen
		if (!made) return [item];
		made.push(item);
		return made;
	};
}

function together(adds: readonly Add[]): Add {
	const [only] = adds;
	if (only && adds.length === 1) return only;
	return (values, before) => {
		let made = before;
		for (const add of adds) made = add(values, made);
		return made;
	};
}

function byMembers(names: readonly string[]): Order {
	return (one, other) => {
		for (const name of names) {
			const [text, otherText] = [one, other].map(item => (item as Readonly<Record<string, string>>)[name] ?? '');
			if (text! < otherText!) return -1;
			if (text! > otherText!) return 1;
		}
		return 0;
	};
}

function objectOf(fields: readonly Field[]): Read {
	const put = putOf(fields);
	const hasConstants = fields.some(({isConstant}) => isConstant);
	const told = fields.filter(({isConstant}) => !isConstant);
	return values =>
		hasConstants && told.every(({read}) => read(values) === undefined) ? undefined : put(values, undefined);
}

/** Puts members into an object, and makes one for the first of them where there is none. */
function putOf(fields: readonly Field[]): (values: Slots, before: Made | undefined) => Made | undefined {
	const all = fields.map(({key}): Put => puts[key] ?? ((object, value) => void (object[key] = value)));
	const reads = fields.map(({read}) => read);
	return (values, before) => {
		let object = before;
		for (let index = 0; index < all.length; index++) {
			const value = reads[index]!(values);
			if (value !== undefined) all[index]!((object ??= {}), value);
		}
		return object;
	};
}

function isEach(part: Part<string>): part is Each {
	return 'path' in part;
}

function unwrapped(schema: unknown): unknown {
	return schema instanceof z.ZodExactOptional ? unwrapped(schema.unwrap()) : schema;
}

/** The members of the objects that a list holds; undefined where it is none of objects. */
function itemShape(schema: unknown): Shape | undefined {
	const item = schema instanceof z.ZodArray ? unwrapped(schema.element) : undefined;
	return item instanceof z.ZodObject ? item.shape : undefined;
}

/** The dotted names of the members that are no objects. */
function namesOf(shape: Shape, prefix = ''): string[] {
	return Object.entries(shape).flatMap(([key, schema]) => {
		const member = unwrapped(schema);
		return member instanceof z.ZodObject ? namesOf(member.shape, `${prefix}${key}.`) : [prefix + key];
	});
}
