import {hole} from '../data/json.ts';
import {groups, people, rowsOf, spaces} from '../data/people.ts';
import type {Random} from '../data/random.ts';
import {fillWith, type RecordLog} from '../data/record-log.ts';
import type {Setting} from '../server/setting.ts';

const MAX_INDEXED_OBJECTS = 5;
const BASE_URL = 'https://dc.example.com';

/** What is particular to a product. */
export interface ProductFacts {
	readonly product: 'jira' | 'confluence' | 'bitbucket';
	readonly authorType: string;
	/** The node that every record names; default: some name one. */
	readonly node?: string;
	/** Whether it writes the audit log to files too. */
	readonly writesFiles?: boolean;
	/**
	 * What is audited, a line each: the keys and texts of category and action, what it is done to, what changes, the
	 * extra attributes, and who does it where that is nobody. Types with commas between them, `Type=name` for one of this
	 * name; `name: old > new` and `name = value` with semicolons. What is missing is not served.
	 */
	readonly actions: string;
	/** The address of a page about somebody, by login. */
	readonly profile: string;
}

/** What the filters of the auditing API ask for. */
export interface AuditFacts {
	readonly userId: string | undefined;
	/** Key and text: a filter may name either. */
	readonly categories: readonly (string | undefined)[];
	readonly actions: readonly (string | undefined)[];
	/** The first five, as `type,id`. */
	readonly objects: readonly string[];
}

type Words = readonly [key: string | undefined, text: string | undefined];

interface Parts {
	readonly author: object;
	readonly category: Words;
	readonly action: Words;
	readonly affectedObjects?: readonly object[];
	readonly changedValues?: readonly object[];
	readonly extraAttributes?: readonly object[];
	readonly source: string | undefined;
	readonly node: string | undefined;
}

/** A record of the auditing plugin: no id, and no member for what has no value. */
function auditRecord({category, action, author, affectedObjects = [], changedValues = [], ...parts}: Parts): object {
	const type = {categoryI18nKey: category[0], category: category[1], actionI18nKey: action[0], action: action[1]};
	const {source, node, extraAttributes = []} = parts;
	const place = {source, system: BASE_URL, node, method: 'Browser'};
	return {timestamp: hole.time, author, type, affectedObjects, changedValues, ...place, extraAttributes};
}

/** What the plugin notes of itself. */
export function ownRecord(
	{authorType, node}: ProductFacts,
	username: string,
	parts: Pick<Parts, 'action' | 'changedValues' | 'extraAttributes'>,
): object {
	return auditRecord({
		...parts,
		category: ['atlassian.audit.event.category.audit', 'Auditing'],
		author: {name: username, type: authorType, id: '1', avatarUri: ''},
		source: '127.0.0.1',
		node,
	});
}

/** The audit log of a product. Times have no fraction where it is zero. */
export function dataCenterLog(setting: Setting, facts: ProductFacts): RecordLog<AuditFacts> {
	const actions = rowsOf(facts.actions);
	return setting.log({
		recordOf: random => recordOf(facts, actions, random, setting.nameOf),
		factsOf: auditFactsOf,
		fill: fillWith(timeMs => `"${new Date(timeMs).toISOString().replace('.000Z', 'Z')}"`),
	});
}

function recordOf(
	facts: ProductFacts,
	actions: readonly string[][],
	random: Random,
	nameOf: (name: string) => string,
): object {
	const [categoryKey, category, key, action, types, changes, attributes, who] = random.pick(actions);
	const proxied = random.chance(5);
	const number = random.below(people.length);
	const isNobody = who ? who === 'nobody' : random.chance(4);
	const extraAttributes = parts(attributes, ';').map(attribute => {
		const [name = '', value = ''] = parts(attribute, '=');
		return {name, nameI18nKey: `auditing.extra.${keyOf(name)}`, value: value === 'LOGIN' ? loginOf(number) : value};
	});
	return auditRecord({
		category: [categoryKey, category],
		action: [key, action],
		author: isNobody ? anonymous : author(facts, random, nameOf),
		affectedObjects: parts(types, ',').map(type => affectedObject(facts, type, random, nameOf)),
		changedValues: parts(changes, ';').map(change => {
			const [, name = '', from, to] = /^(.*?):(?: (.+?))? >(?: (.+))?$/.exec(change) ?? [];
			return {key: name, i18nKey: `auditing.changed.${keyOf(name)}`, from, to};
		}),
		extraAttributes: proxied ? [...extraAttributes, proxy] : extraAttributes,
		source: proxied ? '127.0.0.1,192.168.22.33' : random.chance(93) ? `203.0.113.${random.below(40)}` : undefined,
		node: facts.node || random.chance(10) ? `node-${random.below(3)}` : undefined,
	});
}

const parts = (cell = '', between: string) =>
	cell
		.split(between)
		.map(part => part.trim())
		.filter(Boolean);
const keyOf = (name: string) => name.toLowerCase().replaceAll(' ', '.');
const proxy = {name: 'Load balancer/proxy IP address', nameI18nKey: 'auditing.proxy', value: '192.168.22.33'};
const anonymous = {name: 'Anonymous', type: 'user', id: '-2', avatarUri: ''};

/** What somebody logs in with. */
const loginOf = (number: number) => `user${number}`;

function author(
	{product, authorType, profile}: ProductFacts,
	random: Random,
	nameOf: (name: string) => string,
): object {
	const number = random.below(people.length);
	const id = product === 'confluence' ? `8a7f80858${number.toString(16).padStart(23, '0')}` : String(10_000 + number);
	const uri = random.chance(80) ? BASE_URL + profile + loginOf(number) : undefined;
	return {name: nameOf(people[number]!.name), type: authorType, id, uri, avatarUri: ''};
}

function affectedObject(
	{profile}: ProductFacts,
	said: string,
	random: Random,
	nameOf: (name: string) => string,
): object {
	const [type = '', given] = parts(said, '=');
	const number = random.below(people.length);
	const kind = type.toUpperCase();
	const names: Readonly<Record<string, () => string>> = {
		USER: () => people[number]!.name,
		GROUP: () => random.pick(groups),
		SPACE: () => random.pick(spaces),
	};
	const name = given ?? names[kind]?.() ?? `${type} ${number}`;
	// nobody and everybody have none
	const isBare = random.chance(6) || given === 'Anonymous';
	const id = isBare ? undefined : kind === 'USER' ? `JIRAUSER${10_000 + number}` : String(number);
	const page = kind === 'USER' ? profile + loginOf(number) : `/${kind}/${id}`;
	const uri = id && random.chance(70) ? BASE_URL + page : undefined;
	return {name: id && !given ? nameOf(name) : name, type, id, uri};
}

/** What filters ask of a record, of whatever shape it is. */
function auditFactsOf(record: object): AuditFacts {
	const {
		author: by,
		type,
		affectedObjects = [],
	} = record as {
		author?: {id?: string};
		type?: Readonly<Record<string, string>>;
		affectedObjects?: readonly {type?: string; id?: string}[];
	};
	return {
		userId: by?.id,
		categories: [type?.['category'], type?.['categoryI18nKey']],
		actions: [type?.['action'], type?.['actionI18nKey']],
		objects: affectedObjects.slice(0, MAX_INDEXED_OBJECTS).map(({type: kind, id}) => `${kind},${id}`),
	};
}
