import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {enrichFlags, enrichmentFrom} from '../../../lib/cli/flags/enrich.ts';
import {parseFlags} from '../../../lib/cli/flags/flags.ts';
import {startEmulator} from '../../support/emulator.ts';
import {ConfigError} from '../../../lib/model/errors.ts';
import type {AuditEvent} from '../../../lib/model/event.ts';
import {enrich} from '../../../lib/operators/enrich.ts';
import {normalize} from '../../../lib/operators/normalize.ts';
import {run} from '../../../lib/run/run.ts';
import {list, load} from '../../../lib/registry.ts';
import type {Source} from '../../../lib/source/define-source.ts';
import {memorySink} from '../../../lib/testing/memory-sink.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {testWorld} from '../../support/world.ts';

const orgEvents = await load('source', 'atlassian-org-events');
const site = await load('source', 'jira-cloud');
const server = await load('source', 'crowd-data-center');

const vendor = 'https://api.atlassian.com';
const orgOptions = {orgId: 'acme', token: 'T0ken'};
const siteOptions = {endpoint: 'https://acme.atlassian.net', username: 'ann', password: 'ann-s-s3cret'};

async function found(source: Source, options: object, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
	const flags = {...enrichFlags, format: {value: 'FORMAT', help: ''}};
	const {values} = parseFlags([...args], flags, 0, testWorld());
	return enrichmentFrom(source, options as Readonly<Record<string, unknown>>, values, env);
}

async function refused(message: RegExp, ...given: Parameters<typeof found>): Promise<void> {
	await assert.rejects(found(...given), (error: unknown) => {
		assert(error instanceof ConfigError);
		assert.match(error.message, message);
		assert.doesNotMatch(error.message, /T0ken|s3cret/);
		return true;
	});
}

describe('--enrich', () => {
	const folder = temporaryFolder();

	it('is nothing where it is not given, and its other flags are refused then', async () => {
		assert.equal(await found(orgEvents, orgOptions, []), undefined);
		await refused(/^--enrich-org-id: expected --enrich users or actions beside it$/, orgEvents, orgOptions, [
			'--enrich-org-id=other',
		]);
	});

	it('says what the state belongs to: what is asked for, where, and of whom', async () => {
		const users = await found(orgEvents, orgOptions, ['--enrich=users', '--enrich=users']);
		const bound = {'--enrich': 'users', '--enrich-endpoint': `${vendor}/`, '--enrich-org-id': 'acme'};
		assert.deepEqual(users?.binding, bound);
		assert.deepEqual(Object.keys(users.options), ['users']);
		const both = await found(orgEvents, orgOptions, ['--enrich=users', '--enrich-org-id=other', '--enrich=actions']);
		assert.deepEqual(both?.binding, {...bound, '--enrich': 'actions users', '--enrich-org-id': 'other'});
		assert.deepEqual(Object.keys(both.options).sort(), ['actions', 'users']);
	});

	it('asks at the address of the source where that is of the same vendor', async () => {
		const proxy = {...orgOptions, endpoint: 'https://proxy.example/admin/'};
		const at = async (...given: Parameters<typeof found>) => (await found(...given))?.binding['--enrich-endpoint'];
		assert.equal(await at(orgEvents, proxy, ['--enrich=users']), 'https://proxy.example/admin');
		const env = {RXAUDIT_ENRICH_TOKEN: 'own'};
		const other = ['--enrich=users', '--enrich-org-id=acme'];
		assert.equal(await at(site, siteOptions, other, env), `${vendor}/`);
		const local = 'http://127.0.0.1:8080';
		assert.equal(await at(site, siteOptions, [...other, `--enrich-endpoint=${local}`], env), `${local}/`);
	});

	it('refuses what cannot work, before any request', async () => {
		const cases: readonly [RegExp, ...Parameters<typeof found>][] = [
			[/^--enrich: expected users or actions, got "names"$/, orgEvents, orgOptions, ['--enrich=names']],
			[/^--enrich: .*raw/, orgEvents, orgOptions, ['--enrich=users', '--format=raw']],
			[/^--enrich users: nothing lists the users of crowd-data-center/, server, siteOptions, ['--enrich=users']],
			[/^--enrich actions: nothing lists the actions of jira-cloud/, site, siteOptions, ['--enrich=actions']],
			[/^--enrich-org-id: expected the organization id, got nothing$/, site, siteOptions, ['--enrich=users']],
			[/^--enrich-org-id: expected letters/, orgEvents, orgOptions, ['--enrich=users', '--enrich-org-id=a/b']],
			[/^--enrich-org-id: expected letters/, orgEvents, orgOptions, ['--enrich=actions', '--enrich-org-id=a/b']],
			[/^--enrich-endpoint: /, orgEvents, orgOptions, ['--enrich=users', '--enrich-endpoint=http://host.example']],
			[/^--enrich-endpoint: /, orgEvents, orgOptions, ['--enrich=users', '--enrich-endpoint=']],
			[/^--enrich-token-file: /, orgEvents, orgOptions, ['--enrich=users', `--enrich-token-file=${folder()}`]],
		];
		for (const [message, ...given] of cases) await refused(message, ...given);
	});

	it('takes the credentials of the source to its own origin only', async () => {
		const away = ['--enrich=users', '--enrich-endpoint=https://other.example'];
		const own = /of the source stay with it, got none; set RXAUDIT_ENRICH_TOKEN, or give --enrich-token-file FILE$/;
		await refused(own, orgEvents, orgOptions, away);
		const organization = ['--enrich=users', '--enrich-org-id=acme'];
		await refused(own, site, {...siteOptions, token: 'T0ken'}, organization);
		const home = [...organization, `--enrich-endpoint=${siteOptions.endpoint}`];
		await refused(/got a user name and a password, which it does not take; set/, site, siteOptions, home);
		assert(await found(site, {...siteOptions, token: 'T0ken'}, home));
		assert(await found(orgEvents, orgOptions, away, {RXAUDIT_ENRICH_TOKEN: 'own'}));
	});

	it('enriches a site from its organization, each with its own credentials', async () => {
		const jira = await startEmulator({events: 60, username: 'ann', password: 'jira-s3cret', token: 'none'});
		const organization = await startEmulator({events: 60, token: 'org-t0ken'});
		try {
			fs.writeFileSync(path.join(folder(), 'token'), 'org-t0ken\n');
			const options = {endpoint: jira.url, username: 'ann', password: 'jira-s3cret', maxAttempts: 1};
			const enrichment = await found(site, options, [
				'--enrich=users',
				'--enrich-org-id=acme',
				`--enrich-endpoint=${organization.url}`,
				`--enrich-token-file=${path.join(folder(), 'token')}`,
			]);
			assert.equal(organization.requestCount, 0);
			const sink = memorySink();
			await run(start => site(options as never, start).pipe(normalize(), enrich(enrichment!.options)), sink);
			const events = sink.lines.map(line => JSON.parse(line) as AuditEvent);
			assert.equal(events.length, 60);
			const names = new Map(
				Array.from(organization.api('atlassian-org-users').records(), ({id, text}) => [
					id,
					(JSON.parse(text) as {name: string}).name,
				]),
			);
			assert.deepEqual(
				events.map(({actor}) => actor?.name),
				events.map(({actor}) => names.get(actor?.id)),
			);
			assert(events.some(({actor}) => actor?.name !== undefined));
			assert.deepEqual(new Set(organization.requests.map(({status}) => status)), new Set([200]));
		} finally {
			await Promise.all([jira.close(), organization.close()]);
		}
	});

	it('finds what sources say of each other', async () => {
		const sources = await Promise.all(list('source').map(name => load('source', name)));
		const enriched = sources.filter(({enrichedBy}) => enrichedBy);
		assert(enriched.length > 0);
		for (const {name, enrichedBy} of enriched) {
			const {users, actions} = enrichedBy!;
			if (users !== undefined) assert.equal((await load('source', users)).order, 'none', name);
			if (actions === undefined) continue;
			const {catalogue, operations} = await load('source', actions);
			assert(Object.hasOwn(operations, catalogue!.operation), name);
		}
	});
});
