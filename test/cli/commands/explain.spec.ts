import assert from 'node:assert/strict';
import fs from 'node:fs';
import {join} from 'node:path';
import {explanation} from '../../../lib/cli/commands/explain.ts';
import {startEmulator} from '../../support/emulator.ts';
import {apiSources} from '../../support/api-sources.ts';
import {type CliOptions, runCli} from '../../support/cli.ts';
import {assertRefused, commandLine, linesOf} from '../../support/command-line.ts';

const explain = (args: readonly string[], options: CliOptions = {}) => runCli(['explain', ...args], options);

describe('explain', () => {
	const {folder, pull} = commandLine();
	const record = {
		id: 'e1',
		attributes: {
			time: '2026-01-31T23:59:59Z',
			action: 'user_login_failed',
			actor: {id: 'x', email: 'ann@example.com'},
			location: {ip: '203.0.113.5'},
		},
	};

	it('shows what a record becomes in each format, and which rule made each member', async () => {
		const file = join(folder(), 'event.json');
		fs.writeFileSync(file, JSON.stringify(record));
		const {code, stdout, stderr} = await explain([file, '--source', 'atlassian-org-events']);
		assert.deepEqual([code, stderr], [0, '']);
		const [raw, audit, ecs, ocsf] = stdout.split(/^--format .*\n/m);
		assert.deepEqual(JSON.parse(raw!.slice(raw!.indexOf('{'))), record);
		const says = (part: string | undefined, member: string, value: string, origin: string) =>
			assert.ok(new RegExp(`^  ${member} +${value}\n +← ${origin}`, 'm').test(part!), `${member} in ${part}`);
		says(audit, 'activity', '"user-login"', 'action, by the rule "user login failed"');
		says(audit, 'actor.email', '"ann@example.com"', 'attributes.actor.email');
		says(audit, 'outcome', '"failure"', '"?failure"? where attributes.action says');
		says(ecs, 'event.category', String.raw`\["authentication"\]`, 'activity');
		says(ecs, 'source.ip', '"203.0.113.5"', 'origin.ip');
		says(ocsf, 'type_uid', '300201', 'activity');
		says(ocsf, 'status_id', '2', 'outcome');
		assert.doesNotMatch(stdout, /undefined|\[object/);
	});

	it('says which action has no rule', async () => {
		const unknown = {...record, attributes: {...record.attributes, action: 'never_heard_of\u009b'}};
		const {stdout} = await explain(['-', '--source', 'atlassian-org-events'], {input: JSON.stringify(unknown)});
		assert.match(stdout, /^No rule of atlassian-org-events knows this action/m);
		assert.match(stdout, /^ {2}type_uid +99$/m);
		assert.ok(!stdout.includes('\u009b'), 'nothing that a terminal obeys');
	});

	it('takes a line of --format audit, and an answer with one record in it', async () => {
		const [line] = linesOf((await pull()).stdout);
		const {code, stdout} = await explain(['-'], {input: line!});
		assert.equal(code, 0);
		assert.ok(stdout.includes(JSON.stringify((JSON.parse(line!) as {id: string}).id)));
		assert.match(stdout, /^ {2}tenant +"ORG"$/m);
		for (const data of [record, [record]]) {
			const answer = await explain(['-', '--source', 'atlassian-org-events'], {input: JSON.stringify({data})});
			assert.match(answer.stdout, /^ {2}id +"e1"$/m);
		}
	});

	it('explains records of every source', async () => {
		const emulator = await startEmulator({events: 3});
		try {
			for (const {name} of apiSources) {
				const [{text}] = emulator.api(name).records() as Iterable<{text: string}> & [{text: string}];
				const {code, stdout, stderr} = await explain(['-', '--source', name], {input: text});
				assert.equal(code, 0, stderr);
				// what nothing is said of has the record as its origin
				assert.doesNotMatch(stdout, /← the record$/m, name);
			}
		} finally {
			await emulator.close();
		}
	});

	it("shows the record's own digits and keys", async () => {
		const input =
			'{"id":"e1", "n":12345678901234567890,"f":1.0,"e":{ },"a":[],"t":"a, {b}: \\"c\\"","attributes":{"time":"2026-01-31T23:59:59Z"},"n":2}';
		const {stdout} = await explain(['-', '--source', 'atlassian-org-events'], {input});
		const record = stdout.slice(stdout.indexOf('{'), stdout.indexOf('\n\n--format'));
		assert.equal(record.replace(/\s/g, ''), input.replace(/\s/g, ''));
		assert.ok(record.split('\n').length > 9, record);
	});

	it('refuses what is no record, in one line', async () => {
		const input = JSON.stringify(record);
		const known = ['--source', 'atlassian-org-events'];
		for (const [args, given, message] of [
			[[], '', /expected a file with a record, or -, got nothing/],
			[['-'], input, /--source: expected the source of the record, got none: one of atlassian-org-events, /],
			[['-', '--source', 'jira'], input, /got another name.*jira-cloud/],
			[['-', ...known], '{"id": ', /explain -: expected JSON, got its end at line 1/],
			[
				['-', ...known],
				JSON.stringify({data: [record, record]}),
				/expected one record, got 2; cut one out: jq '\.data\[0\]'/,
			],
			[['-', ...known], JSON.stringify([]), /expected one record, got 0/],
			[
				['-', ...known],
				'{"id": "a"}',
				/expected a record of atlassian-org-events, but the record's time cannot be read/,
			],
			[
				['-'],
				JSON.stringify({time: 'x', source: 'a', tenant: 'b'}),
				/got a line that was written without it \(--no-raw\)/,
			],
			[[join(folder(), 'none'), ...known], '', /expected a file with JSON, or -, but ENOENT/],
		] as const) {
			assertRefused(await explain(args, {input: given}), 2, message);
		}
	});
});

const rowsOf = (event: object, origins: Readonly<Record<string, string>> = {}) =>
	[...explanation(event, origins).matchAll(/^ {2}(\S+) +(.*)\n +← (.*)\n/gm)].map(match => match.slice(1));

describe('explanation', () => {
	it('shows each member with its path, its value and what it is made from', () => {
		const origins = {
			id: 'the id',
			'actor.name': 'who',
			'targets.name': 'what',
			ips: 'the addresses',
			nested: 'as a whole',
		};
		const event = {
			id: 'a',
			actor: {name: 'Ann'},
			targets: [{name: 'x'}, {name: 'y', more: 1}],
			ips: ['1', '2'],
			nested: {a: [{b: 1}]},
		};
		assert.deepEqual(rowsOf(event, origins), [
			['id', '"a"', 'the id'],
			['actor.name', '"Ann"', 'who'],
			['targets[0].name', '"x"', 'what'],
			['targets[1].name', '"y"', 'what'],
			['targets[1].more', '1', 'the record'],
			['ips', '["1","2"]', 'the addresses'],
			['nested', '{"a":[{"b":1}]}', 'as a whole'],
		]);
	});

	it('takes no origin from the prototype', () => {
		assert.deepEqual(rowsOf({constructor: 1}), [['constructor', '1', 'the record']]);
	});

	it('cuts long values, and escapes what a terminal would obey', () => {
		const text = explanation({'a\u001b[2J': `\u009b2J${'x'.repeat(1000)}`}, {});
		assert.match(text, /^ {2}a\\u001b\[2J +"\\u009b2Jx{90,120}…\n/);
		assert.ok(!/[\u001b\u009b]/.test(text));
	});
});
