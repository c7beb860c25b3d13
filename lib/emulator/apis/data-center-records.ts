import {auditedActions, authorTypes, type AuditedAction, type Product} from './data-center-catalogue.ts';
import type {ApiName} from '../server/api.ts';
import {isoTimeBytes} from '../data/iso-time.ts';
import {groups, people, spaces} from '../data/catalogue.ts';
import type {Random} from '../data/random.ts';
import type {RecordLog} from '../data/record-log.ts';
import {hole} from '../data/record-template.ts';
import type {Setting} from '../server/setting.ts';

const MAX_INDEXED_OBJECTS = 5;
const BASE_URL = 'https://dc.example.com';

/** What the filters of the auditing API ask for. */
export interface AuditFacts {
	readonly userId: string | undefined;
	/** Key and text: a filter may name either. */
	readonly categories: readonly (string | undefined)[];
	readonly actions: readonly (string | undefined)[];
	/** The first five, as `type,id`. */
	readonly objects: readonly string[];
}

/** What a product tells of an event, besides its time. */
export interface AuditEventParts {
	readonly author: object;
	readonly type: AuditedAction;
	readonly affectedObjects: readonly object[];
	readonly changedValues: readonly object[];
	readonly extraAttributes: readonly object[];
	readonly source: string | undefined;
	readonly node: string | undefined;
}

/** A record of the auditing plugin: no id, and no member for what has no value. */
export function auditRecord({type, ...parts}: AuditEventParts): object {
	const [categoryI18nKey, category] = type.category;
	const [actionI18nKey, action] = type.action;
	return {
		timestamp: hole.time,
		author: parts.author,
		type: {categoryI18nKey, category, actionI18nKey, action},
		affectedObjects: parts.affectedObjects,
		changedValues: parts.changedValues,
		source: parts.source,
		system: BASE_URL,
		node: parts.node,
		method: 'Browser',
		extraAttributes: parts.extraAttributes,
	};
}

/** The audit log of a product. Times have no fraction where it is zero. */
export function dataCenterLog({logOf, nameOf}: Setting, name: ApiName, product: Product): RecordLog<AuditFacts> {
	return logOf(name, () => ({
		recordOf: random => dataCenterRecord(product, random, nameOf),
		factsOf: auditFactsOf,
		timeJson: timeMs => Buffer.from(`"${Buffer.from(isoTimeBytes(timeMs, timeMs % 1000 !== 0)).toString()}"`),
	}));
}

/** A made-up record of a product. */
function dataCenterRecord(product: Product, random: Random, nameOf: (name: string) => string): object {
	const type = random.pick(auditedActions[product]);
	const proxied = random.chance(5);
	const [name, from, to] = type.change ?? [];
	return auditRecord({
		type,
		author: random.chance(4) ? anonymous : author(product, random, nameOf),
		affectedObjects: type.objects.map(kind => affectedObject(kind, random, nameOf)),
		changedValues: name ? [{key: name, i18nKey: `auditing.changed.${name.toLowerCase()}`, from, to}] : [],
		extraAttributes: proxied
			? [{name: 'Load balancer/proxy IP address', nameI18nKey: 'auditing.proxy', value: '192.168.22.33'}]
			: [],
		source: proxied ? '127.0.0.1,192.168.22.33' : random.chance(93) ? `203.0.113.${random.below(40)}` : undefined,
		node: product === 'bitbucket' || random.chance(10) ? `node-${random.below(3)}` : undefined,
	});
}

const anonymous = {name: 'Anonymous', type: 'user', id: '-2', avatarUri: ''};

function author(product: Product, random: Random, nameOf: (name: string) => string): object {
	const number = random.below(people.length);
	const id = product === 'confluence' ? `8a7f80858${number.toString(16).padStart(23, '0')}` : String(10_000 + number);
	const uri = random.chance(80) ? `${BASE_URL}/users/${id}` : undefined;
	return {name: nameOf(people[number]!.name), type: authorTypes[product], id, uri, avatarUri: ''};
}

function affectedObject(type: string, random: Random, nameOf: (name: string) => string): object {
	const number = random.below(people.length);
	const kind = type.toUpperCase();
	const name =
		kind === 'USER'
			? people[number]!.name
			: kind === 'GROUP'
				? random.pick(groups)
				: kind === 'SPACE'
					? random.pick(spaces)
					: `${type} ${number}`;
	const id = random.chance(6) ? undefined : kind === 'USER' ? `JIRAUSER${10_000 + number}` : String(number);
	return {
		name: id ? nameOf(name) : name,
		type,
		id,
		uri: id && random.chance(70) ? `${BASE_URL}/${kind}/${id}` : undefined,
	};
}

/** What filters ask of a record, of whatever shape it is. */
function auditFactsOf(record: object): AuditFacts {
	const {
		author,
		type,
		affectedObjects = [],
	} = record as {
		author?: {id?: string};
		type?: Readonly<Record<string, string>>;
		affectedObjects?: readonly {type?: string; id?: string}[];
	};
	return {
		userId: author?.id,
		categories: [type?.['category'], type?.['categoryI18nKey']],
		actions: [type?.['action'], type?.['actionI18nKey']],
		objects: affectedObjects.slice(0, MAX_INDEXED_OBJECTS).map(({type: kind, id}) => `${kind},${id}`),
	};
}
