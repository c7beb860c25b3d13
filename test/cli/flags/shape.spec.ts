import assert from 'node:assert/strict';
import fs from 'node:fs';
import {join} from 'node:path';
import type {AuditEvent} from '../../../lib/model/event.ts';
import {ecsProblems} from '../../support/ecs-validator.ts';
import {assertRefused, commandLine, idsIn, linesOf} from '../../support/command-line.ts';
import {ocsfMistakes} from '../../support/ocsf-validator.ts';

const parsed = (text: string) => linesOf(text).map(line => JSON.parse(line) as Record<string, unknown>);

describe('the shape of what pull writes', () => {
	const {folder, pull, held, emulator} = commandLine();

	it('is one event for each record in every format, valid where somebody else defines it', async () => {
		const ecs = parsed((await pull(['--format', 'ecs'])).stdout);
		assert.deepEqual(
			ecs.map(({event}) => (event as {id: string}).id),
			held(),
		);
		assert.deepEqual(ecs.flatMap(ecsProblems), []);
		const ocsf = parsed((await pull(['--format', 'ocsf'])).stdout);
		assert.deepEqual(
			ocsf.map(({metadata}) => (metadata as {uid: string}).uid),
			held(),
		);
		assert.deepEqual(ocsf.flatMap(ocsfMistakes), []);
	});

	it("has each record's own text, and not with --no-raw", async () => {
		const texts = Array.from(emulator().events(), ({text}) => text);
		const own: Record<string, (event: never) => unknown> = {
			audit: (event: {raw?: string}) => event.raw,
			ecs: (event: {event: {original?: string}}) => event.event.original,
			ocsf: (event: {raw_data?: string}) => event.raw_data,
		};
		for (const [format, rawOf] of Object.entries(own)) {
			assert.deepEqual(
				parsed((await pull(['--format', format])).stdout).map(event => rawOf(event as never)),
				texts,
			);
			const without = parsed((await pull(['--format', format, '--no-raw'])).stdout);
			assert.ok(without.every(event => rawOf(event as never) === undefined));
			assert.equal(without.length, texts.length);
		}
		assertRefused(await pull(['--format', 'raw', '--no-raw']), 2, /--no-raw: expected --format audit, ecs or ocsf/);
	});

	it('is redacted, enriched, filtered and selected in that order', async () => {
		fs.writeFileSync(join(folder(), 'key'), 'a key of sixteen bytes and more');
		const redacted = ['--redact', 'email', '--redact', 'actor.name', '--redact-key-file', 'key'];
		const {stdout, stderr, code} = await pull([...redacted, '--enrich', 'actions']);
		assert.equal(code, 0, stderr);
		assert.deepEqual(idsIn(stdout), held());
		assert.doesNotMatch(stdout, /@example/);
		const events = parsed(stdout) as unknown as AuditEvent[];
		assert.ok(events.every(({raw}) => raw === undefined));
		assert.ok(events.every(({actor}) => !actor?.name || /^redacted:[\da-f]{32}$/.test(actor.name)));
		assert.ok(events.some(({actionName, category}) => actionName && category));
		const {name} = events.find(({actor}) => actor?.name)!.actor!;
		const chosen = await pull([
			...redacted,
			'--format',
			'ecs',
			'--where',
			`user.name=${name}`,
			'--select',
			'event.id,user.name',
		]);
		const expected = events.filter(({actor}) => actor?.type === 'user' && actor.name === name).map(({id}) => id);
		assert.ok(expected.length > 0);
		assert.deepEqual(
			parsed(chosen.stdout),
			expected.map(id => ({user: {name}, event: {id}})),
		);
	});

	it('has no member of the own text that was taken out of --format raw', async () => {
		const texts = Array.from(emulator().events(), ({text}) => text);
		assert.ok(texts.every(text => text.includes('"actor":')));
		const {stdout} = await pull(['--format', 'raw', '--redact', 'attributes.actor']);
		assert.deepEqual(idsIn(stdout), held());
		assert.doesNotMatch(stdout, /"actor":/);
		assertRefused(await pull(['--format', 'raw', '--redact', 'email']), 2, /--redact: expected --format audit, ecs or/);
	});

	it('belongs to the state', async () => {
		const stateful = ['--to', 'ndjson:a.ndjson', '--state', 's'];
		// there is no raw where something is redacted
		for (const same of [[], [], ['--no-raw']]) {
			assert.equal((await pull([...stateful, '--format', 'ecs', '--redact', 'ip', ...same])).code, 0);
		}
		for (const other of [
			['--format', 'ocsf', '--redact', 'ip'],
			['--format', 'ecs'],
			['--format', 'ecs', '--redact', 'ip', '--select', 'event.id'],
			['--format', 'ecs', '--redact', 'ip', '--enrich', 'actions'],
		]) {
			assertRefused(await pull([...stateful, ...other]), 5, /--(format|redact|no-raw|select|enrich)\b.*: expected /);
		}
	});

	it('is refused where a member is spelled wrong, before anything is touched', async () => {
		for (const [args, message] of [
			[['--select', 'nope'], /--select: expected a member of the event in --format audit, got "nope"/],
			[['--select', 'targets[].name'], /--select: /],
			[['--format', 'ecs', '--where', 'outcome=failure'], /--where: expected a member .* ecs, got "outcome"/],
			[
				['--select', 'id,time', '--to', 'csv:x.csv'],
				/csv: expected common records, got selected .*; leave --select out/,
			],
		] as const) {
			assertRefused(await pull(args), 2, message);
		}
		assert.deepEqual(fs.readdirSync(folder()), []);
	});

	it('is refused by a table whose columns it does not have', async () => {
		assertRefused(
			await pull(['--format', 'ecs', '--to', 'csv:a.csv']),
			2,
			/csv: expected common records, got ECS records/,
		);
		const {code} = await pull(['--format', 'ecs', '--to', 'csv:a.csv?columns=when=@timestamp,who=user.name']);
		assert.equal(code, 0);
		assert.match(fs.readFileSync(join(folder(), 'a.csv'), 'utf8'), /^when,who\r\n20/);
	});
});
