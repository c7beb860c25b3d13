import assert from 'node:assert/strict';
import {from} from 'rxjs';
import {checkAccepts} from '../../lib/sink/accepts.ts';
import {ConfigError} from '../../lib/model/errors.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {run} from '../../lib/run/run.ts';
import type {Accepted, EventFormat, Sink} from '../../lib/sink/sink.ts';
import type {Start} from '../../lib/model/start.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {pagedSource, someRecords} from '../support/paged-source.ts';

const common: Accepted = {format: 'audit'};
const ownRaw: Accepted = {source: 'own', format: 'raw'};
const facts = {name: 'one'};

function accepting(accepts: readonly Accepted[] | undefined, opened: string[] = []): Sink {
	const sink = memorySink({onOpen: () => opened.push('sink')});
	return accepts ? {...sink, accepts} : sink;
}

describe('checkAccepts', () => {
	it('lets pass what one of them fits, and anything where a sink says nothing', () => {
		const cases: [accepts: readonly Accepted[] | undefined, source: string, format: EventFormat | undefined][] = [
			[undefined, 'one', 'raw'],
			[[common], 'one', 'audit'],
			[[common], 'one', undefined],
			[[common, ownRaw], 'own', 'raw'],
			[[{source: 'own'}], 'own', 'raw'],
			[[{source: 'own'}], 'own', undefined],
		];
		for (const [accepts, source, format] of cases) checkAccepts(accepting(accepts), source, format);
	});

	it('says what it takes, what it would get, and what helps', () => {
		const cases: [accepts: readonly Accepted[], format: EventFormat | undefined, message: string][] = [
			[
				[common, ownRaw],
				'raw',
				'some-sink: expected common records or raw records of own, got raw records of one; ' +
					'give --format audit, or in the library normalize()',
			],
			[[{source: 'own'}], undefined, 'some-sink: expected records of own, got records of one'],
			[[{source: 'own'}], 'raw', 'some-sink: expected records of own, got raw records of one'],
			[[ownRaw], 'audit', 'some-sink: expected raw records of own, got common records of one'],
		];
		for (const [accepts, format, message] of cases) {
			assert.throws(() => checkAccepts(accepting(accepts), 'one', format), {name: 'ConfigError', message});
		}
	});

	it('is asked by run() before a source is, and before a sink is opened', async () => {
		const asked: string[] = [];
		const onRequest = () => void asked.push('source');
		const build = (start: Start) => pagedSource(someRecords(2), {start, facts, onRequest});
		await assert.rejects(run(build, accepting([{source: 'own'}], asked)), ConfigError);
		assert.deepEqual(asked, []);
		await run(build, accepting([{source: 'one'}], asked));
		assert.deepEqual(asked, ['sink', 'source', 'source']);
	});

	it('is asked by run() for each page, before one of its sinks has any of it', async () => {
		const pages = () => pagedSource(someRecords(3), {facts});
		const first = memorySink({target: 'first'});
		const picky = (...accepts: Accepted[]): Sink => ({...accepting(accepts), delivery: 'best-effort'});
		await assert.rejects(run(pages(), [first, picky({source: 'own'})]), /got records of one/);
		await assert.rejects(run(pages(), [first, picky(common)]), /give --format audit/);
		assert.deepEqual(first.lines, []);
		const report = await run(pages().pipe(normalize()), [first, picky(common)]);
		assert.deepEqual([report.events, report.lacks], [3, {}]);
		assert.equal((await run(from([]), picky(common))).events, 0);
	});
});
