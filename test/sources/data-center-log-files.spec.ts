import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {of} from 'rxjs';
import {ConfigError} from '../../lib/model/errors.ts';
import type {AuditEvent, AuditPerson} from '../../lib/model/event.ts';
import type {Page} from '../../lib/model/page.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {run} from '../../lib/run/run.ts';
import {load} from '../../lib/registry.ts';
import logFiles from '../../sources/data-center-log-files.ts';
import {startEmulator} from '../support/emulator.ts';
import {appendLog, firstMs, lineOfRecord, logLine, logName} from '../support/log-files.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {listen} from '../support/pages.ts';
import {runCli} from '../support/cli.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

type Options = Parameters<typeof logFiles>[0];

describe('data-center-log-files', () => {
	const folder = temporaryFolder('memory');
	const node = (name = 'n1') => path.join(folder(), name);
	const fileOf = (name: string, of = 'n1') => path.join(node(of), name);
	const lines = (...numbers: readonly number[]) => numbers.map(number => logLine({number}));

	/** What several runs with one state put into one archive. */
	function archive(given: Partial<Options> = {}) {
		const stop = {left: Infinity, controller: new AbortController()};
		const sink = memorySink({
			step: at => void (at.startsWith('written') && --stop.left === 0 && stop.controller.abort()),
		});
		const state = memoryStore();
		return {
			sink,
			state,
			/** Stops behind so many pages. */
			async fill(more: Partial<Options> = {}, pages = Infinity) {
				Object.assign(stop, {left: pages, controller: new AbortController()});
				const notes: string[] = [];
				const options: Options = {path: folder(), product: 'jira', ...given, ...more};
				const report = await run(logFiles(options).pipe(dedupe()), sink, {
					state,
					signal: stop.controller.signal,
					commitSize: {pages: 1},
					deadLetters: letters,
					onNote: note => void notes.push(note),
				});
				return {...report, notes};
			},
			numbers: () => sink.lines.map(numberOf),
		};
	}
	let letters = memorySink({target: 'letters'});

	beforeEach(() => {
		letters = memorySink({target: 'letters'});
	});

	const letterOf = (record: string) =>
		`${JSON.stringify({reason: 'too large', source: 'jira-data-center', tenant: 'jira.example.com/jira', record})}\n`;

	function numberOf(line: string): number {
		const {affectedObjects} = JSON.parse(line) as {affectedObjects: {id: string}[]};
		return Number(affectedObjects[0]!.id.slice(4));
	}

	const common = (pages: readonly Page[]): readonly Omit<AuditEvent, 'raw'>[] =>
		listen(of(...pages).pipe(normalize())).values.flatMap(({events}) => events.map(({raw: _, ...event}) => event));

	async function pagesOf(options: Options): Promise<Page[]> {
		const heard = listen(logFiles(options), page => page.ack());
		await heard.over;
		if (heard.ended === 'error') throw heard.error;
		return heard.values;
	}

	for (const product of ['jira', 'confluence', 'bitbucket'] as const) {
		it(`gives the events that the API of ${product} gives: identity, source, tenant and all members`, async () => {
			const emulator = await startEmulator({events: 120, switches: {dataCenter: {selfAudit: false}}});
			const source = await load('source', `${product}-data-center`);
			const endpoint = emulator.endpoints[source.name]!;
			const heard = listen(source({endpoint, token: emulator.token} as never), page => page.ack());
			await heard.over;
			await emulator.close();
			const byApi = common(heard.values as Page[]);
			const texts = [...emulator.api(source.name).records()].map(({text}) => text).reverse();
			appendLog(node(), logName(0), ...texts.map(lineOfRecord));
			const {host, pathname} = new URL(endpoint);
			const tenant = (host + pathname).replace(/\/$/, '');
			const byFile = common(await pagesOf({path: [node()], product, tenant}));
			assert.ok(byApi.length >= 120);
			// files have no addresses of pages about people, which hold what they log in with
			const shown = <P extends AuditPerson>({fullName, ...person}: P) =>
				fullName === undefined ? person : {...person, name: fullName};
			const sorted = (events: readonly Omit<AuditEvent, 'raw'>[]) =>
				events
					.toSorted((one, other) => (one.id < other.id ? -1 : 1))
					.map(event => ({
						...event,
						...(event.actor && {actor: shown(event.actor)}),
						...(event.targets && {targets: event.targets.map(shown)}),
					}));
			assert.deepEqual(sorted(byFile), sorted(byApi));
		});
	}

	it('takes nano for a number, cuts at milliseconds, and the tenant from the line', async () => {
		const line = logLine({number: 1}).replace(/"nano":\d+/, '"nano":5999999');
		appendLog(node(), logName(0), line);
		const [event] = common(await pagesOf({path: node(), product: 'jira'}));
		assert.equal(event!.time, '2026-01-31T09:00:00.005Z');
		assert.equal(event!.tenant, 'jira.example.com/jira');
	});

	it('goes on at the byte: growth, the next number, the next day, a line that was not whole', async () => {
		const {fill, numbers} = archive();
		appendLog(node(), logName(0), ...lines(1, 2));
		const [whole] = lines(3);
		fs.appendFileSync(fileOf(logName(0)), whole!.slice(0, 100));
		const {notes, warnings} = await fill();
		assert.match(notes.join(), /n1: the oldest file is 20260131\.00000\.audit\.log/);
		assert.deepEqual(warnings, []);
		assert.deepEqual(numbers(), [1, 2]);
		fs.appendFileSync(fileOf(logName(0)), whole!.slice(100));
		await fill();
		assert.deepEqual(numbers(), [1, 2], 'nobody knows that it is whole');
		appendLog(node(), logName(1), ...lines(4));
		appendLog(node(), '20260201-00000.audit.log', ...lines(5));
		const {notes: later} = await fill();
		assert.deepEqual(numbers(), [1, 2, 3, 4, 5]);
		assert.deepEqual(later, []);
		appendLog(node(), '20260201-00000.audit.log', ...lines(6));
		await fill();
		assert.deepEqual(numbers(), [1, 2, 3, 4, 5, 6]);
		assert.equal((await fill()).events, 0);
	});

	it('ends at files that are not those that it read: shorter, other, or older ones', async () => {
		appendLog(node(), logName(3), ...lines(1, 2, 3));
		const file = fileOf(logName(3));
		const text = fs.readFileSync(file, 'utf8');
		const {fill, numbers} = archive();
		await fill();
		const changes: readonly (readonly [string, () => void, RegExp])[] = [
			['shorter', () => fs.truncateSync(file, 100), /got 100 bytes of the \d+ that were read/],
			['other', () => fs.writeFileSync(file, text.replace('obj-3', 'obj-9')), /other bytes in front of byte/],
			['older', () => fs.renameSync(file, fileOf(logName(2))), /no file as new as that, the newest is .*00002/],
		];
		for (const [what, change, message] of changes) {
			change();
			await assert.rejects(fill(), {code: 'SOURCE_CHANGED', message}, what);
			fs.rmSync(node(), {recursive: true});
			appendLog(node(), logName(3), ...lines(1, 2, 3));
		}
		appendLog(node(), logName(3), ...lines(4));
		await fill();
		assert.deepEqual(numbers(), [1, 2, 3, 4]);
	});

	it('says what was deleted before it was read', async () => {
		const {fill, numbers} = archive();
		appendLog(node(), logName(0), ...lines(1));
		await fill();
		fs.rmSync(fileOf(logName(0)));
		appendLog(node(), logName(2), ...lines(5000));
		await assert.rejects(fill(), {
			code: 'NOT_FOUND',
			message:
				/00000\.audit\.log was deleted .* events from 2026-01-31T09:00:00\.001Z to 2026-01-31T09:00:05\.000Z may be lost/,
		});
		assert.deepEqual(numbers(), [1, 5000]);
		assert.deepEqual((await fill()).warnings, []);
		// what was read whole before a newer one was may go
		appendLog(node(), logName(3), ...lines(5001));
		await fill();
		fs.rmSync(fileOf(logName(2)));
		assert.deepEqual((await fill()).warnings, []);
	});

	it('keeps the place of a node that is not there', async () => {
		const {fill, numbers} = archive();
		appendLog(node('n1'), logName(0), ...lines(1));
		appendLog(node('n2'), logName(0), ...lines(2));
		await fill();
		fs.renameSync(node('n2'), path.join(folder(), 'away'));
		fs.renameSync(path.join(folder(), 'away'), `${folder()}-away`);
		const {warnings} = await fill();
		assert.match(warnings.join(), /n2: it was read before, and none of its files is there now/);
		fs.renameSync(`${folder()}-away`, node('n2'));
		appendLog(node('n2'), logName(0), ...lines(3));
		assert.deepEqual((await fill()).warnings, []);
		assert.deepEqual(numbers(), [1, 2, 3]);
	});

	it('knows a file again that was away for a while, among others', async () => {
		const {fill, numbers} = archive();
		for (const number of [1, 2, 3]) appendLog(node(), logName(number), ...lines(number));
		await fill();
		const away = path.join(folder(), 'away');
		fs.renameSync(fileOf(logName(1)), away);
		appendLog(node(), logName(3), ...lines(4));
		await fill();
		fs.renameSync(away, fileOf(logName(1)));
		const {events, warnings} = await fill();
		assert.deepEqual([events, warnings], [0, []]);
		assert.deepEqual(numbers(), [1, 2, 3, 4]);
	});

	it('takes a folder for none of its files, whatever it is called', async () => {
		const {fill, numbers} = archive();
		appendLog(node(), logName(0), ...lines(1));
		fs.mkdirSync(fileOf(logName(1)));
		await fill();
		assert.deepEqual(numbers(), [1]);
	});

	it('takes the lines of a home that was restored for those that it has read, and twins beside them for two', async () => {
		const {fill, numbers} = archive();
		const day = (number: number) => logLine({number, ms: firstMs + number * 86_400_000});
		const home = [day(1), day(2), day(2), day(3)];
		appendLog(node(), logName(0), ...home);
		await fill();
		appendLog(node(), logName(1), ...home, day(4));
		await fill();
		assert.deepEqual(numbers(), [1, 2, 2, 3, 4]);
		// as many others as there are in between, if they are of the same time
		const others = Array.from({length: 1500}, (_, at) => logLine({number: 100 + at, ms: firstMs + 5 * 86_400_000}));
		appendLog(node(), logName(2), day(5), ...others, day(5));
		await fill();
		assert.deepEqual(
			numbers().filter(number => number === 5),
			[5, 5],
		);
	});

	it('goes on with a node that is found elsewhere, and says where a folder is a copy', async () => {
		const {fill, numbers} = archive();
		appendLog(node(), logName(0), logLine({number: 1, filling: 'x'.repeat(2000)}));
		await fill();
		fs.renameSync(node(), node('n9'));
		appendLog(node('n9'), logName(0), ...lines(2));
		const {notes} = await fill();
		assert.match(notes.join(), /n9: it holds the files that were read as .*n1, and is gone on with/);
		assert.deepEqual(numbers(), [1, 2]);
		fs.cpSync(node('n9'), node('n10'), {recursive: true});
		assert.match((await fill()).warnings.join(), /it holds what .* holds: if it is a copy/);
	});

	it('reads regular files alone, each once, and says where one is missing between others', async () => {
		const {fill, numbers} = archive();
		appendLog(node(), logName(0), ...lines(1));
		appendLog(node(), logName(3), ...lines(2));
		fs.symlinkSync(fileOf(logName(0)), fileOf(logName(1)));
		fs.symlinkSync(fileOf(logName(7)), fileOf(logName(7)));
		fs.symlinkSync('nothing', fileOf(logName(8)));
		const {warnings} = await fill();
		assert.deepEqual(numbers(), [1, 2]);
		assert.deepEqual(warnings.length, 1);
		assert.match(warnings[0]!, /no file between 20260131\.00000\.audit\.log and 20260131\.00003/);
		assert.deepEqual((await fill()).warnings, []);
	});

	it('refuses a node that it may not look into, by a pattern too', async () => {
		appendLog(path.join(node('n1'), 'log', 'audit'), logName(0), ...lines(1));
		const {statSync} = fs;
		try {
			Object.assign(fs, {
				statSync: (place: fs.PathLike, ...rest: never[]) => {
					if (String(place).includes('n2'))
						throw Object.assign(new Error('EACCES: permission denied'), {code: 'EACCES'});
					return statSync(place, ...rest);
				},
			});
			fs.mkdirSync(path.join(node('n2'), 'log', 'audit'), {recursive: true});
			await assert.rejects(pagesOf({path: `${folder()}/*/log/audit`, product: 'jira'}), /n2.*EACCES.*run as the user/);
		} finally {
			Object.assign(fs, {statSync});
		}
	});

	it('ends where files are as long as they were when it began, and says what has no end yet', async () => {
		const {fill, numbers} = archive({tenant: 'x'});
		appendLog(node(), logName(0), ...lines(1));
		fs.appendFileSync(fileOf(logName(0)), lines(2)[0]!.slice(0, 50));
		const {readSync} = fs;
		let left = 3;
		try {
			fs.readSync = ((...given: Parameters<typeof readSync>) => {
				if (left-- > 0) fs.appendFileSync(fileOf(logName(0)), 'x'.repeat(1000));
				return readSync(...given);
			}) as typeof fs.readSync;
			const {notes} = await fill();
			assert.match(notes.join('; '), /00000\.audit\.log: its last 50 bytes, of \d+, are a line without an end/);
		} finally {
			fs.readSync = readSync;
		}
		assert.deepEqual(numbers(), [1]);
	});

	it('has events of any time', async () => {
		appendLog(node(), logName(0), logLine({number: 1, ms: -1000}), ...lines(2));
		const {fill, numbers} = archive();
		await fill();
		assert.deepEqual(numbers(), [1, 2]);
	});

	it('is explained and compared as the source that its events come under', async () => {
		const file = path.join(folder(), 'line.json');
		fs.writeFileSync(file, logLine({number: 1}));
		const refused = await runCli(['explain', file, '--source', 'data-center-log-files']);
		assert.equal(refused.code, 2);
		assert.match(refused.stderr, /expected the source that its records come under: jira-data-center, confluence-/);
		const explained = await runCli(['explain', file, '--source', 'jira-data-center']);
		assert.match(explained.stdout, /obj-1/);

		const source = ['data-center-log-files', '--path', node(), '--product', 'jira'];
		const target = `filesystem:${path.join(folder(), 'archive')}`;
		appendLog(node(), logName(0), ...lines(1, 2));
		assert.equal((await runCli(['pull', ...source, '--to', target])).code, 0);
		assert.equal((await runCli(['verify', target, '--against', ...source])).code, 0);
		appendLog(node(), logName(0), logLine({number: 2, filling: 'other'}));
		const missing = await runCli(['verify', target, '--against', ...source]);
		assert.equal(missing.code, 1);
		assert.match(missing.stdout + missing.stderr, /2026-01-31/);
	});

	it('reads several nodes by time, and keeps true twins, also those that are out of order', async () => {
		appendLog(node('n1'), logName(0), ...lines(1, 7, 7, 9, 7));
		appendLog(node('n2'), logName(0), ...lines(2, 7, 8));
		const {fill, numbers} = archive();
		await fill();
		assert.deepEqual(numbers(), [1, 2, 7, 7, 7, 8, 9, 7]);
		const ids = (await pagesOf({path: folder(), product: 'jira'})).flatMap(page => page.records.map(({id}) => id));
		assert.equal(new Set(ids).size, 8);
	});

	it('keeps twins that come with later runs, and the like of another node that comes long after', async () => {
		const {fill, numbers} = archive();
		appendLog(node('n1'), logName(0), ...lines(7));
		await fill();
		appendLog(node('n1'), logName(0), ...lines(7));
		await fill();
		assert.deepEqual(numbers(), [7, 7]);
		appendLog(node('n1'), logName(0), ...lines(...Array.from({length: 600}, (_, at) => 10 + at)));
		await fill();
		appendLog(node('n2'), logName(0), ...lines(7, 8));
		await fill();
		assert.deepEqual(numbers().slice(-2), [7, 8]);
		assert.equal(numbers().length, 604);
	});

	it('goes on behind the last page that was written, wherever a run is stopped, also one that reads again', async () => {
		const all = Array.from({length: 20}, (_, at) => at + 1);
		const large = all.map(number => logLine({number, filling: 'x'.repeat(1_100_000)}));
		appendLog(node(), logName(0), ...large.slice(0, 8));
		appendLog(node(), logName(1), ...large.slice(8));
		const {fill, numbers} = archive();
		const since = firstMs + 9;
		assert.equal((await fill({since}, 10)).stopped, true);
		await fill({since});
		assert.deepEqual(numbers(), all.slice(8));
		assert.equal((await fill({since: firstMs}, 1)).stopped, true);
		assert.ok(numbers().length < 20, 'it was stopped in the middle');
		await fill({since});
		assert.deepEqual(
			numbers().toSorted((a, b) => a - b),
			all,
		);
		assert.equal((await fill()).events, 0);
	});

	it('finds nodes in a folder of folders, in homes, and by a pattern', async () => {
		for (const name of ['a1', 'a2', 'b1']) {
			appendLog(path.join(folder(), name, 'log', 'audit'), logName(0), ...lines(Number(name.charCodeAt(0)) * 10 + 1));
		}
		const count = async (given: string | string[]) =>
			(await pagesOf({path: given, product: 'jira'})).reduce((sum, {events}) => sum + events.length, 0);
		assert.equal(await count(folder()), 3);
		assert.equal(await count(path.join(folder(), 'a1')), 1);
		assert.equal(await count(path.join(folder(), 'a*', 'log', 'audit')), 2);
		assert.equal(await count(path.join(folder(), '?1')), 2);
		assert.equal(await count([path.join(folder(), 'a1'), path.join(folder(), '*')]), 3, 'each once');
	});

	it('refuses places without such files, and bounds that cannot be', async () => {
		fs.writeFileSync(path.join(folder(), 'audit.log'), '');
		const open = (more: Partial<Options>) => logFiles({path: folder(), product: 'jira', ...more});
		assert.throws(() => open({}), {name: 'ConfigError', message: /path: expected files such as .*, got no such file/});
		assert.throws(() => open({path: path.join(folder(), 'no*')}), /got nothing there/);
		assert.throws(() => open({path: path.join(folder(), 'audit.log')}), /got a file: give its folder/);
		assert.throws(() => open({product: 'crowd' as never}), ConfigError);
		appendLog(node(), logName(0), 'nothing');
		await assert.rejects(pagesOf({path: folder(), product: 'jira'}), /option tenant: expected the base URL/);
		assert.throws(() => open({tenant: 'x', since: 2e12, until: 1e12}), /expected since before until/);
	});

	it('makes dead letters of what is no record, and leaves out lines of old versions with one warning', async () => {
		const {fill, numbers} = archive({maxEventBytes: 2000});
		const long = logLine({number: 4, filling: 'x'.repeat(5000)});
		const old = '192.0.2.1 | LoginEvent | ann | 1352413000 | - | -';
		appendLog(
			node(),
			logName(0),
			old,
			...lines(1),
			'{"cut',
			'',
			'torn"}',
			...lines(2),
			old,
			long,
			`\ufeff\0 ${lines(3)[0]}`,
			'\0\0',
		);
		const {deadLetters, warnings} = await fill();
		assert.deepEqual(numbers(), [1, 2, 3]);
		assert.equal(deadLetters, 3);
		assert.match(letters.lines[2]!, /has 5\d\d\d bytes, more than maxEventBytes \(2000\); this is its beginning/);
		assert.deepEqual(
			warnings.filter(warning => warning.includes('left out')),
			['left out lines that an old version wrote, which are no JSON: 2'],
		);
	});

	it('makes a dead letter of a line that its node never finished, and reads letters in again', async () => {
		appendLog(node(), logName(0), ...lines(1));
		const [whole] = lines(2);
		fs.appendFileSync(fileOf(logName(0)), whole!.slice(0, 60));
		appendLog(node(), logName(1), logLine({number: 3, filling: 'x'.repeat(2000)}));
		const {fill, numbers} = archive({maxEventBytes: 1000});
		assert.equal((await fill()).deadLetters, 2);
		assert.deepEqual(numbers(), [1]);
		const letter = path.join(folder(), 'letters.ndjson');
		fs.writeFileSync(letter, letterOf(logLine({number: 3})));
		const {stdout} = await runCli([
			'pull',
			`dead-letter:${letter}`,
			'--to',
			'ndjson:-',
			'--dead-letter',
			`${letter}.2`,
		]);
		assert.equal((JSON.parse(stdout) as AuditEvent).time, '2026-01-31T09:00:00.003Z');
	});

	it('fails behind all else where the server deletes a file while others are read', async () => {
		appendLog(node(), logName(0), ...lines(1));
		appendLog(node(), logName(1), ...lines(2));
		appendLog(node(), logName(2), ...lines(3));
		const {openSync} = fs;
		const {fill, numbers} = archive({tenant: 'x'});
		try {
			fs.openSync = (file, ...rest) => {
				if (String(file).endsWith(logName(1))) fs.rmSync(file, {force: true});
				return openSync(file, ...rest);
			};
			const message = /00001\.audit\.log was deleted before .* from 2026-01-31T09:00:00\.001Z to the next/;
			await assert.rejects(fill(), {code: 'NOT_FOUND', message});
		} finally {
			fs.openSync = openSync;
		}
		assert.deepEqual(numbers(), [1, 3]);
	});

	it('reads again what an earlier run passed by, and leaves what is behind until', async () => {
		const {fill, numbers} = archive();
		appendLog(node(), logName(0), ...lines(1, 2, 3, 4, 5));
		await fill({since: firstMs + 3, until: firstMs + 5});
		assert.deepEqual(numbers(), [3, 4]);
		await fill({since: firstMs + 2});
		assert.deepEqual(numbers(), [3, 4, 2, 5]);
		await fill({since: firstMs + 4});
		appendLog(node(), logName(1), ...lines(6));
		await fill();
		assert.deepEqual(numbers(), [3, 4, 2, 5, 6]);
		await fill({since: firstMs});
		assert.deepEqual(numbers(), [3, 4, 2, 5, 6, 1]);
	});

	it('ends the command with exit code 5 where a file became shorter', async () => {
		appendLog(node(), logName(0), ...lines(1, 2));
		const target = path.join(folder(), 'out.ndjson');
		const args = ['pull', 'data-center-log-files', '--path', node(), '--product', 'jira'];
		const pull = () => runCli([...args, '--state', path.join(folder(), 's'), '--to', `ndjson:${target}`]);
		assert.equal((await pull()).code, 0);
		fs.truncateSync(fileOf(logName(0)), 10);
		const {code, stderr} = await pull();
		assert.equal(code, 5);
		assert.match(stderr, /expected the file that was read before, or a longer one, got 10 bytes of the \d+/);
		assert.equal(fs.readFileSync(target, 'utf8').trim().split('\n').length, 2);
	});

	it('stays with its tenant, and says where an event names another server', async () => {
		const {fill, sink} = archive();
		appendLog(node(), logName(0), ...lines(1));
		await fill();
		appendLog(node(), logName(1), logLine({number: 2, system: 'https://new.example.com'}));
		const {warnings} = await fill();
		assert.match(warnings.join(), /events of https:\/\/new\.example\.com too, .* those of jira\.example\.com\/jira/);
		assert.equal(sink.lines.length, 2);
		await assert.rejects(fill({tenant: 'new.example.com'}), {code: 'STATE_FOREIGN'});
	});

	it('holds each line once, whatever is appended, begun, deleted or stopped in between', async () => {
		const step = fc.oneof(
			{weight: 6, arbitrary: fc.record({kind: fc.constant('append' as const), node: fc.nat(2), many: fc.nat(40)})},
			{weight: 2, arbitrary: fc.record({kind: fc.constant('twin' as const), node: fc.nat(2)})},
			{weight: 2, arbitrary: fc.record({kind: fc.constant('half' as const), node: fc.nat(2)})},
			{weight: 3, arbitrary: fc.record({kind: fc.constant('rotate' as const), node: fc.nat(2)})},
			{weight: 4, arbitrary: fc.record({kind: fc.constant('run' as const), pages: fc.constantFrom(1, 2, Infinity)})},
		);
		let round = 0;
		await fc.assert(
			fc.asyncProperty(fc.array(step, {minLength: 3, maxLength: 30}), async steps => {
				const root = path.join(folder(), `round-${round++}`);
				const nodes = [0, 1, 2].map(at => ({
					dir: path.join(root, `n${at}`),
					file: 0,
					rest: '',
					written: [] as number[],
				}));
				let number = 1;
				const {fill, numbers} = archive({path: root});
				appendLog(nodes[0]!.dir, logName(0), ...lines(0));
				nodes[0]!.written.push(0);
				for (const one of steps) {
					if (one.kind === 'run') {
						await fill({}, one.pages);
						continue;
					}
					const at = nodes[one.node]!;
					const put = (text: string) => {
						fs.mkdirSync(at.dir, {recursive: true});
						fs.appendFileSync(path.join(at.dir, logName(at.file)), text);
					};
					put(at.rest && `${at.rest}\n`);
					at.rest = '';
					if (one.kind === 'rotate') {
						at.file++;
						put('');
						continue;
					}
					const added =
						one.kind === 'twin'
							? [number, number++]
							: Array.from({length: one.kind === 'append' ? one.many : 1}, () => number++);
					at.written.push(...added);
					const texts = added.map(each => logLine({number: each, filling: 'f'.repeat((each * 7919) % 30_000)}));
					if (one.kind === 'half') {
						const [text] = texts;
						put(text!.slice(0, 50));
						at.rest = text!.slice(50);
					} else put(texts.map(text => `${text}\n`).join(''));
				}
				for (const at of nodes) if (at.rest) fs.appendFileSync(path.join(at.dir, logName(at.file)), `${at.rest}\n`);
				await fill();
				const sorted = (list: readonly number[]) => list.toSorted((a, b) => a - b);
				assert.deepEqual(sorted(numbers()), sorted(nodes.flatMap(({written}) => written)));
				fs.rmSync(root, {recursive: true});
			}),
			{numRuns: 40},
		);
	});
});
