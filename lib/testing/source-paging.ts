import assert from 'node:assert/strict';
import {gapsIn} from '../source/scan.ts';
import {hastyClock} from './hasty-clock.ts';
import {it} from './runner.ts';
import {failure, type Subject, textsOf, withSource} from './source-under-test.ts';
import {assertInOrder} from './tally.ts';

/** Answers that lead nowhere, so that paging must end with an error. */
function stuckBy({hasCursor, emptyPageEnds}: {hasCursor: boolean; emptyPageEnds?: boolean}) {
	const cycles = ['repeat-cursor', 'cycle-cursor', 'renew-cursor'] as const;
	return [...(hasCursor ? cycles : []), ...(emptyPageEnds ? [] : (['empty-pages'] as const))];
}

export function describePaging(subject: Subject): void {
	const {reading, source} = subject;
	const hasCursor = source.records.next !== undefined;
	hastyClock();

	if (reading.pageSize === undefined) {
		it('asks for smaller pages where those asked for are too much, and for larger ones when they come again', () =>
			withSource(subject, {pages: 4.5}, async ({archive, emulator, held}) => {
				const {assertHolds, fill} = archive();
				emulator.setFaults([{kind: 'status', status: 504, at: {from: 3, to: 6}}]);
				const {requests} = await fill({maxAttempts: 3});
				// the fourth is the first for half a page, and the fifth for a quarter
				assert.ok(requests <= 4 + 2 * 4.5 + 4, `${requests} requests`);
				assertHolds(held());
			}));
	}

	if (source.order !== 'none') {
		it('leaves a record that its server cannot give as a gap, reads what is newer, and all when it can', () =>
			withSource(subject, {}, async ({archive, api, emulator, held}) => {
				const all = held();
				const records = Array.from(api.records());
				const bad = records[Math.floor(records.length * 0.6)]!.text;
				const {assertHolds, fill, lines, store} = archive();
				const gaps = () => Object.values(store.stored!.checkpoint.sources).flatMap(gapsIn);
				emulator.setFaults([{kind: 'status', status: 500, holding: bad, at: 'all'}]);
				for (const night of [1, 2]) {
					const before = emulator.requestCount;
					await assert.rejects(fill({maxAttempts: 2}), failure('HTTP_STATUS'));
					assert.equal(gaps().length, 1, `night ${night}`);
					assert.ok(lines.includes(records[0]!.text.replace(/[\r\n]/g, '')), 'the newest is there');
					assert.ok(lines.length >= all.length / 2, `${lines.length} of ${all.length}`);
					assert.ok(emulator.requestCount - before <= 100, `${emulator.requestCount - before} requests`);
				}
				emulator.clearFaults();
				const report = await fill();
				assert.deepEqual([report.gaps, gaps()], [[], []]);
				assertHolds(all);
			}));
	}

	if (hasCursor) {
		it('reads on where a cursor is refused', async () => {
			for (const request of [2, 4, 6]) {
				await withSource(subject, {}, async ({archive, emulator, held}) => {
					const {assertHolds, fill} = archive();
					emulator.setFaults([{kind: 'refuse-cursor', at: request}]);
					const {warnings} = await fill();
					assert.match(warnings.join(), /the cursor was refused/);
					assertHolds(held());
				});
			}
		});

		it('reads on where the cursor of the state is refused', () =>
			withSource(subject, {}, async ({archive, emulator, held}) => {
				const {assertHolds, fill} = archive();
				await fill({}, 4);
				emulator.setFaults([{kind: 'refuse-cursor', at: emulator.requestCount + 1}]);
				await fill();
				assertHolds(held());
			}));
	}

	for (const kind of stuckBy({hasCursor, ...reading})) {
		it(`takes no page that leads nowhere for the end: ${kind}`, () =>
			withSource(subject, {}, async ({archive, emulator, held}) => {
				const {assertHolds, fill} = archive();
				emulator.setFaults([{kind, at: {from: 3}}]);
				await assert.rejects(fill(), failure('PAGING_NO_PROGRESS'));
				assert.ok(emulator.requestCount < 2300, `${emulator.requestCount} requests`);
				emulator.clearFaults();
				await fill();
				assertHolds(held());
			}));
	}

	it('never follows a link to another host', () =>
		withSource(subject, {}, async ({emulator, held, pull}) => {
			for (const onlyLink of [false, true]) {
				emulator.setFaults([{kind: 'foreign-next', onlyLink, at: 'all'}]);
				assertInOrder(textsOf(await pull()), held());
			}
		}));
}
