import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {list, load as plugin} from '../lib/registry.ts';
import {toEcs} from '../lib/schemas/ecs.ts';
import {commonRecord, mappingFacts, mapRecord} from '../lib/source/common-record.ts';
import {parseRecord, readRecord} from '../lib/source/records.ts';
import {apiSources} from './support/api-sources.ts';
import {startEmulator} from './support/emulator.ts';
import {type Event, folded, found, rules} from './support/sigma.ts';
import {root} from './support/tree.ts';

/** Of the appendix of Sigma's specification about tags. */
const tactics =
	'initial-access execution persistence privilege-escalation defense-evasion credential-access discovery lateral-movement collection exfiltration command-and-control impact'.split(
		' ',
	);

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

function organized(action: string, second = 0, name = 'ann', ip = '192.0.2.1'): Event {
	const time = new Date(Date.UTC(2026, 0, 31, 12, 0, second)).toISOString();
	const actor = {id: name, name, email: `${name}@example.com`};
	const location = {ip};
	return eventOf('atlassian-org-events', {id: `${action}-${second}`, attributes: {time, action, actor, location}});
}

/** Changed values, as `Public: false > true`. */
function changing(...changes: readonly string[]) {
	return {
		changedValues: changes.map(change => {
			const [, key, from, to] = /^(.+): (.*) > (.*)$/.exec(change)!;
			return {key, ...(from ? {from} : {}), ...(to ? {to} : {})};
		}),
	};
}

const objects = (...names: readonly string[]) => ({
	affectedObjects: names.map(name => {
		const [type, text] = name.split('=');
		return {type, id: '7', name: text};
	}),
});
const tries = (count: number, name?: (at: number) => string, ip?: (at: number) => string) =>
	Array.from({length: count}, (_, at) => organized('user_login_failed', at, name?.(at), ip?.(at)));
/** A login of the same user elsewhere. */
const elsewhere = (event: Event) => ({...event, event: {...(event as {event?: object}).event, dataset: 'other'}});
const repository = 'bitbucket.service.repository.audit.action.repositorymodified';
const project = 'bitbucket.service.project.audit.action.projectmodified';
const globalPermission = 'bitbucket.service.user.audit.action.globalpermission';

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
			audited('jira', 'jira.auditing.global.permission.added', changing('Permission:  > Jira System Administrators')),
			audited('confluence', 'audit.logging.summary.global.permission.added', changing('Type:  > SYSTEMADMINISTRATOR')),
			audited('bitbucket', `${globalPermission}granted`, changing('Permission:  > SYS_ADMIN')),
			audited('bitbucket', `${globalPermission}modified`, changing('Permission: LICENSED_USER > SYS_ADMIN')),
			audited('jira', 'jira.auditing.user.added.to.group', objects('GROUP=jira-administrators', 'USER=ann')),
			audited('bitbucket', 'User added to group', objects('GROUP=stash-admins', 'USER=ann')),
		],
		[
			audited('confluence', 'audit.logging.summary.space.permission.added', changing('Type:  > SETSPACEPERMISSIONS')),
			audited('bitbucket', `${globalPermission}granted`, changing('Permission:  > LICENSED_USER')),
			audited('bitbucket', `${globalPermission}modified`, changing('Permission: SYS_ADMIN > LICENSED_USER')),
			audited('jira', 'jira.auditing.global.permission.added', changing('Permission:  > Browse users and groups')),
			audited('bitbucket', 'Repository permission granted', changing('Permission:  > REPO_ADMIN')),
			audited('bitbucket', 'Project permission granted', changing('Permission:  > PROJECT_ADMIN')),
			audited('bitbucket', `${globalPermission}revoked`, changing('Permission: SYS_ADMIN > ')),
			audited('jira', 'jira.auditing.user.added.to.group', objects('GROUP=jira-users', 'USER=ann')),
			audited('jira', 'jira.auditing.user.removed.from.group', objects('GROUP=jira-administrators', 'USER=ann')),
			organized('removed_org_admin'),
		],
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
		[
			audited('bitbucket', repository, changing('Public: false > true')),
			audited('bitbucket', project, changing('Name: a > b', 'Public: false > true')),
		],
		[
			audited('bitbucket', repository, changing('Public: true > false', 'Forkable: false > true')),
			audited('bitbucket', repository, changing('Name: a > true')),
		],
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
		[
			audited('confluence', 'audit.logging.summary.whitelist.turned.off'),
			audited('bitbucket', 'Allowlist turned off'),
			audited('jira', 'jira.auditing.allowlist.rule.deleted'),
		],
		[audited('confluence', 'audit.logging.summary.whitelist.url.added')],
	],
	'login-failed': [[organized('user_login_failed')], [organized('user_login')]],
	'login-succeeded': [[organized('user_login')], [organized('user_login_failed')]],
	'many-failed-logins': [tries(10), [...tries(9), elsewhere(organized('user_login_failed', 9))]],
	'login-guessed': [
		[...tries(12), organized('user_login', 30)],
		[...tries(12), organized('user_logout', 30), elsewhere(organized('user_login', 31))],
	],
	'password-spraying': [
		tries(10, at => `user${at}`),
		[
			...tries(20, at => `user${at % 9}`),
			...tries(
				20,
				at => `user${at}`,
				at => `192.0.2.${at}`,
			),
		],
	],
};

describe('rules of detection', () => {
	it('have cases, each, and say what they find', () => {
		assert.deepEqual(Object.keys(cases).sort(), [...rules.keys()].sort());
		const ids = [...rules.values()].map(({id}) => id);
		assert.equal(new Set(ids).size, ids.length);
		for (const {title, description, level, id, ...more} of rules.values()) {
			assert.ok(title.length > 5 && description.length > 10, title);
			assert.match(level, /^(informational|low|medium|high|critical)$/);
			assert.match(id, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
			assert.equal(more.author, 'rxaudit', title);
			assert.ok(!Number.isNaN(new Date(more.date).getTime()), title);
			assert.ok(more.falsepositives.length > 0, title);
			for (const reference of more.references ?? []) assert.equal(new URL(reference).protocol, 'https:');
			const named = more.tags.map(tag => tag.replace(/^attack\./, ''));
			assert.ok(
				named.some(tag => tactics.includes(tag)),
				title,
			);
			const others = named.filter(tag => !tactics.includes(tag));
			for (const tag of others) assert.match(tag, /^t\d{4}(\.\d{3})?$/, title);
		}
	});

	it('are in the list of docs/rules/README.md, which npm run docs writes', () => {
		const listed = readFileSync(new URL('docs/rules/README.md', root), 'utf8');
		for (const name of rules.keys()) assert.ok(listed.includes(`(${name}.yml)`), name);
	});

	it('ask for no two members of one object in a list, which an index takes apart', () => {
		for (const {name, detection} of rules.values()) {
			const fields = Object.values(detection ?? {}).flatMap(selection => Object.keys(Object(selection) as object));
			const inLists = fields.filter(field => /^atlassian\.(targets|containers|changes|attributes)\b/.test(field));
			assert.ok(new Set(inLists).size <= 1, name);
		}
	});

	it('find something in the logs of the emulator, each but those that count', async () => {
		const emulator = await startEmulator({events: 1500});
		try {
			const logs = apiSources.flatMap(source => {
				const {name, records} = source;
				const facts = mappingFacts(records);
				return Array.from(emulator.api(name).records(), ({text}) => {
					const record = readRecord(records, parseRecord(Buffer.from(text)), source.order === 'none' ? 0 : undefined);
					return toEcs(commonRecord({...facts, name, tenant: ''}, record, record.value), facts) as Event;
				});
			});
			const single = [...rules.values()].filter(({correlation}) => !correlation);
			assert.deepEqual(
				single.map(({name}) => name).filter(name => found(name, logs).length === 0),
				[],
			);
		} finally {
			await emulator.close();
		}
	});

	for (const [name, [yes, no]] of Object.entries(cases)) {
		it(`find what they are for, and not its opposite: ${name}`, () => {
			const {correlation} = rules.get(name)!;
			if (correlation) assert.ok(found(name, yes).length > 0);
			else for (const event of yes) assert.equal(found(name, [event]).length, 1, JSON.stringify(event));
			assert.deepEqual(found(name, no, folded), []);
		});
	}
});
