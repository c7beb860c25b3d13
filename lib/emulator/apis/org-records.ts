import type {ByteWriter} from '../data/byte-writer.ts';
import {
	actions,
	groups,
	people,
	places,
	products,
	spaces,
	type ActionEntry,
	type ContextType,
	type Person,
} from '../data/catalogue.ts';
import {type Member, object, quote} from '../data/json-text.ts';
import {RECORD_DEPTH} from '../server/page-body.ts';
import {prettyPrint} from '../data/pretty-print.ts';
import {createRandom, type Random} from '../data/random.ts';

const SHAPE_SALT = 20;
/** Raw control characters cannot occur in JSON, so these mark the places that differ from record to record. */
const ID = '\u0001';
const TIME = '\u0002';
const LINK_ID = '\u0003';
/** Not a value but a whole member, which only the events-stream has. */
const PROCESSED = '\u0004';
const VENDOR = 'https://api.atlassian.com';

export interface RecordOptions {
	readonly seed: number;
	readonly orgId: string;
	readonly prettyPrint: boolean;
	/** What stands for a member that the API has no value for: `mixed` is any of the other three. */
	readonly missing: 'mixed' | 'absent' | 'null' | 'empty';
	/** Numbers beyond 2^53, `1.0`, duplicate keys, integer keys out of order, `__proto__`: in every third record. */
	readonly odd: boolean;
	/** Display names that were changed, by their old name. */
	readonly renamed: ReadonlyMap<string, string>;
}

/** An id as JSON writes it inside its quotes, and as it stands in a URL. */
export interface EventId {
	readonly json: Uint8Array;
	readonly url: Uint8Array;
}

/** A record but for its id and time. */
export interface RecordShape {
	readonly action: string;
	readonly actorId: string;
	readonly ip: string | undefined;
	/** The text with marks for id and time. */
	readonly text: string;
	/** Writes the record of this id and time; with the time when it was processed, where that is given. */
	write(writer: ByteWriter, id: EventId, time: Uint8Array, processed?: Uint8Array): void;
}

/** The shape of this number; the same options and number give the same bytes. */
export function recordShape(options: RecordOptions, number: number): RecordShape {
	const random = createRandom(options.seed, SHAPE_SALT + number);
	const action = weighted(random);
	const actor = random.pick(people);
	const ip = random.chance(88) ? ipOf(random) : undefined;
	const text = recordText({...options, random}, action, actor, ip);
	return {action: action.id, actorId: actor.id, ip, text, write: writeOf(text, options.prettyPrint)};
}

function writeOf(text: string, pretty: boolean): RecordShape['write'] {
	const pieces = text
		.split(/([\u0001-\u0004])/)
		.map(piece => (/^[\u0001-\u0004]$/.test(piece) ? piece : Buffer.from(piece)));
	const [processedOpen, processedClose] = pretty
		? [Buffer.from(`,\n${'  '.repeat(RECORD_DEPTH + 2)}"processedAt": "`), Buffer.from('"')]
		: [Buffer.from(',"processedAt":"'), Buffer.from('"')];
	return (writer, id, time, processed) => {
		for (const piece of pieces) {
			if (piece === PROCESSED) {
				if (processed) [processedOpen, processed, processedClose].forEach(writer.write);
				continue;
			}
			writer.write(typeof piece !== 'string' ? piece : piece === ID ? id.json : piece === TIME ? time : id.url);
		}
	};
}

interface Pen extends RecordOptions {
	readonly random: Random;
}

function recordText(pen: Pen, action: ActionEntry, actor: Person, ip: string | undefined): string {
	const {random, orgId} = pen;
	const user = random.pick(people);
	const group = random.pick(groups);
	// a sentence has no ids in it
	const names: Record<string, string> = {actor: actor.name, user: user.name, group};
	const content = action.message.replace(/\{(\w+)\}/g, (_, key: string) => names[key] as string);
	const self = `${VENDOR}/admin/v1/orgs/${encodeURIComponent(orgId)}/events/${LINK_ID}`;
	const text = object([
		['type', '"events"'],
		['id', `"${ID}"`],
		[
			'attributes',
			object([
				['time', `"${TIME}"${PROCESSED}`],
				['action', quote(action.id)],
				['actor', actorText(pen, actor)],
				['context', random.chance(6) ? missing(pen) : contextText(pen, action, user, group)],
				['container', random.chance(6) ? missing(pen) : `[${containerText(pen, action)}]`],
				['location', ip === undefined ? missing(pen) : locationText(pen, ip)],
			]),
		],
		['links', random.chance(85) ? `{"self":"${self}"}` : undefined],
		['relations', random.chance(50) ? 'null' : undefined],
		[
			'message',
			object([
				['content', messageLiteral(random, content)],
				['format', random.chance(80) ? '"simple"' : '"text/plain"'],
			]),
		],
		['odd', pen.odd && random.chance(33) ? oddText : undefined],
	]);
	return pen.prettyPrint ? prettyPrint(text, RECORD_DEPTH) : text;
}

const oddText =
	'{"beyond":9007199254740993,"fraction":1.0,"exponent":1E+2,"minus":-0,' +
	'"twice":1,"twice":2,"10":"ten","2":"two","__proto__":{"polluted":true},"constructor":{"prototype":null}}';

function actorText(pen: Pen, actor: Person): string {
	const {random} = pen;
	return object([
		['id', quote(actor.id)],
		['name', quote(nameOf(pen, actor))],
		['email', random.chance(90) ? quote(actor.email) : missing(pen)],
		['picture', random.chance(50) ? 'null' : undefined],
		[
			'links',
			actor.type === 'app'
				? '{}'
				: object([
						['self', quote(`${VENDOR}/users/${actor.id}/manage/profile`)],
						[
							'alt',
							random.chance(40) ? quote(`https://admin.atlassian.com/o/${pen.orgId}/members/${actor.id}`) : undefined,
						],
					]),
		],
		['auth', random.chance(30) ? authText(random) : undefined],
		[
			'onBehalfOf',
			random.chance(3)
				? object([
						['id', quote(people[0]?.id ?? '')],
						['name', quote(nameOf(pen, people[0] as Person))],
						['email', quote(people[0]?.email ?? '')],
					])
				: undefined,
		],
	]);
}

function authText(random: Random): string {
	const types = 'container-token api-token connect-token auth-token-for-2LO auth-token-for-3LO session'.split(' ');
	return object([
		['authType', quote(random.pick(types))],
		['tokenId', quote(`token-${random.below(1_000_000)}`)],
		['tokenLabel', quote(random.pick(['ci', 'Backup job', 'скрипт']))],
	]);
}

function contextText(pen: Pen, action: ActionEntry, user: Person, group: string): string {
	const items = action.context.flatMap(type => {
		if (type !== 'users') return [contextItem(pen, type, user, group)];
		const others = Array.from({length: pen.random.chance(50) ? 0 : pen.random.below(6)}, () => pen.random.pick(people));
		return [user, ...others].map(one => contextItem(pen, 'user', one, group));
	});
	return `[${(pen.random.chance(30) ? items.reverse() : items).join(',')}]`;
}

function contextItem(pen: Pen, type: ContextType, user: Person, group: string): string {
	const {random} = pen;
	const attributes: Record<ContextType, () => readonly Member[]> = {
		user: () => [
			['name', quote(bare ? user.name : nameOf(pen, user))],
			['email', quote(user.email)],
			['accountType', quote(user.type)],
		],
		users: () => [],
		groups: () => [
			['name', quote(group)],
			['groupName', quote(group)],
		],
		products: () => (random.chance(20) ? [] : [['name', quote(random.pick(products))], ...siteMembers]),
		orgs: () => [
			['name', '"Example Inc."'],
			['domain', '"example.com"'],
		],
		sites: () => [...siteMembers, ['permissionName', '"site-admin"']],
		space: () => [
			['name', quote(random.pick(spaces))],
			['key', quote(`SP${random.below(50)}`)],
		],
		'invited-user': () => [['email', quote(user.email)]],
	};
	const id = type === 'user' ? user.id : `ari:cloud:platform::${type}/${random.below(1000)}`;
	const bare = random.chance(5);
	return object([
		['id', bare ? undefined : quote(id)],
		['type', quote(type === 'user' ? 'users' : type)],
		['attributes', object(attributes[type]())],
		[
			'links',
			random.chance(75)
				? '{}'
				: object([
						['self', quote(`${VENDOR}/objects/${type}/${id}`)],
						['alt', quote(`https://admin.atlassian.com/s/${type}/${id}`)],
					]),
		],
	]);
}

const siteMembers: readonly Member[] = [
	['siteName', '"Example"'],
	['siteHostName', '"example.atlassian.net"'],
];

function containerText(pen: Pen, action: ActionEntry): string {
	const attributes: Record<ActionEntry['container'], readonly Member[]> = {
		sites: siteMembers,
		orgs: [
			['name', '"Example Inc."'],
			['settingName', '"Two-step"'],
			['settingValues', '["off","on"]'],
		],
		organization: [['name', '"Example Inc."']],
		unit: [],
	};
	const self = `${VENDOR}/admin/v1/orgs/${encodeURIComponent(pen.orgId)}`;
	return object([
		['id', quote(action.container === 'sites' ? `ari:cloud:platform::site/${pen.random.below(3)}` : pen.orgId)],
		['type', quote(action.container)],
		['attributes', object(attributes[action.container])],
		[
			'links',
			pen.random.chance(40)
				? object([
						['self', quote(self)],
						['alt', '"https://example.atlassian.net"'],
					])
				: '{}',
		],
	]);
}

function locationText(pen: Pen, ip: string): string {
	const place = pen.random.pick(places);
	const rough = pen.random.chance(15);
	return object([
		['ip', quote(ip)],
		['geo', quote(place.geo)],
		['countryName', quote(place.country)],
		['regionName', rough ? missing(pen) : quote(place.region)],
		['city', rough ? missing(pen) : quote(place.city)],
	]);
}

// The same text in the ways that JSON allows, and at times half of a surrogate pair.
function messageLiteral(random: Random, content: string): string {
	if (random.chance(2)) return quote(`${content} \ud800`);
	const literal = quote(content);
	if (random.chance(90)) return literal;
	return literal
		.replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
		.replaceAll('/', '\\/');
}

function missing({missing: how, random}: Pen): string | undefined {
	const kind = how === 'mixed' ? random.pick(['absent', 'null', 'empty'] as const) : how;
	return kind === 'absent' ? undefined : kind === 'null' ? 'null' : '""';
}

function nameOf({renamed}: Pen, person: Person): string {
	return renamed.get(person.name) ?? person.name;
}

function ipOf(random: Random): string {
	const last = random.below(40);
	return random.chance(80) ? `203.0.113.${last}` : `2001:db8::${last.toString(16)}`;
}

function weighted(random: Random): ActionEntry {
	let left = random.below(totalWeight);
	return actions.find(entry => (left -= entry.weight) < 0) as ActionEntry;
}
const totalWeight = actions.reduce((sum, {weight}) => sum + weight, 0);
