import assert from 'node:assert/strict';
import {callHelp, describeOperations} from '../../../lib/cli/output/call-help.ts';
import {kebab} from '../../../lib/cli/flags/flags.ts';
import {connectionOptions, httpOptions, scanOptions} from '../../../lib/options/options.ts';
import {list, load} from '../../../lib/registry.ts';
import {runCli} from '../../support/cli.ts';
import {commandLine} from '../../support/command-line.ts';
import {examplesIn, runExample} from '../../support/examples.ts';

describe('describeOperations', () => {
	for (const name of list('source')) {
		it(`says what ${name} can do, with the options of each`, async () => {
			const source = await load('source', name);
			const text = describeOperations(source);
			const names = [...text.matchAll(/^ {2}([a-z][a-z-]*) +\S/gm)].map(([, operation]) => operation);
			assert.deepEqual(names, Object.keys(source.operations));
			assert.doesNotMatch(text, /undefined|\[object|--token|--endpoint|--max-attempts/, 'nothing of the connection');
			const entries = text.split(/^(?= {2}[a-z])/m).slice(1);
			for (const [at, operation] of Object.values(source.operations).entries()) {
				assert.equal(entries[at]!.includes('--body FILE|-'), operation.takesBody);
				assert.equal(entries[at]!.includes('--yes'), operation.writes);
			}
		});
	}
});

describe('callHelp', () => {
	it('offers nothing that only a scan can use', async () => {
		const ofScans = Object.keys({...scanOptions, ...httpOptions}).filter(key => !Object.hasOwn(connectionOptions, key));
		for (const name of list('source')) {
			const source = await load('source', name);
			for (const operation of Object.keys(source.operations)) {
				const own = describeOperations({...source, operations: {[operation]: source.operations[operation]!}});
				const help = await callHelp(source, operation);
				for (const flag of ofScans.map(key => `  --${kebab(key)} `)) {
					assert.equal(help.includes(flag), own.includes(flag), `${name} ${operation}: ${flag}`);
					const takesIt = ['confluence-cloud since', 'crowd-data-center filter-values'].includes(
						`${name} ${operation}`,
					);
					assert.ok(takesIt || !help.includes(flag), `${name} ${operation}: ${flag}`);
				}
				assert.doesNotMatch(help, /^ {2}--(overlap|max-event-bytes) /m);
			}
		}
	});

	const {folder, emulator} = commandLine({events: 40});

	it('is of one operation, of one source, or of all', async () => {
		const source = await load('source', 'atlassian-org-events');
		const one = await callHelp(source, 'event');
		assert.match(one, /^Usage: rxaudit call atlassian-org-events event --org-id VALUE --event-id VALUE \[options\]\n/);
		assert.match(one, /^ {2}--event-id VALUE [^]*^ {2}--endpoint URL [^]*^ {2}--token-file FILE /m);
		assert.doesNotMatch(one, /^ {2}--(yes|body|password-file|token) /m);
		assert.match(await callHelp(source), /^Usage: rxaudit call atlassian-org-events <operation> \[[^]*^ {2}event /m);
		assert.match(
			await callHelp(),
			/^Usage: rxaudit call <source> <operation> \[[^]*^ {2}atlassian-org-events +event, /m,
		);
		assert.match(
			await callHelp({...source, name: source.name, operations: {}}),
			/^atlassian-org-events has no operations\.$/m,
		);
	});

	it('speaks of changes where there are any', async () => {
		const source = await load('source', 'jira-data-center');
		const reading = await callHelp(source, 'retention');
		assert.match(reading, /^Usage: rxaudit call jira-data-center retention --endpoint URL \[options\]$/m);
		assert.doesNotMatch(reading, /yes/);
		const writing = await callHelp(source, 'set-retention');
		assert.match(
			writing,
			/^Usage: rxaudit call jira-data-center set-retention --endpoint URL --body FILE\|- \[options\]$/m,
		);
		assert.match(writing, /asked for:\ntype yes\.[^]*^ {2}--body FILE\|- .*; required$[^]*^ {2}--yes /m);
		for (const help of [reading, writing]) assert.match(help, /^ {2}--quiet [^]*^ {2}--log-format text\|json /m);
		assert.doesNotMatch(await callHelp(await load('source', 'atlassian-org-events')), /yes/);
		assert.match(await callHelp(), /type yes/);
	});

	it('comes on stdout', async () => {
		for (const args of [
			['call', '-h'],
			['help', 'call'],
			['call', 'atlassian-org-events', 'event', '--help'],
		]) {
			const {code, stdout, stderr} = await runCli(args);
			assert.deepEqual([code, stderr], [0, '']);
			assert.match(stdout, /^Usage: rxaudit call/);
		}
	});

	it('has an example that works', async () => {
		const [example] = examplesIn(await callHelp());
		const {code, stdout, stderr} = await runExample(
			example!.replace(' --org-id', ` --endpoint ${emulator().url} --org-id`),
			folder(),
		);
		assert.deepEqual([code, stderr], [0, '']);
		assert.ok(Array.isArray((JSON.parse(stdout) as {data: unknown}).data));
	});
});
