import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {count, logFormatIn, logFormatOf, logLine} from '../../../lib/cli/output/log.ts';
import {showProgress, type ProgressSetting} from '../../../lib/cli/output/progress.ts';
import type {Progress} from '../../../lib/model/meter.ts';
import type {Report} from '../../../lib/run/run.ts';
import {settled} from '../../support/cli.ts';
import {commandLine, idsIn, linesOf} from '../../support/command-line.ts';

const none: Progress = {
	sources: [],
	answers: {},
	inFlightBytes: 0,
	rounds: 0,
	pages: 0,
	events: 0,
	requests: 0,
	retries: 0,
	waits: 0,
	waitedMs: 0,
	duplicates: 0,
	deadLetters: 0,
	unknownActions: {},
	warnings: [],
	gaps: [],
};
const numbers: Progress = {...none, pages: 2, events: 60, requests: 3, retries: 1, positionMs: Date.UTC(2026, 0, 31)};
const report: Report = {...numbers, waits: 1, waitedMs: 2500, deadLetters: 1, seconds: 1.26, stopped: false, lacks: {}};

/** What is shown on a stream that collects, as it stood after each write. */
function shown(
	output: Partial<ProgressSetting>,
	isTTY: boolean,
	use: (progress: ReturnType<typeof showProgress>) => void,
	columns = 80,
): string {
	let text = '';
	const stream = {isTTY, columns, write: (more: string) => (text += more)} as unknown as NodeJS.WriteStream;
	use(showProgress({source: 'test-api', format: 'text', quiet: false, ...output, stream}));
	return text;
}

describe('logLine', () => {
	it('escapes what drives a terminal, as text and as JSON', () => {
		assert.equal(logLine('text', 'warn', 'a\x1b[2J\x9b\u202e'), 'rxaudit: a\\u001b[2J\\u009b\\u202e\n');
		const line = logLine('json', 'warn', '\x9b\u202e');
		assert.doesNotMatch(line, /[\x9b\u202e]/);
		assert.equal((JSON.parse(line) as {message: string}).message, '\x9b\u202e');
	});
});

describe('showProgress', () => {
	let now: number;
	const real = performance.now.bind(performance);
	beforeEach(() => {
		now = 0;
		performance.now = () => now;
	});
	afterEach(() => {
		performance.now = real;
	});

	it('says how much of the time is read, and what is left by what it took so far', () => {
		const half: Progress = {...numbers, requests: 30, share: 0.253};
		const lines = [80, 40].map(columns => {
			now = 0;
			return shown({}, true, progress => ((now = 60_000), progress.update(half)), columns);
		});
		assert.match(lines[0]!, /25 %, 2 pages, 60 events, 1 events\/s, 89 requests left, 2 minutes left$/);
		assert.match(lines[1]!, /25 %, 60 events, 2 minutes left$/);
		now = 0;
		const limited = shown({}, true, progress => ((now = 60_000), progress.update({...half, quotaMs: 6000})), 80);
		assert.match(limited, /89 requests left, 8 minutes left$/);
		now = 0;
		const early = shown({}, true, progress => {
			now = 1000;
			progress.update(half);
		});
		assert.doesNotMatch(early, /left/);
	});

	it('draws one line over itself on a terminal', () => {
		const text = shown({}, true, progress => {
			progress.update(none);
			now = 1000;
			progress.update(numbers);
			progress.done(report);
		});
		const line = '2 pages, 60 events, 60 events/s, at 2026-01-31T00:00:00.000Z';
		assert(text.startsWith(`\r\x1b[K${line}\r\x1b[Krxaudit: done: `), text);
		assert.equal(text.split('\n').length, 2, 'one line break, behind the summary');
	});

	for (const [columns, waits, line] of [
		[80, false, '2 pages, 60 events, 60 events/s, at 2026-01-31T00:00:00.000Z'],
		[80, true, '2 pages, 60 events, 60 events/s, waiting for quota: 60 s'],
		[60, false, '2 pages, 60 events, 60 events/s'],
		[40, false, '2 pages, 60 events, 60 events/s'],
		[40, true, '60 events, waiting for quota: 60 s'],
		[20, true, '60 events, waiting…'],
		[0, false, '2 pages, 60 events, 60 events/s, at 2026-01-31T00:00:00.000Z'],
	] as const) {
		it(`draws a line that fits ${columns} columns${waits ? ', also while it waits' : ''}`, () => {
			const waiting = waits ? {waitingUntilMs: Date.now() + 59_999} : {};
			const draw = (progress: ReturnType<typeof showProgress>) => {
				now = 1000;
				progress.update({...numbers, ...waiting});
			};
			const text = shown({}, true, draw, columns);
			assert.equal(text, `\r\x1b[K${line}`);
			assert.ok(line.length < (columns || 80), 'the cursor has a column of its own');
		});
	}

	it('names the actions without a rule in the summary, the most frequent first, and obeys none of them', () => {
		const unknownActions = {a: 1, b: 3, 'evil\u001b[2J\n': 2, c: 1, d: 1, e: 1, f: 1};
		const text = shown({}, false, progress => progress.done({...report, unknownActions}));
		const named = 'b (3), evil\\u001b[2J\\n (2), a (1), c (1), d (1), 2 more';
		assert(text.includes(`, 10 events with 7 actions without a rule: ${named}, 1 dead letter`), text);
		const json = shown({format: 'json'}, false, progress => progress.done({...report, unknownActions}));
		assert.deepEqual((JSON.parse(json) as Report).unknownActions, unknownActions);
		assert(!shown({}, false, progress => progress.done(report)).includes('rule'));
	});

	it('warns in the rounds of a follow of what is new, whatever its times, and speaks of what came', () => {
		const round = (rounds: number, warnings: readonly string[], events = 60): Progress => ({
			...numbers,
			rounds,
			warnings,
			events,
		});
		const text = shown({}, false, progress => {
			progress.update(round(0, ['odd at 5 s']));
			for (const [rounds, warning, events] of [
				[1, 'odd at 7 s', 60],
				[2, 'strange', 60],
				[3, 'odd at 9 s', 61],
			] as const) {
				now += 60_000;
				progress.update(round(rounds, [], events));
				progress.update(round(rounds, [warning], events));
			}
		});
		assert.deepEqual(linesOf(text), [
			'rxaudit: warning: odd at 5 s',
			'rxaudit: 2 pages, 60 events, 1 events/s, at 2026-01-31T00:00:00.000Z',
			'rxaudit: warning: strange',
			'rxaudit: 2 pages, 61 events, 0 events/s, at 2026-01-31T00:00:00.000Z',
			'rxaudit: warning: odd at 9 s',
		]);
	});

	it('puts a warning above the live line', () => {
		const text = shown({}, true, progress => {
			now = 1000;
			progress.update({...numbers, warnings: ['odd']});
			progress.failed();
		});
		assert.match(text, /^\r\x1b\[Krxaudit: warning: odd\n\r\x1b\[K2 pages.*\r\x1b\[K$/);
	});

	it('gives a plain line every ten seconds where there is no terminal', () => {
		const text = shown({}, false, progress => {
			for (now = 0; now <= 25_000; now += 1000) progress.update(numbers);
		});
		assert.equal(linesOf(text).length, 2);
		assert.match(text, /^rxaudit: 2 pages, 60 events, 6 events\/s, at 2026-01-31T00:00:00.000Z\n/);
	});

	it('says when a long wait for quota begins, once', () => {
		const text = shown({}, false, progress => {
			const waitingUntilMs = Date.now() + 59_500;
			progress.update({...numbers, waitingUntilMs});
			progress.update({...numbers, waitingUntilMs});
			progress.update({...numbers, waitingUntilMs: Date.now() + 5000});
		});
		assert.equal(linesOf(text).length, 1);
		assert.match(text, /waiting for quota: (59|60) s\n$/);
	});

	it('sums up', () => {
		assert.equal(
			shown({}, false, progress => progress.done(report)),
			'rxaudit: done: 60 events, 2 pages in 1.3 s, 3 requests (1 retry), waited 2.5 s for quota, 0 duplicates dropped, 1 dead letter\n',
		);
		assert.match(
			shown({}, false, progress => progress.done({...report, stopped: true})),
			/^rxaudit: stopped: 60 events/,
		);
	});

	it('says only warnings when it is quiet', () => {
		const text = shown({quiet: true}, true, progress => {
			now = 60_000;
			progress.update({...numbers, warnings: ['odd']});
			progress.done(report);
			progress.note('1 changed');
			progress.warn('dead letters');
		});
		assert.equal(text, 'rxaudit: warning: odd\nrxaudit: warning: dead letters\n');
	});

	it('puts a note above the live line, and on a line of its own level', () => {
		assert.equal(
			shown({}, true, progress => progress.note('1 changed')),
			'\r\x1b[Krxaudit: 1 changed\n',
		);
		const {level, message} = JSON.parse(shown({format: 'json'}, false, progress => progress.note('1 changed'))) as {
			level: string;
			message: string;
		};
		assert.deepEqual([level, message], ['info', '1 changed']);
	});

	it('has the same and more as members of JSON, with the name of the source on every line', () => {
		const waitingUntilMs = Date.now() + 59_999;
		const more = {answers: {200: 2, 503: 1}, newestMs: Date.UTC(2026, 0, 31, 1), inFlightBytes: 7, waitingUntilMs};
		const text = shown({format: 'json'}, false, progress => {
			now = 20_000;
			progress.update({...numbers, ...more});
			progress.warn('odd');
			progress.done({...report, ...more});
		});
		const [line, warning, done] = linesOf(text).map(one => JSON.parse(one) as Record<string, unknown>);
		const expected = {...more, pages: 2, events: 60, requests: 3, retries: 1, duplicates: 0, unknownActions: {}};
		for (const [name, value] of Object.entries(expected)) {
			assert.deepEqual([line![name], done![name]], [value, value], name);
		}
		assert.deepEqual([line!['eventsPerSecond'], done!['eventsPerSecond']], [3, 48]);
		for (const one of [line, warning, done]) assert.equal(one!['source'], 'test-api');
	});

	it('writes JSON, on a terminal too', () => {
		const text = shown({format: 'json'}, true, progress => {
			now = 60_000;
			progress.update({...numbers, warnings: ['odd']});
			progress.done(report);
		});
		const lines = linesOf(text).map(line => JSON.parse(line) as {level: string; events?: number});
		assert.deepEqual(
			lines.map(({level, events}) => [level, events]),
			[
				['warn', undefined],
				['info', 60],
				['info', 60],
			],
		);
	});
});

describe('the log format', () => {
	it('is text unless it is told otherwise', () => {
		assert.deepEqual([logFormatOf({}), logFormatOf({'log-format': 'json'})], ['text', 'json']);
		assert.throws(() => logFormatOf({'log-format': 'xml'}), {
			name: 'ConfigError',
			message: '--log-format: expected text or json, got "xml"',
		});
	});

	it('is found among arguments that may be wrong', () => {
		assert.equal(logFormatIn(['x', '--log-format', 'json']), 'json');
		assert.equal(logFormatIn(['--log-format=json', '--bogus']), 'json');
		for (const args of [[], ['json'], ['--log-format', 'text'], ['--log-format']])
			assert.equal(logFormatIn(args), 'text');
	});
});

describe('logLine', () => {
	it('is a sentence, or JSON on one line', () => {
		assert.equal(logLine('text', 'warn', 'a', {b: 1}), 'rxaudit: a\n');
		const line = logLine('json', 'error', 'a\nb', {code: 'CONFIG'});
		const {time, ...rest} = JSON.parse(line) as Record<string, unknown>;
		assert.deepEqual(rest, {level: 'error', message: 'a\nb', code: 'CONFIG'});
		assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
		assert.equal(line.indexOf('\n'), line.length - 1);
	});
});

describe('count', () => {
	it('knows one from many', () => {
		assert.deepEqual(
			[count(0, 'page'), count(1, 'page'), count(2, 'retry', 'retries')],
			['0 pages', '1 page', '2 retries'],
		);
	});
});

describe('the streams of a pull', () => {
	const {pull, startPull, held, folder, emulator} = commandLine();

	it('are events on stdout, and the rest on stderr', async () => {
		const {stdout, stderr, code} = await pull();
		assert.equal(code, 0);
		assert.deepEqual(idsIn(stdout), held());
		assert.match(
			stderr,
			/^rxaudit: done: 60 events, 1 page in \d+\.\d s, 1 request \(0 retries\), 0 duplicates dropped\n$/,
		);
	});

	it('are the same into a file', async () => {
		const stdoutFile = path.join(folder(), 'out');
		assert.equal((await pull([], {stdoutFile})).code, 0);
		assert.deepEqual(idsIn(fs.readFileSync(stdoutFile, 'utf8')), held());
	});

	it('are silent with --quiet', async () => {
		assert.equal((await pull(['--quiet'])).stderr, '');
	});

	it('are JSON with --log-format json, errors too', async () => {
		emulator().setFaults([{kind: 'status', status: 503, at: 1}]);
		for (const args of [['--retry-base-ms', '1'], ['--to', 'ndjson:.'], ['--page-size', '0'], ['--bogus']]) {
			const {stderr} = await pull(['--log-format', 'json', ...args]);
			const lines = linesOf(stderr).map(line => JSON.parse(line) as {level: string; message: string});
			assert(lines.length > 0);
			for (const {level, message} of lines) assert(level && message);
		}
		const {code, message} = JSON.parse((await pull(['--log-format=json', '--bogus'])).stderr) as {
			code: string;
			message: string;
		};
		assert.deepEqual([code, message], ['CONFIG', 'unknown option --bogus: see --help for what there is']);
	});

	it('end quietly with 141 when the reader goes away', async () => {
		const run = startPull(['--page-size', '1', '--rate', '20/s']);
		await run.said('stdout', /\n/);
		run.process.stdout!.destroy();
		const {code, stderr} = await run.ended;
		assert.deepEqual([code, stderr], [141, '']);
		assert(emulator().requestCount < 60);
	});
});

describe('a slow reader', () => {
	const {startPull, held, emulator} = commandLine({events: 5000});

	it('holds the source back, and gets every line', async () => {
		const run = startPull(['--page-size', '50', '--concurrency', '1']);
		run.process.stdout!.pause();
		assert((await settled(() => emulator().requestCount)) < 30);
		run.process.stdout!.resume();
		const {code, stdout: text} = await run.ended;
		assert.equal(code, 0);
		assert.deepEqual(idsIn(text), held());
		assert.equal(emulator().requestCount, 100);
	});
});
