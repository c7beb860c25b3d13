import assert from 'node:assert/strict';
import {from, map, toArray} from 'rxjs';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {toEvents} from '../../lib/operators/to-events.ts';
import {run} from '../../lib/run/run.ts';
import type {Start} from '../../lib/model/start.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {pagedSource, someRecords} from '../support/paged-source.ts';

type Misused = (...given: unknown[]) => Promise<unknown>;

describe('run, misused', () => {
	const misused = run as unknown as Misused;
	const build = (start: Start) => pagedSource(someRecords(3), {start});
	const pages = from([]);
	const sink = memorySink();

	for (const [what, message, ...given] of [
		['a builder that returns nothing', /got undefined; is there a return\?$/, () => undefined, sink],
		['a builder that returns a promise', /got a promise; it must not be async$/, async () => pages, sink],
		['a builder that returns pages in an array', /got an array$/, () => [], sink],
		['an array of pages', /expected an Observable of pages .*, or a function.*got an array$/, [], sink],
		['nothing', /expected an Observable of pages .*, or a function.*got undefined$/, undefined, sink],
		[
			'events',
			/expected pages, got an object of another kind; leave out.*toEvents/,
			(start: Start) =>
				build(start).pipe(
					mapEvents(() => ({})),
					toEvents(),
				),
			sink,
		],
		[
			'arrays of pages',
			/expected pages, got an array; leave out.*bufferCount/,
			(start: Start) => build(start).pipe(toArray()),
			sink,
		],
		[
			'pages of events alone',
			/expected pages, got an object/,
			(start: Start) => build(start).pipe(map(({events}) => ({events}))),
			sink,
		],
		[
			'pages that a spread made',
			/expected pages, got an object.*page\.filter\(\).*never a spread/,
			(start: Start) => build(start).pipe(map(page => ({...page, events: []}))),
			sink,
		],
		['no sinks', /expected at least one sink, got none$/, pages, []],
		['no sink', /expected a sink, such as ndjson\(\{path\}\), got undefined$/, pages, undefined],
		[
			'the factory of a sink',
			/expected a sink, such as ndjson\(\{path\}\), got a function$/,
			pages,
			[sink, () => sink],
		],
		[
			'the name of a state',
			/expected state to be a store.*fileState\(file\), got a string$/,
			build,
			sink,
			{state: 'audit.state'},
		],
		['a state without a source', /a state needs a source/, pages, sink, {state: memoryStore()}],
		[
			'the name of a file for dead letters',
			/expected deadLetters to be a sink.*got a string$/,
			pages,
			sink,
			{deadLetters: 'dead'},
		],
		[
			'an option in another spelling',
			/unknown option stat: expected one of state, signal,.* deadLetters,/,
			build,
			sink,
			{stat: memoryStore()},
		],
		[
			'follow as a word',
			/option follow: expected \{everyMs\}, milliseconds above 0, got a boolean$/,
			build,
			sink,
			{follow: true},
		],
		['no time between rounds', /option follow: expected .* above 0, got 0$/, build, sink, {follow: {everyMs: 0}}],
		['no options', /expected options, got null$/, pages, sink, null],
	] as readonly (readonly [string, RegExp, ...unknown[]])[]) {
		it(`with ${what} rejects once, with what was expected`, async () => {
			await assert.rejects(misused(...given), {name: 'ConfigError', message: new RegExp(`^run: .*${message.source}`)});
		});
	}
});
