import {readFileSync} from 'node:fs';
import {root} from './tree.ts';

interface Attribute {
	readonly type: string;
	/** The name of the object, where the type is `object`. */
	readonly object?: string;
	readonly array?: true;
	readonly requirement: 'required' | 'required-in-profile' | 'recommended' | 'optional';
	readonly profile?: string;
	readonly enum?: Readonly<Record<string, string>>;
	readonly deprecated?: true;
}

interface Shape {
	readonly caption: string;
	readonly constraints: {readonly at_least_one?: readonly string[]; readonly just_one?: readonly string[]};
	readonly attributes: Readonly<Record<string, Attribute>>;
}

interface Class extends Shape {
	readonly class_uid: number;
	readonly category_uid: number;
	readonly profiles: readonly string[];
}

interface Type {
	/** What it is a narrower kind of. */
	readonly type?: string;
	readonly regex?: string;
	readonly max_len?: number;
	readonly range?: readonly [number, number];
	readonly values?: readonly unknown[];
}

/** The official definitions, release 1.8.0. */
export const ocsfSchema = JSON.parse(readFileSync(new URL('test/fixtures/ocsf-1.8.0.json', root), 'utf8')) as {
	readonly version: string;
	readonly types: Readonly<Record<string, Type>>;
	readonly classes: Readonly<Record<string, Class>>;
	readonly objects: Readonly<Record<string, Shape>>;
};

const {types, objects} = ocsfSchema;
const classes = Object.values(ocsfSchema.classes);
/** The enumerations of the definitions name the base class and no category only. */
const categories: Readonly<Record<number, string>> = {
	0: 'Uncategorized',
	3: 'Identity & Access Management',
	6: 'Application Activity',
};
/** Every class has those of the base class, too. */
const commonProfiles = ocsfSchema.classes['base_event']!.profiles;
const patterns = new Map(
	Object.entries(types).flatMap(([name, {regex}]) => (regex === undefined ? [] : [[name, new RegExp(regex)]])),
);

type Members = Readonly<Record<string, unknown>>;

/** All that is wrong with an event by the definitions of OCSF 1.8.0, each as `path: what`; nothing where it is valid. */
export function ocsfMistakes(event: unknown): string[] {
	if (!isObject(event)) return ['event: expected an object'];
	const ofClass = classes.find(({class_uid}) => class_uid === event['class_uid']);
	if (!ofClass) return [`class_uid: no such class: ${event['class_uid']}`];
	const {metadata} = event;
	const named = isObject(metadata) && Array.isArray(metadata['profiles']) ? (metadata['profiles'] as string[]) : [];
	const profiles = new Set(named);
	return [
		...[...profiles]
			.filter(profile => !ofClass.profiles.includes(profile) && !commonProfiles.includes(profile))
			.map(profile => `metadata.profiles: no profile of this class: ${profile}`),
		...classMistakes(event, ofClass),
		...shapeMistakes(event, ofClass, '', profiles),
	];
}

/** What the enumerations of the definitions cannot say, since they are those of the base class. */
function classMistakes(event: Members, {caption, class_uid, category_uid, attributes}: Class): string[] {
	const activity = event['activity_id'];
	const activityCaption = attributes['activity_id']!.enum?.[String(activity)];
	const exact: Members = {
		category_uid,
		category_name: categories[category_uid],
		class_name: caption,
		type_uid: class_uid * 100 + Number(activity),
		type_name: `${caption}: ${activityCaption}`,
	};
	const mistakes = Object.entries(exact)
		.filter(([name, value]) => event[name] !== undefined && event[name] !== value)
		.map(([name, value]) => `${name}: expected ${value}, got ${event[name]}`);
	const version = isObject(event['metadata']) ? event['metadata']['version'] : undefined;
	if (version !== ocsfSchema.version) mistakes.push(`metadata.version: expected ${ocsfSchema.version}, got ${version}`);
	return mistakes;
}

function shapeMistakes(value: Members, shape: Shape, path: string, profiles: ReadonlySet<string>): string[] {
	const {attributes, constraints} = shape;
	const mistakes: string[] = [];
	for (const [name, attribute] of Object.entries(attributes)) {
		const active = attribute.profile === undefined || profiles.has(attribute.profile);
		if (active && attribute.requirement.startsWith('required') && !Object.hasOwn(value, name)) {
			mistakes.push(`${path}${name}: required`);
		}
	}
	const count = (names: readonly string[]) => names.filter(name => Object.hasOwn(value, name)).length;
	const {at_least_one, just_one} = constraints;
	if (at_least_one && count(at_least_one) === 0) mistakes.push(`${path}: expected one of ${at_least_one}`);
	if (just_one && count(just_one) !== 1) mistakes.push(`${path}: expected just one of ${just_one}`);
	for (const [name, member] of Object.entries(value)) {
		const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
		if (!attribute) mistakes.push(`${path}${name}: not in the schema`);
		else {
			if (attribute.profile !== undefined && !profiles.has(attribute.profile)) {
				mistakes.push(`${path}${name}: needs the profile ${attribute.profile}`);
			}
			if (attribute.deprecated) mistakes.push(`${path}${name}: deprecated`);
			mistakes.push(...attributeMistakes(member, attribute, path + name, profiles));
			mistakes.push(...captionMistakes(value, name, attribute, path));
		}
	}
	return mistakes;
}

/** Beside a number its caption may stand; of 99 it is the source's own word, and has to be there. */
function captionMistakes(value: Members, name: string, attribute: Attribute, path: string): string[] {
	const caption = attribute.enum?.[String(value[name])];
	const sibling = name.replace(/_(id|uid)$/, '');
	const siblingName = name === 'activity_id' ? 'activity_name' : sibling;
	if (caption === undefined || !name.endsWith('_id')) return [];
	const said = value[siblingName];
	if (value[name] === 99) return said === undefined ? [`${path}${siblingName}: required beside 99`] : [];
	return said === undefined || said === caption
		? []
		: [`${path}${siblingName}: expected ${caption}, got ${JSON.stringify(said)}`];
}

function attributeMistakes(
	member: unknown,
	attribute: Attribute,
	path: string,
	profiles: ReadonlySet<string>,
): string[] {
	if (!attribute.array) return valueMistakes(member, attribute, path, profiles);
	if (!Array.isArray(member)) return [`${path}: expected an array`];
	if (member.length === 0) return [`${path}: empty`];
	return member.flatMap((one, index) => valueMistakes(one, attribute, `${path}[${index}]`, profiles));
}

function valueMistakes(value: unknown, attribute: Attribute, path: string, profiles: ReadonlySet<string>): string[] {
	if (attribute.type === 'object') {
		if (!isObject(value)) return [`${path}: expected an object`];
		// the one object that may hold anything
		if (attribute.object === 'object') return [];
		return shapeMistakes(value, objects[attribute.object!]!, `${path}.`, profiles);
	}
	const mistakes = typeMistakes(value, attribute.type, path);
	const exact = path === 'class_uid' || path === 'category_uid';
	if (attribute.enum && !exact && !Object.hasOwn(attribute.enum, String(value))) {
		mistakes.push(`${path}: not in the enumeration: ${String(value)}`);
	}
	return mistakes;
}

/** What JSON has for the types that are no narrower kind of another. */
const roots: Readonly<Record<string, (value: unknown) => boolean>> = {
	string_t: value => typeof value === 'string',
	integer_t: value => Number.isInteger(value) && Math.trunc(value as number) === ((value as number) | 0),
	long_t: value => Number.isSafeInteger(value),
	float_t: value => Number.isFinite(value),
	json_t: value => value !== undefined,
};

function typeMistakes(value: unknown, name: string, path: string): string[] {
	const type = types[name]!;
	const mistakes = type.type === undefined ? [] : typeMistakes(value, type.type, path);
	const wrong = (what: string) => mistakes.push(`${path}: ${what}`);
	const root = roots[name];
	if (type.type === undefined && !type.values && !root) throw new Error(`no such type: ${name}`);
	if (root && !root(value)) wrong(`expected ${name}`);
	if (type.values && !type.values.includes(value)) wrong(`expected one of ${type.values.join()}`);
	if (typeof value === 'string' && !patterns.get(name)?.test(value) && patterns.has(name)) wrong(`no ${name}`);
	if (typeof value === 'string' && value.length > (type.max_len ?? Infinity)) wrong(`longer than ${type.max_len}`);
	if (typeof value === 'number' && type.range && (value < type.range[0] || value > type.range[1]))
		wrong('out of range');
	return mistakes;
}

function isObject(value: unknown): value is Members {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
