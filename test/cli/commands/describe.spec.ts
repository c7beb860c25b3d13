import assert from 'node:assert/strict';
import {list, load} from '../../../lib/registry.ts';
import {runCli} from '../../support/cli.ts';
import {assertRefused} from '../../support/command-line.ts';
import {examplesIn} from '../../support/examples.ts';

describe('describe', () => {
	for (const name of list('source')) {
		it(`says what ${name} is`, async () => {
			const {code, stdout, stderr} = await runCli(['describe', name]);
			assert.deepEqual([code, stderr], [0, '']);
			assert.match(stdout, new RegExp(`^${name} \\(source\\)\n\n[^]*^Reference +https://[^]*^Options:\n  --`, 'm'));
			assert.doesNotMatch(stdout, /undefined|\[object/);
			const shown = [
				...stdout
					.split(/^Operations, .*\n/m)
					.join('\n')
					.matchAll(/^ {2}([a-z][a-z-]*) +\S/gm),
			];
			const {operations} = await load('source', name);
			assert.deepEqual(
				shown.map(([, operation]) => operation),
				Object.keys(operations),
			);
		});
	}

	it('says what ends, of a source and of an operation', async () => {
		for (const [name, line] of [
			['jira-data-center', /^Deprecation {2}Jira Data Center ends on 2029-03-28; licences end then/m],
			['confluence-data-center', /^Deprecation {2}Confluence Data Center ends on 2029-03-28; /m],
			['jira-cloud', /^Deprecation {2}GET \/rest\/api\/3\/auditing\/record: no end is known; its successor is /m],
			['confluence-cloud', /^Deprecation {2}GET \/wiki\/rest\/api\/audit: no end is known; its successor is /m],
			['atlassian-org-events', /^ {2}event .*\n {4}GET .*\/events\/\{eventId\} ends on 2026-12-21; use \/events, /m],
		] as const) {
			assert.match((await runCli(['describe', name])).stdout, line);
		}
		assert.doesNotMatch((await runCli(['describe', 'crowd-data-center'])).stdout, /^Deprecation/m);
	});

	for (const name of list('sink')) {
		it(`says what ${name} is`, async () => {
			const {code, stdout, stderr} = await runCli(['describe', name]);
			assert.deepEqual([code, stderr], [0, '']);
			assert.match(
				stdout,
				new RegExp(`^${name} \\(sink\\)\n\n[^]*^Spelled --to '${name}:[^]*^Options:\n  (--)?\\w+`, 'm'),
			);
			assert.doesNotMatch(stdout, /undefined|\[object|^ {2}\w*[A-Z]\w* |^ {2}(token|password) /m);
			const {options} = await load('sink', name);
			const takesPassword = Object.hasOwn(options.shape, 'password');
			assert.equal(/^ {2}\S*password-file /m.test(stdout), takesPassword);
		});
	}

	it('says for how long an API keeps an event, or how to ask', async () => {
		const keeps = async (name: string) => /^Keeps +(.*)$/m.exec((await runCli(['describe', name])).stdout)?.[1];
		assert.equal(await keeps('atlassian-org-events'), 'events for 180 days');
		assert.equal(await keeps('jira-cloud'), 'events for how long its document does not say');
		assert.match((await keeps('jira-data-center'))!, /as it is set to: rxaudit call jira-data-center retention$/);
		assert.equal(await keeps('atlassian-org-users'), undefined);
	});

	it('refuses other names', async () => {
		assertRefused(await runCli(['describe']), 2, /expected a source or sink, got none: one of /);
		assertRefused(await runCli(['describe', 'ndjso']), 2, /got another name \(did you mean ndjson\?\): one of /);
	});

	it('has help with examples that work', async () => {
		const {stdout} = await runCli(['describe', '--help']);
		const examples = examplesIn(stdout);
		assert.equal(examples.length, 2);
		for (const example of examples) assert.equal((await runCli(example.split(' ').slice(1))).code, 0);
	});
});
