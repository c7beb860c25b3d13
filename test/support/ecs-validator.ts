import {EcsFlat} from '@elastic/ecs';

interface Field {
	readonly type: string;
	readonly normalize: readonly string[];
	readonly allowed_values?: readonly {readonly name: string; readonly expected_event_types?: readonly string[]}[];
}

const fields = EcsFlat as unknown as Readonly<Record<string, Field>>;
const isText = (value: unknown): boolean => typeof value === 'string';
const types: Readonly<Record<string, (value: unknown) => boolean>> = {
	keyword: isText,
	constant_keyword: isText,
	wildcard: isText,
	match_only_text: isText,
	date: value => isText(value) && new Date(value as string).toJSON() === value,
	ip: value => isText(value) && (isIpV4(value as string) || isIpV6(value as string)),
	long: Number.isSafeInteger,
	float: Number.isFinite,
	scaled_float: Number.isFinite,
	boolean: value => typeof value === 'boolean',
	flattened: value => typeof value === 'object' && value !== null,
};

/** What there is in an event, by path: what is no object, the whole of a list included. */
export function ecsPaths(value: unknown, path = ''): Map<string, unknown> {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map([[path, value]]);
	return new Map(
		Object.entries(value).flatMap(([name, member]) => [...ecsPaths(member, path === '' ? name : `${path}.${name}`)]),
	);
}

/** What is wrong with an event by the definitions of `@elastic/ecs`: nothing, where it is one. */
export function ecsProblems(event: object): string[] {
	const paths = ecsPaths(event);
	const dotted = namesIn(event).filter(name => name.includes('.'));
	const needed = ['@timestamp', 'ecs.version'].filter(path => !paths.has(path));
	const types = paths.get('event.type');
	return [
		...dotted.map(name => `${name}: expected an object for each dot`),
		...needed.map(path => `${path}: is needed`),
		...[...paths].flatMap(([path, value]) => (path.startsWith('atlassian.') ? [] : problemsOf(path, value))),
		...(Array.isArray(types) ? unexpectedTypes(types, paths.get('event.category')) : []),
	];
}

function problemsOf(path: string, value: unknown): string[] {
	const field = Object.hasOwn(fields, path) ? fields[path] : undefined;
	if (!field) return [`${path}: no field of ECS`];
	const isList = field.normalize.includes('array');
	if (isList !== Array.isArray(value)) return [`${path}: expected ${isList ? 'a list' : 'one value'}`];
	const values: readonly unknown[] = isList ? (value as unknown[]) : [value];
	const check = types[field.type];
	const allowed = field.allowed_values?.map(({name}) => name);
	return [
		...(values.length === 0 ? [`${path}: empty`] : []),
		...(new Set(values).size < values.length ? [`${path}: the same twice`] : []),
		...values.flatMap(one => {
			if (one === '') return [`${path}: empty`];
			if (!check?.(one)) return [`${path}: expected ${field.type}, got ${JSON.stringify(one)}`];
			return allowed && !allowed.includes(one as string) ? [`${path}: ${String(one)} is not allowed`] : [];
		}),
	];
}

/** Each type is one that ECS expects of a category of the event. */
function unexpectedTypes(given: readonly unknown[], categories: unknown): string[] {
	const expected = (Array.isArray(categories) ? categories : []).flatMap(
		category =>
			fields['event.category']?.allowed_values?.find(({name}) => name === category)?.expected_event_types ?? [],
	);
	return given
		.filter(type => !expected.includes(type as string))
		.map(type => `event.type: ${String(type)} is not expected of ${String(categories)}`);
}

function namesIn(value: unknown): string[] {
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([name, member]) => [
		...(Array.isArray(value) ? [] : [name]),
		...namesIn(member),
	]);
}

function isIpV4(text: string): boolean {
	const parts = text.split('.');
	return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** As URLs have it: no zone, no port. */
function isIpV6(text: string): boolean {
	return /^[\da-f:.]+$/i.test(text) && text.includes(':') && URL.canParse(`http://[${text}]/`);
}
