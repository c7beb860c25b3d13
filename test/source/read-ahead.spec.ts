import assert from 'node:assert/strict';
import fc from 'fast-check';
import {defer, from} from 'rxjs';
import {Budget} from '../../lib/model/budget.ts';
import {SourceError} from '../../lib/model/errors.ts';
import {freshStart} from '../../lib/model/start.ts';
import {paginate, type ReadPage} from '../../lib/source/paginate.ts';
import {ReadAhead, type ReadAheadOptions} from '../../lib/source/read-ahead.ts';
import {type Fetched, nowhere, planScans, type Scan, type SourcePosition} from '../../lib/source/scan.ts';
import {factsOf, idsOf, listen, settle, type TestRecord} from '../support/pages.ts';
import {answerOf} from '../support/scripted-api.ts';

interface ApiOptions {
	readonly order?: ReadAheadOptions['order'];
	readonly pageSize?: number;
	/** A server that takes no notice of the bounds it is given. */
	readonly ignoresBounds?: boolean;
	/** A server that takes bounds before this time for others, so much later. */
	readonly shift?: {readonly beforeMs: number; readonly ms: number};
	/** Rejects for a page with this record. */
	readonly poison?: string;
}

/** Records in the order of an API with cursors; answers come in any order, each some turns of the event loop late. */
function apiOf(records: readonly TestRecord[], options: ApiOptions = {}) {
	const {order = 'newest-first', pageSize = 3, ignoresBounds, poison, shift = {beforeMs: 0, ms: 0}} = options;
	const meant = (ms: number) => (ms < shift.beforeMs ? ms + shift.ms : ms);
	const sign = order === 'newest-first' ? -1 : 1;
	const sorted = records.toSorted((one, other) => sign * (one.timeMs! - other.timeMs!));
	const seen = {requests: 0, running: 0, most: 0};
	const read: ReadPage<unknown> = async ({sinceMs, untilMs, cursor = 0}: Scan, signal) => {
		signal.throwIfAborted();
		const turn = seen.requests++;
		seen.most = Math.max(seen.most, ++seen.running);
		try {
			for (let left = (turn * 7) % 5; left >= 0; left--) await new Promise(resolve => setImmediate(resolve));
			const within = ({timeMs = 0}: TestRecord) => timeMs >= meant(sinceMs) && timeMs < meant(untilMs);
			const rows = ignoresBounds ? sorted : sorted.filter(within);
			const from = cursor as number;
			const page = rows.slice(from, from + pageSize);
			if (page.some(({id}) => id === poison)) throw new SourceError('HTTP_STATUS', 'poison', {status: 500});
			const next = from + pageSize < rows.length ? from + pageSize : undefined;
			return {...answerOf(page, next), bytes: 100} as Fetched<unknown>;
		} finally {
			seen.running--;
		}
	};
	return {read, seen, order, ids: sorted.map(({id}) => id)};
}

/** What a source with this API gives from a position on, and the positions of its pages; a source of its own each time. */
async function readAll(
	{read, order}: ReturnType<typeof apiOf>,
	{
		concurrency = 4,
		position = nowhere,
		since = 'said' as 'said' | 'not said',
		untilMs = 1e9,
		maxBytes = 1e9,
		pages = Infinity,
	} = {},
) {
	const stop = new AbortController();
	const budget = new Budget({maxPages: 200, maxBytes});
	const ahead = new ReadAhead<unknown>(read, {name: 'log', order, concurrency, budget, signal: stop.signal});
	const plan = {sinceMs: since === 'said' ? 0 : undefined, untilMs, settledMs: untilMs - 5000, overlapMs: 0};
	const following = (reached: SourcePosition) => (position.scan && !reached.scan ? planScans(reached, plan) : []);
	const ids: string[] = [];
	const positions: SourcePosition[] = [];
	let enough = () => {};
	const isEnough = new Promise<void>(resolve => (enough = resolve));
	const heard = listen(
		defer(() => from(planScans(position, plan))).pipe(
			paginate(ahead.read, {
				source: factsOf({order}),
				start: {...freshStart(), budget},
				windows: ahead,
				position,
				following,
				concernsPage: (error): error is SourceError => error instanceof SourceError,
			}),
		),
		page => {
			page.ack();
			if (positions.length >= pages) return;
			ids.push(...idsOf(page));
			positions.push(JSON.parse(JSON.stringify(page.position)) as SourcePosition);
			if (positions.length === pages) enough();
		},
	);
	await Promise.race([heard.over, isEnough]);
	heard.unsubscribe();
	ahead.close();
	return {ids, positions, error: heard.error as Error | undefined};
}

/** Where nights are quiet, bursts come in one second, and years lie before the first event. */
const records = fc
	.array(fc.tuple(fc.constantFrom(1, 20, 900, 3000, 400_000), fc.integer({min: 1, max: 40})), {
		minLength: 1,
		maxLength: 12,
	})
	.map(stretches => {
		let timeMs = 2e8;
		return stretches.flatMap(([spacingMs, many]) => Array.from({length: many}, () => (timeMs += spacingMs)));
	})
	.map(times => times.map((timeMs, index): TestRecord => ({id: `e${index}`, timeMs})));

describe('ReadAhead', () => {
	it('gives what one chain of pages gives, in its order, with no more requests at once than allowed', async () => {
		const cases = fc.record({
			records,
			order: fc.constantFrom('newest-first' as const, 'oldest-first' as const),
			concurrency: fc.integer({min: 2, max: 16}),
			pageSize: fc.integer({min: 1, max: 8}),
			maxBytes: fc.constantFrom(50, 400, 1e9),
			ignoresBounds: fc.boolean(),
			// as where clocks are put forward, or bounds are rounded
			shift: fc.record({
				beforeMs: fc.integer({min: 2e8, max: 2.2e8}),
				ms: fc.constantFrom(0, 60_000, 3_600_000, -60_000, -3_600_000),
			}),
		});
		await fc.assert(
			fc.asyncProperty(cases, async ({records: some, concurrency, maxBytes, ...options}) => {
				const api = apiOf(some, options);
				const {ids, error} = await readAll(api, {concurrency, maxBytes});
				assert.equal(error, undefined);
				assert.deepEqual(ids, api.ids);
				// the page that is being written is asked for beside what is read ahead
				assert.ok(api.seen.most <= concurrency + 1, `${api.seen.most} at once, ${concurrency} allowed`);
			}),
			{numRuns: 150},
		);
	});

	it('goes on from each page that was committed with all that is missing, whether since is said again or not', async () => {
		await fc.assert(
			fc.asyncProperty(records, fc.boolean(), fc.nat(60), async (some, isSaid, at) => {
				const api = apiOf(some);
				const {ids, positions} = await readAll(api, {pages: at + 1});
				const last = positions.at(-1)!;
				const {ids: others} = await readAll(api, {position: last, since: isSaid ? 'said' : 'not said'});
				// what is of the newest record's time is read again, for records that came late
				assert.deepEqual([...new Set([...ids, ...others])].sort(), [...api.ids].sort());
			}),
			{numRuns: 100},
		);
	});

	it('leaves a page that fails for good as a gap, and reads what is around it', async () => {
		const some = Array.from({length: 400}, (_, index) => ({id: `e${index}`, timeMs: 1e8 + index * 10_000}));
		const api = apiOf(some, {poison: 'e200'});
		const {ids, positions, error} = await readAll(api);
		assert.match(error!.message, /poison/);
		const missing = api.ids.filter(id => !ids.includes(id));
		assert.ok(missing.includes('e200') && missing.length < 10, missing.join());
		const {ids: others} = await readAll(apiOf(some), {position: positions.at(-1)!, since: 'not said'});
		assert.deepEqual([...new Set([...ids, ...others])].sort(), [...api.ids].sort());
	});

	it('wastes few requests where the log is dense, and few where it is empty', async () => {
		const dense = apiOf(
			Array.from({length: 6000}, (_, index) => ({id: `e${index}`, timeMs: 5e8 + index * 5000})),
			{pageSize: 10},
		);
		assert.deepEqual((await readAll(dense, {concurrency: 8})).ids, dense.ids);
		assert.ok(dense.seen.requests < 600 * 1.25 + 40, `${dense.seen.requests}`);
	});

	it('gives back its places when it is closed, and asks for no more', async () => {
		const some = Array.from({length: 400}, (_, index) => ({id: `e${index}`, timeMs: 1e8 + index * 10_000}));
		const api = apiOf(some);
		const budget = new Budget({maxPages: 200});
		const ahead = new ReadAhead(api.read, {
			name: 'log',
			...api,
			concurrency: 4,
			budget,
			signal: new AbortController().signal,
		});
		const pass = {sinceMs: 0, untilMs: 1e9, coversToMs: 1e9};
		const signal = new AbortController().signal;
		for (let cursor = 0; cursor < 12; cursor += 3) {
			const isLast = cursor === 9;
			assert.equal((await ahead.cut(pass, await api.read({...pass, cursor}, signal))) !== undefined, isLast);
		}
		ahead.next(pass);
		await settle();
		assert.ok(budget.pages > 2, `${budget.pages} pages`);
		ahead.close();
		const {requests} = api.seen;
		await settle();
		assert.deepEqual([budget.pages, budget.bytes, api.seen.requests], [0, 0, requests]);
	});

	it('leaves a pass with few pages as it is, and one that was begun by another run', async () => {
		const pass = {sinceMs: 40_000, untilMs: 100_001, coversToMs: 100_001};
		const times = [100, 97, 93, 90].map(seconds => seconds * 1000);
		const answer = (next: number | undefined) =>
			answerOf(
				times.map(timeMs => ({id: `${timeMs}`, timeMs})),
				next,
			);
		const isCut = async (scan: Scan, next: number | undefined, {oldest = 45, skip = 0} = {}) => {
			const budget = new Budget({maxPages: 200});
			const held = apiOf(
				[...times, oldest * 1000].map(timeMs => ({id: `${timeMs}`, timeMs})),
				{pageSize: 9},
			);
			// as a server with another clock
			const read: ReadPage<unknown> = ({sinceMs, untilMs, ...rest}, signal) =>
				held.read({...rest, sinceMs: sinceMs - skip, untilMs: untilMs - skip}, signal);
			const {signal} = new AbortController();
			const ahead = new ReadAhead<unknown>(read, {name: 'log', order: 'newest-first', concurrency: 4, budget, signal});
			const cuts = [];
			for (let pages = 0; pages < 12; pages++) cuts.push(await ahead.cut(scan, answer(next)));
			ahead.close();
			return cuts.some(Boolean);
		};
		assert.equal(await isCut(pass, 2), true);
		assert.equal(await isCut(pass, undefined), false, 'it is over');
		assert.equal(await isCut({...pass, sinceMs: 50_000}, 2), false, 'so much time is not left');
		assert.equal(await isCut({...pass, sinceMs: 46_000}, 2), false, 'nothing is there');
		assert.equal(await isCut({...pass, cursor: 1}, 2), false, 'another run began it');
		assert.equal(await isCut({...pass, reason: 'it failed'}, 2), false, 'it is a gap');
		assert.equal(await isCut(pass, 2, {skip: 4000}), false, 'the server means other times');
	});

	it('counts nothing as read where a server leaves out of a window what it had given', async () => {
		const some = Array.from({length: 400}, (_, index) => ({id: `e${index}`, timeMs: 1e8 + index * 10_000}));
		const api = apiOf(some);
		let isCut = false;
		const read: ReadPage<unknown> = async (scan, signal) => {
			const answer = await api.read(scan, signal);
			isCut ||= scan.untilMs < 1e9;
			return isCut && scan.untilMs === 1e9 && scan.cursor === undefined
				? {...answerOf([], undefined), bytes: 0}
				: answer;
		};
		const {ids, error, positions} = await readAll({...api, read});
		assert.match(error!.message, /had given before/);
		const {ids: others} = await readAll(api, {position: positions.at(-1)!, since: 'not said'});
		assert.deepEqual([...new Set([...ids, ...others])].sort(), [...api.ids].sort());
	});
});
