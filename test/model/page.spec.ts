import assert from 'node:assert/strict';
import fc from 'fast-check';
import {from, type MonoTypeOperatorFunction} from 'rxjs';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {filterEvents} from '../../lib/operators/filter-events.ts';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {Page} from '../../lib/model/page.ts';
import {factsOf, idsOf, listen, pageOf, settledLog} from '../support/pages.ts';

describe('Page.of', () => {
	it('begins with nothing rejected, nothing remembered, and its own texts', () => {
		const {rejected, snapshots, duplicates, verbatim, identities} = pageOf(['a']);
		assert.deepEqual(
			{rejected, snapshots, duplicates, verbatim, identities},
			{
				rejected: [],
				snapshots: {},
				duplicates: 0,
				verbatim: true,
				identities: undefined,
			},
		);
	});

	it('settles once, whatever is called, and is taken once before that', () => {
		const calls = fc.array(fc.constantFrom('taken' as const, 'ack' as const, 'nack' as const), {maxLength: 6});
		fc.assert(
			fc.property(calls, names => {
				const log: string[] = [];
				const {events, records, source, sequence, position, bytes} = pageOf(['a']);
				const page = Page.of(
					{events, records, source, sequence, position, bytes},
					{
						taken: () => void log.push('taken'),
						acked: () => void log.push('ack'),
						nacked: (reason: unknown) => void log.push(reason as string),
					},
				);
				// through a page made from it, as operators do
				const derived = page.filter(() => false);
				for (const [index, name] of names.entries()) (index % 2 === 0 ? page : derived)[name]('nack');
				const settled = names.find(name => name !== 'taken');
				assert.deepEqual(log, [...(names.length > 0 ? ['taken'] : []), ...(settled ? [settled] : [])]);
			}),
		);
	});

	it('needs nobody who hears of the acknowledgement', () => {
		const {events, records, source, sequence, position, bytes} = pageOf(['a']);
		const settlement = {taken: () => {}, nacked: () => {}};
		Page.of({events, records, source, sequence, position, bytes}, settlement).ack();
	});
});

describe('a page made from another', () => {
	const ids = fc.uniqueArray(fc.nat(40).map(String), {maxLength: 12});

	it('keeps each event with its record, and settles the same page', () => {
		fc.assert(
			fc.property(ids, fc.func(fc.nat(3)), (given, countOf) => {
				const settled = settledLog();
				const page = pageOf(given, {settled});
				const kept = page.filter((_, {id}) => countOf(id) > 0);
				assert.deepEqual(
					idsOf(kept),
					given.filter(id => countOf(id) > 0),
				);
				const mapped = page.map((event, {id}) => ({event, id}));
				assert.ok(mapped.entries.every(({event, record}) => event.id === record.id && event.event === record.value));
				const several = page.flatMap((_, {id}) =>
					Array.from({length: countOf(id)}, (_item, index) => `${id} ${index}`),
				);
				assert.deepEqual(
					several.entries.map(({event, record}) => [event, record.id]),
					given.flatMap(id =>
						Array.from({length: countOf(id)}, (_, at) => [`${id} ${at}`, at === 0 ? id : `${id}-${at + 1}`]),
					),
				);
				several.ack();
				assert.deepEqual([settled.taken, settled.acked], [[0], [0]]);
				assert.deepEqual([page.verbatim, kept.verbatim, mapped.verbatim, several.verbatim], [true, true, false, false]);
			}),
		);
	});

	it('is none where a promise would have to be awaited, and none by a spread', () => {
		const page = pageOf(['a']);
		for (const make of [
			() => page.map(async event => event),
			() => page.filter((async () => true) as never),
			() => page.flatMap((async () => []) as never),
		]) {
			assert.throws(make, {code: 'CONFIG', message: /expected a value, got a promise; use mapEvents/});
		}
		assert.ok(Page.is(page.map(event => event)));
		assert.ok(!Page.is({...page}));
		assert.ok(!Page.is(Object.create(page)));
		assert.ok(!Page.is(new Proxy(page, {})));
		assert.throws(() => (page.entries as unknown[]).pop(), TypeError, 'what is in a page does not leave it unseen');
		assert.throws(() => page.flatMap(event => event as never), /expected a list of events/);
		assert.ok(!Page.is(null));
	});

	it('gives the caller his own error', () => {
		const own = new Error('mine');
		const fail = () => {
			throw own;
		};
		for (const make of [() => pageOf(['a']).map(fail), () => pageOf(['a']).filter(fail)]) assert.throws(make, own);
	});
});

describe('a chain of operators', () => {
	type Step = (throws: ReadonlySet<string>, keeps: ReadonlySet<string>) => MonoTypeOperatorFunction<Page>;
	const failFor = (throws: ReadonlySet<string>, id: string) => {
		if (throws.has(id)) throw new Error('odd');
	};
	const steps: Record<string, Step> = {
		map: throws => mapEvents((event, {id}) => (failFor(throws, id), event)),
		mapLater: throws => mapEvents(async (event, {id}) => (failFor(throws, id), event)),
		filter: (throws, keeps) => filterEvents((_, {id}) => (failFor(throws, id), keeps.has(id))),
		filterLater: (throws, keeps) => filterEvents(async (_, {id}) => (failFor(throws, id), keeps.has(id))),
		normalize: () => normalize() as unknown as MonoTypeOperatorFunction<Page>,
		dedupe: () => dedupe(),
	};
	const id = fc.nat(40).map(String);
	const someIds = fc.uniqueArray(id, {maxLength: 20}).map(ids => new Set(ids));
	const chain = fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), someIds, someIds), {maxLength: 5});

	it('loses no page and no event: each is out, rejected, filtered or a duplicate', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(fc.array(id, {maxLength: 6}), {maxLength: 6}), chain, async (given, chosen) => {
				const settled = settledLog();
				const source = factsOf({normalize: value => ({action: JSON.stringify(value)})});
				const pages = given.map((ids, sequence) => pageOf(ids, {sequence, source, settled}));
				let stream = from(pages).pipe();
				const once = chosen.filter(([name], at) => name !== 'normalize' || at === 0);
				for (const [name, throws, keeps] of once) stream = stream.pipe(steps[name]!(throws, keeps));
				const heard = listen(stream, page => page.ack());
				await heard.over;

				// the model: one event after the other through all steps
				const seen = once.map(() => new Set<string>());
				const fateOf = (event: string): 'out' | 'rejected' | 'filtered' | 'duplicate' => {
					let rejected = false;
					for (const [step, [name, throws, keeps]] of once.entries()) {
						const what = rejected ? `rejected ${event}` : event;
						if (name === 'dedupe' && once.findIndex(([other]) => other === name) === step && seen[step]!.has(what)) {
							return 'duplicate';
						}
						seen[step]!.add(what);
						if (rejected) continue;
						if (/map|filter/.test(name) && throws.has(event)) rejected = true;
						else if (/filter/.test(name) && !keeps.has(event)) return 'filtered';
					}
					return rejected ? 'rejected' : 'out';
				};
				assert.equal(heard.ended, 'complete');
				assert.equal(heard.values.length, pages.length);
				for (const [index, page] of heard.values.entries()) {
					const fates = given[index]!.map(event => [event, fateOf(event)] as const);
					const of = (wanted: string) => fates.filter(([, fate]) => fate === wanted).map(([event]) => event);
					assert.deepEqual(idsOf(page), of('out'));
					assert.equal(page.events.length, page.records.length);
					assert.deepEqual(page.rejected.map(({id: rejected}) => rejected!).sort(), of('rejected').sort());
					assert.equal(page.duplicates, of('duplicate').length);
					assert.equal(page.sequence, index);
					assert.equal(page.position, pages[index]!.position);
				}
				assert.deepEqual(
					settled.acked,
					pages.map((_, index) => index),
				);
			}),
			{numRuns: 300},
		);
	});
});
