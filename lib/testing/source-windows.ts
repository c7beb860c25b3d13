import assert from 'node:assert/strict';
import {Budget} from '../model/budget.ts';
import {freshStart} from '../model/start.ts';
import type {Fault} from '../emulator/index.ts';
import {hastyClock} from './hasty-clock.ts';
import {listen, settle} from './listen.ts';
import {it} from './runner.ts';
import {failure, type Subject, textsOf, withSource} from './source-under-test.ts';
import {assertInOrder} from './tally.ts';

const concurrency = 4;
/** Enough for several windows. */
const pages = 24;

const passing: readonly Fault[] = [
	{kind: 'status', status: 500},
	{kind: 'status', status: 429, headers: {'retry-after': '1'}},
	{kind: 'truncate'},
	{kind: 'reset'},
	{kind: 'reset', where: 'body'},
];

/** What a source does that reads windows of its log side by side; one that cannot passes by reading one chain. */
export function describeWindows(subject: Subject): void {
	const {source} = subject;
	if (source.order === 'none') return;
	const beside = {concurrency};
	hastyClock();

	it('gives the same in the same order, whatever fails and passes meanwhile', () =>
		withSource(subject, {pages}, async ({emulator, held, pull}) => {
			assertInOrder(textsOf(await pull(beside)), held());
			const from = emulator.requestCount;
			emulator.setFaults(passing.map((fault, index) => ({...fault, at: from + 2 + 7 * index})));
			assertInOrder(textsOf(await pull(beside)), held());
		}));

	for (const stopBehind of [1, 7]) {
		it(`is exact when every run is stopped behind ${stopBehind} of its pages`, () =>
			withSource(subject, {pages}, async ({archive, held}) => {
				const {assertHolds, fill, lines} = archive();
				const all = held();
				for (let runs = 0; lines.length < all.length; runs++) {
					assert.ok(runs <= (3 * pages) / stopBehind, `${lines.length} of ${all.length} events after ${runs} runs`);
					await fill(beside, stopBehind);
				}
				assertHolds(all);
				await fill(beside);
				assertHolds(all);
			}));
	}

	it('leaves a record that its server cannot give as a gap, reads what is newer and older, and all when it can', () =>
		withSource(subject, {pages}, async ({archive, api, emulator, held}) => {
			const all = held();
			const records = Array.from(api.records());
			const bad = records[Math.floor(records.length * 0.4)]!.text;
			const {assertHolds, fill, lines} = archive();
			emulator.setFaults([{kind: 'status', status: 500, holding: bad, at: 'all'}]);
			await assert.rejects(fill({...beside, maxAttempts: 2}), failure('HTTP_STATUS'));
			assert.ok(lines.length >= all.length / 2, `${lines.length} of ${all.length}`);
			emulator.clearFaults();
			const report = await fill(beside);
			assert.deepEqual(report.gaps, []);
			assertHolds(all);
		}));

	it('gives up soon where nothing comes any more, and goes on there', () =>
		withSource(subject, {pages}, async ({archive, emulator, held}) => {
			for (const from of [2, 20]) {
				const {assertHolds, fill} = archive();
				const before = emulator.requestCount;
				emulator.setFaults([{kind: 'status', status: 500, at: {from: before + from}}]);
				await assert.rejects(fill({...beside, maxAttempts: 3}), failure('HTTP_STATUS'));
				const requests = emulator.requestCount - before - from;
				assert.ok(requests <= 120, `${requests} requests`);
				emulator.clearFaults();
				await fill(beside);
				assertHolds(held());
			}
		}));

	it('shows refused credentials to the server no more often than it reads side by side', () =>
		withSource(subject, {pages}, async ({archive, emulator, held}) => {
			const {assertHolds, fill} = archive();
			emulator.setFaults([{kind: 'status', status: 401, at: {from: 12}}]);
			await assert.rejects(fill(beside), failure('UNAUTHORIZED'));
			assert.ok(emulator.requestCount <= 11 + concurrency, `${emulator.requestCount} requests`);
			emulator.clearFaults();
			await fill(beside);
			assertHolds(held());
		}));

	it('gives the oldest first to whoever wants that, and goes on where it was stopped', () =>
		withSource(subject, {pages: 16}, async ({archive, held, pull}) => {
			const all = held();
			const oldestFirst = source.order === 'oldest-first' ? all : all.toReversed();
			assertInOrder(textsOf(await pull({order: 'oldest', concurrency: 1})), oldestFirst);
			const {assertHolds, fill, lines} = archive();
			for (let runs = 0; lines.length < all.length; runs++) {
				assert.ok(runs <= 16, `${lines.length} of ${all.length} events after ${runs} runs`);
				await fill({...beside, order: 'oldest'}, 7);
			}
			assertHolds(oldestFirst);
		}));

	for (const maxPages of [3, 12]) {
		it(`never has more than ${maxPages} pages in flight where the budget allows no more`, () =>
			withSource(subject, {pages}, async tested => {
				const {emulator, held, options} = tested;
				let taken = 0;
				tested.onRequest = () => {
					// pages that were asked for and dropped gave their places back
					assert.ok(budget.pages <= maxPages, `${budget.pages} pages in flight`);
				};
				const budget = new Budget({maxPages});
				const heard = listen(source(options(beside), {...freshStart(), budget}), page => {
					void settle().then(() => {
						taken++;
						page.taken();
					});
				});
				await heard.over;
				await settle();
				assert.equal(heard.error, undefined);
				assert.equal(taken, heard.values.length);
				assert.ok(emulator.requestCount >= taken);
				assertInOrder(textsOf(heard.values), held());
				assert.deepEqual([budget.pages, budget.bytes], [0, 0]);
			}));
	}
}
