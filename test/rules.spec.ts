import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {load} from 'js-yaml';
import {list, load as plugin} from '../lib/registry.ts';
import {toEcs} from '../lib/schemas/ecs.ts';
import {mapRecord} from '../lib/source/common-record.ts';

/** A rule as far as ours use Sigma: https://sigmahq.io/sigma-specification/ */
interface Rule {
	readonly title: string;
	readonly name: string;
	readonly id: string;
	readonly description: string;
	readonly level: string;
	readonly detection?: Readonly<Record<string, unknown>> & {readonly condition: string};
	readonly correlation?: {
		readonly type: 'event_count' | 'temporal_ordered';
		readonly rules: readonly string[];
		readonly 'group-by': readonly string[];
		readonly timespan: string;
		readonly condition?: {readonly gte: number};
	};
}

const folder = new URL('../docs/rules/', import.meta.url);
const rules = new Map(
	readdirSync(folder).map(file => {
		const rule = load(readFileSync(new URL(file, folder), 'utf8')) as Rule;
		assert.equal(`${rule.name}.yml`, file);
		return [rule.name, rule] as const;
	}),
);

type Event = object & {readonly '@timestamp': string};

/** All texts at a dotted path; a list stands for each of its items, as in Elasticsearch. */
function textsAt(value: unknown, path: readonly string[]): string[] {
	if (Array.isArray(value)) return value.flatMap(item => textsAt(item, path));
	if (path.length === 0) return value === undefined ? [] : [String(value as string)];
	return typeof value === 'object' && value !== null
		? textsAt((value as Record<string, unknown>)[path[0]!], path.slice(1))
		: [];
}

function holds(selection: object, event: Event): boolean {
	return Object.entries(selection).every(([field, given]) => {
		const [path = '', modifier] = field.split('|');
		const texts = textsAt(event, path.split('.'));
		const wanted = ([given].flat() as unknown[]).map(String);
		return wanted.some(one => texts.some(text => (modifier === 'contains' ? text.includes(one) : text === one)));
	});
}

/** `a and (b or c) and not d`: `not` binds closest, then `and`. */
function matches({detection}: Rule, event: Event): boolean {
	const {condition, ...selections} = detection!;
	const tokens = condition.match(/[()]|[^\s()]+/g)!;
	const either = (): boolean => chain('or', both);
	const both = (): boolean => chain('and', single);
	function chain(word: string, next: () => boolean): boolean {
		const values = [next()];
		while (tokens[0] === word) {
			tokens.shift();
			values.push(next());
		}
		return word === 'or' ? values.some(Boolean) : values.every(Boolean);
	}
	function single(): boolean {
		const token = tokens.shift()!;
		if (token === 'not') return !single();
		if (token !== '(') return holds(selections[token] as object, event);
		const value = either();
		assert.equal(tokens.shift(), ')');
		return value;
	}
	const value = either();
	assert.deepEqual(tokens, [], condition);
	return value;
}

/** When a rule has found something, in milliseconds, and for whom. */
function found(name: string, events: readonly Event[]): {atMs: number; group: string}[] {
	const rule = rules.get(name)!;
	const {correlation} = rule;
	const groupOf = (event: Event, by: readonly string[]) =>
		by.map(path => textsAt(event, path.split('.')).join()).join();
	if (!correlation) {
		return events
			.filter(event => matches(rule, event))
			.map(event => ({atMs: Date.parse(event['@timestamp']), group: groupOf(event, ['user.name'])}));
	}
	const spanMs = Number.parseInt(correlation.timespan, 10) * 60_000;
	const [first, ...others] = correlation.rules.map(one => found(one, events));
	return first!.filter(({atMs, group}) => {
		const within = (those: typeof first = []) =>
			those.filter(one => one.group === group && one.atMs >= atMs && one.atMs <= atMs + spanMs);
		return correlation.type === 'event_count'
			? within(first).length >= correlation.condition!.gte
			: others.every(other => within(other).length > 0);
	});
}

const sources = new Map(
	await Promise.all(list('source').map(async name => [name, await plugin('source', name)] as const)),
);

function eventOf(source: string, record: object): Event {
	const {event, product} = mapRecord(sources.get(source)!, JSON.stringify(record), 'example');
	return toEcs(event, {product}) as Event;
}

/** An event of the auditing plugin. */
function audited(product: string, actionI18nKey: string, more: object = {}): Event {
	const author = {id: '10', name: 'ann', type: 'user'};
	return eventOf(`${product}-data-center`, {timestamp: '2026-01-31T12:00:00Z', author, type: {actionI18nKey}, ...more});
}

function organized(action: string, second = 0): Event {
	const time = new Date(Date.UTC(2026, 0, 31, 12, 0, second)).toISOString();
	const actor = {id: '1', name: 'ann', email: 'ann@example.com'};
	return eventOf('atlassian-org-events', {id: `${action}-${second}`, attributes: {time, action, actor}});
}

const publicOf = (to: string) => ({changedValues: [{key: 'Public', from: 'false', to}]});
const tries = (count: number) => Array.from({length: count}, (_, second) => organized('user_login_failed', second));

/** What each rule must find, and what it must not. */
const cases: Readonly<Record<string, readonly [yes: readonly Event[], no: readonly Event[]]>> = {
	impersonation: [[organized('user_logged_in_as_user')], [organized('user_login')]],
	'audit-log-off': [
		[
			audited('jira', 'atlassian.audit.event.action.audit.config.updated'),
			audited('bitbucket', 'Audit events discarded'),
		],
		[audited('jira', 'atlassian.audit.event.action.audit.search')],
	],
	'administrator-granted': [
		[
			organized('added_org_admin'),
			audited('jira', 'jira.auditing.global.permission.added'),
			audited('confluence', 'audit.logging.summary.space.permission.added', {
				changedValues: [{key: 'Type', to: 'SYSTEMADMINISTRATOR'}],
			}),
		],
		[audited('confluence', 'audit.logging.summary.space.permission.added'), organized('removed_org_admin')],
	],
	'bulk-export': [
		[
			audited('bitbucket', 'Full data export triggered'),
			audited('jira', 'data-pipeline.audit.action.full.export.unauthorized'),
			audited('confluence', 'audit.logging.summary.space.export'),
		],
		[audited('confluence', 'audit.logging.summary.page.exported.word')],
	],
	'site-exported': [
		[audited('confluence', 'audit.logging.summary.site.export')],
		[audited('confluence', 'audit.logging.summary.site.import')],
	],
	'sso-changed': [
		[audited('jira', 'com.atlassian.plugins.authentication.audit.action.removal')],
		[audited('confluence', 'audit.logging.summary.applink.edited')],
	],
	'two-step-verification-off': [[organized('twosv_disabled_for_user')], [organized('twosv_enabled_for_user')]],
	'api-key-created': [
		[organized('api_token_created'), audited('bitbucket', 'bitbucket.ssh.audit.action.sshkeycreated')],
		[organized('api_token_revoked')],
	],
	'anonymous-access-granted': [
		[
			audited('confluence', 'audit.logging.summary.global.permission.added', {
				affectedObjects: [{name: 'Anonymous', type: 'User'}],
			}),
		],
		[audited('confluence', 'audit.logging.summary.global.permission.added')],
	],
	'public-link': [
		[audited('confluence', 'audit.logging.summary.public.link.created')],
		[audited('confluence', 'audit.logging.summary.public.link.disabled')],
	],
	'repository-public': [
		[audited('bitbucket', 'bitbucket.service.repository.audit.action.repositorymodified', publicOf('true'))],
		[audited('bitbucket', 'bitbucket.service.repository.audit.action.repositorymodified', publicOf('false'))],
	],
	'secret-scanning-off': [
		[audited('bitbucket', 'Global secret scanning rule deleted')],
		[audited('bitbucket', 'Global secret scanning rule created')],
	],
	'app-installed': [
		[audited('confluence', 'audit.logging.summary.plugin.installed')],
		[audited('confluence', 'audit.logging.summary.plugin.uninstalled')],
	],
	'allowlist-off': [
		[audited('confluence', 'audit.logging.summary.whitelist.turned.off')],
		[audited('confluence', 'audit.logging.summary.whitelist.url.added')],
	],
	'login-failed': [[organized('user_login_failed')], [organized('user_login')]],
	'login-succeeded': [[organized('user_login')], [organized('user_login_failed')]],
	'many-failed-logins': [tries(10), tries(9)],
	'login-guessed': [
		[...tries(12), organized('user_login', 30)],
		[...tries(12), organized('user_logout', 30)],
	],
};

describe('rules of detection', () => {
	it('have cases, each, and say what they find', () => {
		assert.deepEqual(Object.keys(cases).sort(), [...rules.keys()].sort());
		const ids = [...rules.values()].map(({id}) => id);
		assert.equal(new Set(ids).size, ids.length);
		for (const {title, description, level, id} of rules.values()) {
			assert.ok(title.length > 5 && description.length > 10, title);
			assert.match(level, /^(informational|low|medium|high|critical)$/);
			assert.match(id, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
		}
	});

	for (const [name, [yes, no]] of Object.entries(cases)) {
		it(`find what they are for, and not its opposite: ${name}`, () => {
			const {correlation} = rules.get(name)!;
			if (correlation) assert.ok(found(name, yes).length > 0);
			else for (const event of yes) assert.equal(found(name, [event]).length, 1, JSON.stringify(event));
			assert.deepEqual(found(name, no), []);
		});
	}
});
