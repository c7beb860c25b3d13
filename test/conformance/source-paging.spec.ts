import assert from 'node:assert/strict';
import {AuditError} from '../../lib/model/errors.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {run} from '../../lib/run/run.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {
	isShown,
	type OffsetApi,
	type OffsetQuirks,
	type OffsetRow,
	rowsInOrder,
	rowsWithTies,
	withOffsetServer,
} from '../support/offset-server.ts';
import {credentialsFor} from '../../lib/testing/source-under-test.ts';
import {subjects} from './subjects.ts';

const zoned = (timeMs: number) => new Date(timeMs).toISOString().replace('Z', '+0000');
const msOf = (time: string | null, missing: number) => (time === null ? missing : Number(new Date(time)));
const numberOf = (url: URL, name: string, missing: number) => Number(url.searchParams.get(name) ?? missing);

/** One for each source that pages by offset. */
const apis: Readonly<Record<string, OffsetApi>> = {
	'jira-cloud': {
		read: url => ({
			fromMs: msOf(url.searchParams.get('from'), 0),
			toMs: msOf(url.searchParams.get('to'), Infinity),
			offset: numberOf(url, 'offset', 0),
			limit: numberOf(url, 'limit', 1000),
		}),
		answer: ({rows, offset, limit, total, isLast}) => ({
			offset,
			limit,
			total: isLast === undefined ? undefined : total,
			records: rows.map(({id, timeMs}) => ({id, created: zoned(timeMs), summary: 'changed'})),
		}),
	},
	'confluence-cloud': {
		read: url => ({
			fromMs: numberOf(url, 'startDate', 0),
			toMs: numberOf(url, 'endDate', Infinity),
			offset: numberOf(url, 'start', 0),
			limit: numberOf(url, 'limit', 1000),
		}),
		answer: ({rows, offset, limit, isLast}) => ({
			start: offset,
			limit,
			size: rows.length,
			_links: {self: 'here', ...(isLast === false ? {next: '/rest/api/audit?start=1'} : {})},
			results: rows.map(({id, timeMs}) => ({creationDate: timeMs, summary: `changed ${id}`})),
		}),
	},
	'crowd-data-center': {
		read(url, body) {
			const {onOrAfter = null, beforeOrOn = null} = JSON.parse(body) as {onOrAfter?: string; beforeOrOn?: string};
			return {
				fromMs: msOf(onOrAfter, 0),
				toMs: msOf(beforeOrOn, Infinity),
				offset: numberOf(url, 'start', 0),
				limit: numberOf(url, 'limit', 50),
			};
		},
		answer: ({rows, offset, limit, isLast: isLastPage}) => ({
			start: offset,
			limit,
			size: rows.length,
			isLastPage,
			values: rows.map(({id, timeMs}) => ({id, timestamp: zoned(timeMs), eventType: 'USER_CREATED'})),
		}),
	},
};

const ends = ['short pages', 'no next sign', 'capped limit', 'next sign on empty pages'] as const;
const orders = [
	'as documented',
	'oldest first',
	'by id, single rows back-dated',
	'by id, back-dated at page ends',
	'by id, a run back-dated',
	'ascending within pages',
] as const;
const ignored = ['neither', 'to', 'offset', 'both'] as const;
const count = 47;

function idOf(line: string): number {
	const {id, summary} = JSON.parse(line) as {id?: number; summary: string};
	return id ?? Number(summary.replace('changed ', ''));
}

describe('conformance of sources: paging by offset', () => {
	const byOffset = subjects.filter(({source}) => !source.records.next && source.order !== 'none');

	it('has an API for each source that does', () => {
		assert.deepEqual(byOffset.map(({name}) => name).sort(), Object.keys(apis).sort());
	});

	for (const {name, source} of byOffset) {
		describe(name, () => {
			/** Runs until one ends without an error, each stopped behind so many pages. */
			async function archive(quirks: OffsetQuirks, stopBehind = Infinity, churn = false): Promise<number[]> {
				let rows = rowsInOrder(quirks.order, count);
				let turn = 0;
				const all = () => {
					if (churn && turn++ > 0 && turn < 9) {
						if (turn % 2) rows = rows.slice(1);
						else rows = [{id: 1000 + turn, timeMs: rows[0]!.timeMs + 1}, ...rows];
					}
					return rows;
				};
				const stop = {left: stopBehind, controller: new AbortController()};
				const step = (at: string) => void (at.startsWith('written') && --stop.left === 0 && stop.controller.abort());
				const sink = memorySink({step});
				const state = memoryStore();
				const pageSize = quirks.end === 'capped limit' ? 1000 : 10;
				await withOffsetServer(apis[name]!, quirks, all, async endpoint => {
					const options = {...credentialsFor(source), endpoint, pageSize, retryBaseMs: 0};
					for (let runs = 0; runs < 30; runs++) {
						Object.assign(stop, {left: stopBehind, controller: new AbortController()});
						const {stopped} = await run(start => source(options, start).pipe(dedupe(start)), sink, {
							state,
							signal: stop.controller.signal,
							commitSize: {pages: 1},
						});
						if (!stopped || sink.lines.length >= count) return;
					}
					assert.fail('it does not come to an end');
				});
				return sink.lines.map(idOf);
			}

			for (const order of orders) {
				it(`gives every row once, or ends in an error that names what it met: ${order}`, async () => {
					for (const end of ends) {
						for (const ignores of ignored) {
							const quirks: OffsetQuirks = {end, order, ignores};
							const expected = rowsInOrder(order, count).filter(row => isShown(quirks, row));
							try {
								const got = await archive(quirks);
								assert.deepEqual(
									got.sort((one, other) => one - other),
									expected.map(({id}) => id).sort((one, other) => one - other),
									JSON.stringify(quirks),
								);
							} catch (error) {
								if (!(error instanceof AuditError)) throw error;
								assert.equal(error.code, 'PAGING_NO_PROGRESS', JSON.stringify(quirks));
								const mayFail = ignores === 'offset' || ignores === 'both' || order === 'ascending within pages';
								assert.ok(mayFail, `${JSON.stringify(quirks)}: ${error.message}`);
							}
						}
					}
				});
			}

			describe('where rows of one time change places', () => {
				/** What comes of a listing that is another one for each request. */
				async function archiveOf(list: (request: number, offset: number) => OffsetRow[]): Promise<number[]> {
					const sink = memorySink();
					const quirks: OffsetQuirks = {end: 'no next sign', order: 'as documented', ignores: 'neither'};
					let request = 0;
					await withOffsetServer(
						apis[name]!,
						quirks,
						offset => list(request++, offset),
						async endpoint => {
							const options = {...credentialsFor(source), endpoint, pageSize: 10, retryBaseMs: 0};
							await run(start => source(options, start).pipe(dedupe(start)), sink);
						},
					);
					return sink.lines.map(idOf).sort((one, other) => one - other);
				}

				const allIds = Array.from({length: count}, (_, index) => index + 1);

				// without ids, a record that comes again in the place of another one may as well be its equal
				if (name !== 'confluence-cloud') {
					it('ends in an error where larger offsets have another order each time', async () => {
						const list = (_: number, offset: number) => {
							const rows = rowsWithTies(count, {perTime: count + 1}, false);
							if (offset >= 5) [rows[3], rows[14]] = [rows[14]!, rows[3]!];
							return rows;
						};
						await assert.rejects(archiveOf(list), {code: 'PAGING_NO_PROGRESS'});
					});
				}

				for (const perTime of [4, 10, 24]) {
					for (const turnsAt of [1, 2]) {
						it(`gives every row once: ${perTime} of a time, the other way round from request ${turnsAt} on`, async () => {
							const got = await archiveOf(request => rowsWithTies(count, {perTime}, request >= turnsAt));
							assert.deepEqual(got, allIds);
						});

						it(`loses none without an error, oldest first: ${perTime} of a time, from request ${turnsAt} on`, async () => {
							const ties = {perTime, oldestFirst: true};
							try {
								assert.deepEqual(await archiveOf(request => rowsWithTies(count, ties, request >= turnsAt)), allIds);
							} catch (error) {
								if (!(error instanceof AuditError)) throw error;
								assert.equal(error.code, 'PAGING_NO_PROGRESS');
							}
						});
					}
				}
			});

			it('is exact when every run is stopped behind two of its pages', async () => {
				for (const order of ['as documented', 'oldest first', 'by id, a run back-dated'] as const) {
					const got = await archive({end: 'no next sign', order, ignores: 'neither'}, 2);
					assert.equal(new Set(got).size, count, order);
					assert.equal(got.length, count, order);
				}
			});

			it('loses none that stay while others come and go above the reader', async () => {
				for (const order of ['as documented', 'by id, back-dated at page ends'] as const) {
					const got = new Set(await archive({end: 'no next sign', order, ignores: 'neither'}, Infinity, true));
					for (let id = 1; id <= count - 5; id++) assert.ok(got.has(id), `${order}: ${id} is lost`);
				}
			});
		});
	}
});
