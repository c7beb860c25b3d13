import assert from 'node:assert/strict';
import {ConfigError, SourceError} from '../../lib/model/errors.ts';
import type {BoundOperation} from '../../lib/source/operations.ts';
import bitbucket from '../../sources/bitbucket-data-center.ts';
import confluence from '../../sources/confluence-data-center.ts';
import jira from '../../sources/jira-data-center.ts';
import {collect, jiraPages, withEmulator} from '../support/data-center.ts';
import {withJsonServer} from '../support/json-server.ts';

const {operations} = jira;
const levelByArea = {
	'global-config-and-administration': 'base',
	'user-management': 'base',
	permissions: 'base',
	'local-config-and-administration': 'base',
	security: 'base',
	'end-user-activity': 'base',
	ecosystem: 'base',
};

/** Bodies that cannot be sent have no type that says so. */
function prepare(name: string, body: unknown, connection: object) {
	const operation = Object.entries<BoundOperation>(jira.operations).find(([known]) => known === name)![1];
	return operation.prepare({...connection}, body);
}

describe('Data Center configuration', () => {
	it('is read from each product', async () => {
		await withEmulator({}, async ({url, token}) => {
			for (const [source, context] of [
				[jira, '/jira'],
				[confluence, '/confluence'],
				[bitbucket, '/bitbucket'],
			] as const) {
				const options = {endpoint: `${url}${context}`, token};
				assert.deepEqual(await source.operations.coverage(options), {levelByArea});
				assert.deepEqual(await source.operations.retention(options), {period: {years: 3, months: 0, days: 0}});
			}
			assert.deepEqual(await operations['retention-file']({endpoint: url, token}), {maxFileCount: 100});
		});
	});

	it('is set as a whole, areas that are left out staying as they are', async () => {
		await withEmulator({}, async emulator => {
			const options = {endpoint: `${emulator.url}/jira`, token: emulator.token};
			const sinceMs = Date.now() - 60_000;
			const set = (given: Readonly<Record<string, 'off' | 'advanced' | 'full'>>) =>
				operations['set-coverage']({...options, body: {levelByArea: given}});
			await set({security: 'full', 'end-user-activity': 'off'});
			const expected = {
				levelByArea: {...levelByArea, 'end-user-activity': 'off', security: 'full', ecosystem: 'advanced'},
			};
			assert.deepEqual(await set({ecosystem: 'advanced'}), expected);
			assert.deepEqual(await operations.coverage(options), expected);
			const changes = (
				await collect(jiraPages(emulator, {search: 'configuration', since: sinceMs, until: Date.now() + 60_000}))
			)
				.flatMap(({events}) => events)
				.flatMap(({changedValues}) => changedValues!.map(({from, to}) => `${from} -> ${to}`));
			assert.deepEqual(changes.sort(), [
				'ecosystem : base -> ecosystem : advanced',
				'end_user_activity : base -> end_user_activity : off',
				'security : base -> security : full',
			]);
		});
	});

	it('keeps areas of the server that no document names', async () => {
		const current = {levelByArea: {...levelByArea, 'artificial-intelligence': 'full'}};
		await withJsonServer(
			() => current,
			async (endpoint, served) => {
				await operations['set-coverage']({endpoint, token: 't', body: {levelByArea: {security: 'off'}}});
				assert.deepEqual(
					served.map(({method, url}) => `${method} ${url}`),
					['GET', 'PUT'].map(method => `${method} /rest/auditing/1.0/configuration/coverage`),
				);
				assert.deepEqual(JSON.parse(served[1]!.body), {levelByArea: {...current.levelByArea, security: 'off'}});
			},
		);
	});

	it('says what it would change, and changes nothing by that', async () => {
		await withEmulator({}, async ({url, token, requests}) => {
			const options = {endpoint: `${url}/jira`, token};
			const cases: [name: string, body: object, preview: string][] = [
				['coverage', {levelByArea: {security: 'full', permissions: 'base'}}, 'security: base -> full'],
				[
					'retention',
					{period: {months: 6}},
					'years: 3 -> 0\nmonths: 0 -> 6\nthe server deletes events older than that, for good',
				],
				['retention-file', {maxFileCount: 5}, 'maxFileCount: 100 -> 5\nthe server deletes older files, for good'],
			];
			for (const [name, body, preview] of cases) {
				assert.equal(await prepare(`set-${name}`, body, options).preview(), preview);
			}
			const coverage = await prepare('coverage', undefined, options).run();
			const same = await prepare('set-coverage', {levelByArea: {permissions: 'base'}}, options).preview();
			assert.deepEqual(same, {unchanged: coverage});
			assert.ok(requests.every(({method}) => method === 'GET'));
		});
	});

	it('sets how long events and files are kept', async () => {
		await withEmulator({}, async ({url, token}) => {
			const options = {endpoint: `${url}/jira`, token};
			const period = {years: 10, months: 0, days: 0};
			assert.deepEqual(await operations['set-retention']({...options, body: {period: {years: 10}}}), {period});
			assert.deepEqual(await operations.retention(options), {period});
			assert.deepEqual(await operations['set-retention-file']({...options, body: {maxFileCount: 7}}), {
				maxFileCount: 7,
			});
			assert.deepEqual(await operations['retention-file'](options), {maxFileCount: 7});
		});
	});

	it('sets nothing where the server does not say what is set', async () => {
		await withJsonServer(
			() => ({}),
			async (endpoint, served) => {
				await assert.rejects(
					operations['set-coverage']({endpoint, token: 't', body: {levelByArea: {security: 'off'}}}),
					(error: unknown) =>
						error instanceof SourceError &&
						error.message === 'jira-data-center coverage: expected levelByArea, got undefined',
				);
				assert.equal(served.length, 1);
			},
		);
	});

	it('is checked before anything is sent', () => {
		const wrong: [name: string, body: unknown, message: RegExp][] = [
			['set-coverage', undefined, /body/],
			['set-coverage', {}, /body\.levelByArea: expected a level for one or more of global-config/],
			['set-coverage', {levelByArea: {secutity: 'off'}}, /body\.levelByArea: expected .*security.*, got secutity$/],
			[
				'set-coverage',
				{levelByArea: {security: 'loud'}},
				/body\.levelByArea\.security: expected .*"off".*, got "loud"$/,
			],
			['set-coverage', {levelByArea: {security: undefined}}, /security/],
			['set-coverage', {levelByArea: {security: 'off'}, more: 1}, /body: .*more/],
			['set-retention', {years: 3}, /body\.period/],
			['set-retention', {period: {}}, /body\.period: expected a period longer than nothing/],
			['set-retention', {period: {years: 0, days: 0}}, /longer than nothing/],
			['set-retention', {period: {years: '3'}}, /body\.period\.years: expected a whole number .*, got "3"/],
			['set-retention', {period: {years: -1}}, /body\.period\.years: expected a whole number/],
			['set-retention', {period: {weeks: 2}}, /body\.period: expected years, months or days, got weeks/],
			['set-retention-file', {maxFileCount: 0}, /body\.maxFileCount: expected a whole number/],
		];
		for (const [name, body, message] of wrong) {
			assert.throws(
				() => prepare(name, body, {endpoint: 'http://127.0.0.1:1', token: 't'}),
				(error: unknown) => {
					assert.ok(error instanceof ConfigError, String(error));
					assert.match(error.message, message);
					return true;
				},
			);
		}
	});

	it('says of each operation whether it changes something', () => {
		for (const [name, {docs, writes, takesBody}] of Object.entries(jira.operations)) {
			assert.equal(writes, name.startsWith('set-'), name);
			assert.equal(takesBody, writes, name);
			assert.match(docs, writes ? /^Sets .*\{"/ : /^Gives /);
		}
	});
});
