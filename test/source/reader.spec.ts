import assert from 'node:assert/strict';
import type {z} from 'zod';
import {SourceError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import type {Client} from '../../lib/http/client.ts';
import type {ClientRequest} from '../../lib/http/request.ts';
import type {Fetched} from '../../lib/source/paginate.ts';
import {OtherAnswer} from '../../lib/http/unreadable.ts';
import {createReader} from '../../lib/source/reader.ts';
import type {Scan} from '../../lib/source/scan.ts';
import type {PageAnswer, SourceDefinition, Window} from '../../lib/source/define-source.ts';

interface Row {
	readonly id: string;
	readonly at: number;
}

const scan: Scan = {sinceMs: 1000, untilMs: 9500, coversToMs: 9500};
const {signal} = new AbortController();
type Definition = SourceDefinition<z.ZodRawShape, Row>;

const byCursor = {
	name: 'some-source',
	order: 'newest-first',
	records: 'rows',
	id: ({id}: Row) => id,
	time: ({at}: Row) => at,
	request: (_: unknown, {fromMs, toMs, start, cursor}: Window) => ({
		path: '/log',
		query: {from: fromMs, to: toMs, start, cursor: cursor as string | undefined},
	}),
	next: ({envelope}: PageAnswer<Row>) => (envelope as {next?: string}).next,
} as unknown as Definition;
const {id: _id, ...withoutId} = byCursor;
const byContent = {...withoutId, identity: ({id}: Row): Json => id} as Definition;
const {next: _next, ...withoutNext} = byCursor;
const byOffset = withoutNext as Definition;

/** Reads the answers one by one, each with the cursor of the one before, as it comes back from a state. */
async function read(definition: Definition, answers: readonly object[], given: Scan = scan, overlapMs = 0) {
	const requests: ClientRequest[] = [];
	const client: Client = async request => {
		const body = Buffer.from(JSON.stringify(answers[requests.length]));
		requests.push(request);
		return {bytes: body.length, content: request.parse!(body, true), headers: {'x-page': `${requests.length}`}};
	};
	const reader = createReader(definition, client, {maxEventBytes: 100} as never, overlapMs);
	const pages: Fetched<Row>[] = [];
	let current = given;
	for (const _ of answers) {
		const answer = await reader(current, signal);
		pages.push(answer);
		current = {...current, cursor: JSON.parse(JSON.stringify(answer.next ?? null)) as Json};
	}
	return {pages, requests, asked: requests.map(({query = []}) => Object.fromEntries(query))};
}

function idsIn(pages: readonly Fetched<Row>[]): string[][] {
	return pages.map(({records}) => records.map(({id}) => id));
}

const rowA = {id: 'a', at: 5000};
const rowB = {id: 'b', at: 4000};
const bad = {id: 'bad', at: 'never'};

describe('createReader', () => {
	it('gives records with their events, what is rejected, the size and the next cursor', async () => {
		const answer = {rows: [rowA, bad, rowB], next: 'C'};
		const {pages, requests} = await read(byCursor, [answer]);
		const [page] = pages;
		assert.deepEqual(idsIn(pages), [['a', 'b']]);
		assert.deepEqual(
			page!.records.map(({value}) => value),
			[rowA, rowB],
		);
		assert.deepEqual(
			page!.rejected!.map(({text}) => Buffer.from(text).toString()),
			[JSON.stringify(bad)],
		);
		assert.equal(page!.next, 'C');
		assert.equal(page!.bytes, JSON.stringify(answer).length);
		const {method, path, repeatable, body} = requests[0]!;
		assert.deepEqual([method, path, repeatable, body], ['GET', '/log', true, undefined]);
	});

	it('sends a body where the source has one', async () => {
		const posting = {...byCursor, request: () => ({method: 'POST', path: '/search', body: {q: 1}})} as Definition;
		const {requests} = await read(posting, [{rows: []}]);
		assert.deepEqual([requests[0]!.method, requests[0]!.body], ['POST', '{"q":1}']);
		assert.equal(requests[0]!.repeatable, true);
	});

	it('is an error where the answer has no list, and where the request fails', async () => {
		await assert.rejects(read(byCursor, [{items: []}]), OtherAnswer);
		await assert.rejects(read(byOffset, [{items: []}]), OtherAnswer);
		const failure = new SourceError('TIMEOUT', 'late');
		const reader = createReader(byCursor, () => Promise.reject(failure), {maxEventBytes: 1} as never, 0);
		await assert.rejects(reader(scan, signal), failure);
	});

	it('tells a source how many rows there were', async () => {
		const seen: number[] = [];
		const counting = {...byCursor, next: ({rows}: PageAnswer<Row>) => (seen.push(rows), undefined)} as Definition;
		await read(counting, [{rows: [rowA, bad]}]);
		const {next: _, ...rest} = counting;
		await read({...rest, isLast: ({rows}: PageAnswer<Row>) => (seen.push(rows), true)} as Definition, [{rows: [bad]}]);
		assert.deepEqual(seen, [2, 1]);
	});

	describe('by what the answer shows', () => {
		const seen: PageAnswer<Row>[] = [];
		const keyset = {
			...byCursor,
			records: undefined,
			next: (answer: PageAnswer<Row>) => (seen.push(answer), answer.rows === 0 ? undefined : answer.last!.id),
		} as unknown as Definition;

		it('tells a source the headers, the last row that can be read, and the cursor that was asked with', async () => {
			seen.length = 0;
			const {asked} = await read(keyset, [[rowA, rowB, bad], []]);
			assert.equal(asked[1]!['cursor'], rowB.id);
			assert.deepEqual(
				seen.map(({envelope, headers, rows, last, cursor}) => ({envelope, headers, rows, last, cursor})),
				[
					{envelope: [], headers: {'x-page': '1'}, rows: 3, last: rowB, cursor: undefined},
					{envelope: [], headers: {'x-page': '2'}, rows: 0, last: undefined, cursor: rowB.id},
				],
			);
		});

		it('is the end where the API says null, with ids and without', async () => {
			const next = ({envelope}: PageAnswer<Row>) => (envelope as {next: null}).next;
			for (const definition of [byCursor, byContent]) {
				const {pages} = await read({...definition, next} as unknown as Definition, [{rows: [rowA], next: null}]);
				assert.equal(pages[0]!.next, undefined);
			}
		});

		it('is an error where nobody can tell how to go on, never the end', async () => {
			const message = /^some-source: where the next page begins cannot be told: /;
			await assert.rejects(read(keyset, [[bad, bad]]), {code: 'BAD_BODY', message});
			const broken = {...byCursor, next: () => (undefined as unknown as {a: string}).a} as unknown as Definition;
			await assert.rejects(read(broken, [{rows: []}]), {code: 'BAD_BODY', message});
			const {next: _, ...rest} = broken;
			const isLast = () => assert.fail('no idea');
			await assert.rejects(read({...rest, isLast} as Definition, [{rows: []}]), {code: 'BAD_BODY', message});
		});
	});

	describe('by cursor', () => {
		it('asks within the bounds of the pass, with its cursor', async () => {
			const {asked} = await read(byCursor, [{rows: [rowA], next: 'C'}, {rows: [rowB]}]);
			assert.deepEqual(asked, [
				{from: '1000', to: '9500', start: '0'},
				{from: '1000', to: '9500', start: '0', cursor: 'C'},
			]);
		});

		it('asks from the edge where a cursor was refused: up to it, or from the overlap behind it', async () => {
			const edge = {...scan, edgeMs: 5000};
			const bounds = async (order: string, given: Scan) => {
				const {asked} = await read({...byCursor, order} as Definition, [{rows: []}], given, 500);
				return [asked[0]!['from'], asked[0]!['to']];
			};
			assert.deepEqual(await bounds('newest-first', edge), ['1000', '5000']);
			assert.deepEqual(await bounds('oldest-first', edge), ['4500', '9500']);
			assert.deepEqual(await bounds('oldest-first', {...edge, edgeMs: 1200}), ['1000', '9500']);
			assert.deepEqual(await bounds('newest-first', {...edge, edgeMs: 99_999}), ['1000', '9500']);
		});

		it('gives all records of a listing the time of the pass, and an identity of this pass', async () => {
			const {pages} = await read({...byCursor, order: 'none'} as Definition, [{rows: [{id: 'a'}]}]);
			const {timeMs, orderMs, identity} = pages[0]!.records[0]!;
			assert.deepEqual([timeMs, orderMs, identity], [9499, 9499, '9499 a']);
		});
	});

	describe('by cursor, without ids', () => {
		it('counts equal records across pages, and tells cursors apart by what the API gave', async () => {
			const answers = [
				{rows: [rowA, rowA], next: 'C1'},
				{rows: [rowA, rowB], next: 'C2'},
				{rows: [], next: 'C3'},
				{rows: [rowB]},
			];
			const {pages, asked} = await read(byContent, answers);
			const [[a], , , [b]] = idsIn(pages) as [[string], unknown, unknown, [string]];
			const first = b.replace('-2', '');
			assert.deepEqual(idsIn(pages), [[a, `${a}-2`], [`${a}-3`, first], [], [`${first}-2`]]);
			assert.deepEqual(
				asked.map(({cursor}) => cursor),
				[undefined, 'C1', 'C2', 'C3'],
			);
			assert.deepEqual(
				pages.map(({nextKey}) => nextKey),
				['"C1"', '"C2"', '"C3"', undefined],
			);
			assert.equal(pages[3]!.next, undefined);
		});
	});

	describe('by offset', () => {
		const rowC = {id: 'c', at: 3000};

		it('asks up to the end of the second, each page with the last row of the one before, until nothing is behind it', async () => {
			const {pages, asked} = await read(byOffset, [{rows: [rowA, rowB]}, {rows: [rowB, rowC]}, {rows: [rowC]}]);
			assert.deepEqual(asked, [
				{from: '1000', to: '10000', start: '0'},
				{from: '1000', to: '10000', start: '1'},
				{from: '1000', to: '10000', start: '2'},
			]);
			assert.deepEqual(idsIn(pages), [['a', 'b'], ['c'], []]);
			assert.deepEqual(
				pages[1]!.records.map(({value}) => value),
				[rowC],
			);
			assert.equal(pages[1]!.rows, 2);
			assert.equal(pages[2]!.next, undefined);
		});

		it('goes on behind a page that holds nothing but rejected rows', async () => {
			const other = {id: 'worse', at: 'never'};
			const {asked, pages} = await read(byOffset, [{rows: [bad, other]}, {rows: [other, rowA]}, {rows: [rowA]}]);
			assert.deepEqual(
				asked.map(({start}) => start),
				['0', '1', '2'],
			);
			assert.deepEqual(idsIn(pages), [[], ['a'], []]);
			assert.deepEqual(
				pages.map(({rejected}) => rejected!.length),
				[2, 0, 0],
			);
		});

		it('says what the server ignores, where it gives one page for ever', async () => {
			const same = {rows: [rowA, rowB]};
			await assert.rejects(read(byOffset, [same, same, same]), {
				code: 'PAGING_NO_PROGRESS',
				message: /^some-source: paging makes no progress: expected .*the server seems to ignore the offset; ask for/,
			});
			const {pages} = await read({...byOffset, isLast: () => true} as Definition, [same, same, same]);
			assert.deepEqual(idsIn(pages), [['a', 'b'], [], []]);
		});
	});
});
