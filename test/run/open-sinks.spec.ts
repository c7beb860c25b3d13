import assert from 'node:assert/strict';
import {SinkError} from '../../lib/model/errors.ts';
import {run} from '../../lib/run/run.ts';
import type {Sink} from '../../lib/sink/sink.ts';
import {keyOf} from '../../lib/run/open-sinks.ts';
import type {Start} from '../../lib/model/start.ts';
import {memoryBucket} from '../support/memory-bucket.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {pagedSource, someRecords, textsOf} from '../support/paged-source.ts';

const records = someRecords(8);
const commitSize = {pages: 2};

/** Throws at the n-th step of that name, and at each one behind it. */
function failingFrom(name: string, count: number) {
	let seen = 0;
	return (step: string) => {
		if (step === name && ++seen >= count) throw new Error('the disk is gone');
	};
}

function isoOf(index: number): string {
	return new Date(records[index]!.timeMs!).toISOString();
}

describe('OpenSinks', () => {
	it('names a sink by its kind and its target', () => {
		assert.equal(keyOf(memorySink({target: 'there'})), 'some-sink:there');
	});

	it('refuses two sinks at one place, of whatever kinds they are', async () => {
		const build = (start: Start) => pagedSource(records, {start});
		for (const [one, other] of [
			['/folder', '/folder/'],
			['-', '-'],
		] as const) {
			const sinks = [memorySink({target: one}), memorySink({name: 'another', target: other})];
			await assert.rejects(run(build, sinks), {code: 'CONFIG', message: /the target another:.* is given twice/});
		}
		await run(build, [memorySink({target: 'a/b'}), memorySink({name: 'another', target: 'a/b'})]);
	});

	it('refuses a sink that prepares and cannot say what it holds', async () => {
		const {holds: _, ...bucket} = memoryBucket();
		const build = (start: Start) => pagedSource(records, {start});
		await assert.rejects(run(build, bucket), {code: 'CONFIG', message: /needs holds\(\)/});
	});

	describe('with a best-effort sink', () => {
		const build = (start: Start) => pagedSource(records, {start, pageSize: 1});

		it('goes on without one that fails, and says what it lacks since its last commit', async () => {
			const cases: [step: string, count: number, kept: number][] = [
				['open weak', 1, 0],
				['write weak', 1, 0],
				['write weak', 4, 2],
				['written weak', 4, 2],
				['flush weak', 3, 2],
				['flushed weak', 3, 2],
			];
			for (const [step, count, kept] of cases) {
				const strong = memorySink({target: 'strong'});
				const weak: Sink = {
					...memorySink({target: 'weak', step: failingFrom(step, count)}),
					delivery: 'best-effort',
				};
				const state = memoryStore();
				const report = await run(build, [weak, strong], {state, commitSize});
				assert.deepEqual(strong.lines, textsOf(records), step);
				const lack = {from: isoOf(7), to: isoOf(kept), events: 8 - kept, reason: 'the disk is gone'};
				assert.deepEqual(report.lacks, {'some-sink:weak': lack}, `${step} ${count}`);
				const {sinks, lacks} = state.stored!.checkpoint;
				assert.deepEqual(lacks, {'some-sink:weak': [lack]});
				assert.deepEqual(
					sinks['some-sink:weak'],
					step.startsWith('open') ? undefined : {lines: kept},
					`${step} ${count}`,
				);
				assert.equal(report.warnings.filter(text => text.includes('some-sink:weak')).length, 1);
			}
		});

		it('goes on without a bucket that fails in mid-commit, and records no other lack than that', async () => {
			for (const step of ['prepare bucket', 'put bucket', 'flushed bucket']) {
				const strong = memorySink({target: 'strong'});
				// the first commit, of nothing, prepares and flushes too
				const bucket = memoryBucket({step: failingFrom(step, step.startsWith('put') ? 2 : 3), delivery: 'best-effort'});
				const state = memoryStore();
				const report = await run(build, [strong, bucket], {state, commitSize});
				assert.deepEqual(strong.lines, textsOf(records), step);
				assert.deepEqual(report.lacks['some-bucket:bucket'], {
					from: isoOf(7),
					to: isoOf(2),
					events: 6,
					reason: 'the disk is gone',
				});
				assert.equal(state.stored!.checkpoint.pending, undefined);
			}
		});

		it('opens it again in the next run, behind what it had; earlier lacks stay in the state', async () => {
			const strong = memorySink({target: 'strong'});
			const failing = failingFrom('write weak', 3);
			let healthy = false;
			const weak = memorySink({target: 'weak', step: name => (healthy ? undefined : failing(name))});
			const state = memoryStore();
			const half = (start: Start) => pagedSource(records.slice(4), {start, untilMs: records[4]!.timeMs! + 1});
			const sinks = [{...weak, delivery: 'best-effort' as const}, strong];
			await run(half, sinks, {state, commitSize});
			healthy = true;
			const report = await run(build, sinks, {state, commitSize});
			assert.deepEqual(report.lacks, {});
			assert.equal(state.stored!.checkpoint.lacks!['some-sink:weak']!.length, 1);
			assert.deepEqual(weak.lines.slice(0, 2), textsOf(records.slice(4, 6)));
			assert.ok(weak.lines.length > 2);
		});

		it('tells a bucket in the next run what it had prepared when it failed', async () => {
			const strong = memorySink({target: 'strong'});
			let failing = failingFrom('put bucket', 2);
			const bucket = memoryBucket({step: name => failing(name), delivery: 'best-effort'});
			const state = memoryStore();
			const firstPages = (start: Start) => pagedSource(records.slice(2), {start, untilMs: records[2]!.timeMs! + 1});
			await run(firstPages, [strong, bucket], {state, commitSize: {pages: 6}});
			assert.deepEqual(Object.keys(state.stored!.checkpoint.prepared ?? {}), ['some-bucket:bucket']);
			failing = () => {};
			await run(build, [strong, bucket], {state, commitSize: {pages: 6}});
			assert.equal(state.stored!.checkpoint.prepared, undefined);
			assert.equal(new Set(bucket.lines()).size, bucket.lines().length);
			assert.deepEqual([...new Set(strong.lines)].sort(), textsOf(records).sort());
		});

		it('ends the run when no sink is left', async () => {
			const weak: Sink = {...memorySink({target: 'weak', step: failingFrom('write weak', 2)}), delivery: 'best-effort'};
			await assert.rejects(run(build, weak, {commitSize}), /the disk is gone/);
		});

		it('ends the run when its target cannot be right', async () => {
			const refused = new SinkError('TARGET_REFUSED', 'it is not empty');
			const step = (name: string) => (name === 'open weak' ? Promise.reject(refused) : undefined);
			const weak: Sink = {...memorySink({target: 'weak', step}), delivery: 'best-effort'};
			await assert.rejects(run(build, [memorySink(), weak], {commitSize}), refused);
		});

		it('ends the run when a required one fails, and moves no checkpoint', async () => {
			const weak: Sink = {...memorySink({target: 'weak'}), delivery: 'best-effort'};
			const strong = memorySink({target: 'strong', step: failingFrom('write strong', 3)});
			const state = memoryStore();
			await assert.rejects(run(build, [weak, strong], {state, commitSize}), /the disk is gone/);
			assert.deepEqual(state.stored!.checkpoint.sinks, {'some-sink:weak': {lines: 2}, 'some-sink:strong': {lines: 2}});
			assert.equal(state.stored!.checkpoint.lacks, undefined);
		});
	});
});
