import assert from 'node:assert/strict';
import fc from 'fast-check';
import {EMPTY, from, map, NEVER, type Observable, of, Subject, throwError} from 'rxjs';
import {ConfigError} from '../../lib/model/errors.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import type {Page} from '../../lib/model/page.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {ecs} from '../../lib/operators/ecs.ts';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {ocsf} from '../../lib/operators/ocsf.ts';
import {redact, type RedactOptions} from '../../lib/operators/redact.ts';
import {select} from '../../lib/operators/select.ts';
import {run} from '../../lib/run/run.ts';
import {auditEventArbitrary} from '../support/audit-events.ts';
import {ecsProblems} from '../support/ecs-validator.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {ocsfMistakes} from '../support/ocsf-validator.ts';
import {pagedSource} from '../support/paged-source.ts';
import {factsOf, idsOf, listen, pageOf} from '../support/pages.ts';

const key = '0123456789abcdef';

/** A source whose records are common records but for what all of those have in common, and say more than these. */
const facts = factsOf({
	ruleOf: () => undefined,
	normalize(value) {
		const {common, odd} = value as {common: {[key: string]: string}; odd?: string};
		return odd === undefined ? common : (JSON.parse(odd) as never);
	},
});

function commonPage(ids: readonly string[], common: object = {}): Page<AuditEvent> {
	const records = ids.map(id => ({id, value: {common}}));
	return listen(of(pageOf(records, {source: facts})).pipe(normalize())).values[0]!;
}

describe('redact', () => {
	it('passes on what the stream says: nothing, an end, an error', () => {
		const ips = redact({patterns: ['ip']});
		assert.equal(listen(NEVER.pipe(ips)).ended, undefined);
		assert.equal(listen(EMPTY.pipe(ips)).ended, 'complete');
		const boom = new Error('boom');
		assert.equal(listen(throwError(() => boom).pipe(ips)).error, boom);
		const pages = new Subject<Page<AuditEvent>>();
		listen(pages.pipe(ips)).unsubscribe();
		assert.equal(pages.observed, false);
	});

	it('keeps every page, its position and its acknowledgement, and what stands for a record is the redacted event', () => {
		const pages = [commonPage(['a', 'b'], {message: 'Ann', action: 'x'}), commonPage([])];
		const out = listen(from(pages).pipe(redact({members: ['message']}))).values;
		assert.deepEqual(out.map(idsOf), [['a', 'b'], []]);
		for (const [
			index,
			{events, records, rejected, unknownActions, position, snapshots, source, sequence},
		] of out.entries()) {
			const page = pages[index]!;
			const {events: before, records: given, rejected: letters, unknownActions: actions} = page;
			assert.deepEqual([position, snapshots, sequence], [page.position, page.snapshots, page.sequence]);
			assert.equal(source, page.source);
			assert.deepEqual(unknownActions, actions);
			assert.deepEqual(rejected, letters);
			assert.deepEqual(
				events,
				before.map(({message, raw, ...event}) => event),
			);
			for (const [at, {text, value, ...record}] of records.entries()) {
				const {text: _, value: own, raw, ...same} = given[at]!;
				assert.deepEqual(record, same);
				assert.equal(Buffer.from(text).toString(), JSON.stringify(events[at]));
				assert.deepEqual(value, events[at]);
				assert.notEqual(value, events[at], 'it is not taken for the record itself');
			}
		}
	});

	it('lets nothing of a member, of an address or of the own text reach sinks, dead letters, reports and operators', async () => {
		const name = fc.stringMatching(/^[A-Z][a-z]{6}[0-9]{4}$/);
		const address = fc.oneof(
			name.map(text => `${text}@acme.example`),
			fc.ipV4(),
			fc.ipV6().filter(ip => /\d/.test(ip) && ip.length > 6),
		);
		const planted = fc.record({
			names: fc.uniqueArray(name, {minLength: 4, maxLength: 4}),
			addresses: fc.array(address, {minLength: 3, maxLength: 3}),
			key: fc.constantFrom(undefined, key),
		});
		await fc.assert(
			fc.asyncProperty(planted, async ({names: [who, target, own, failed], addresses: [a, b, c], key: used}) => {
				const common = {
					action: `did ${b}`,
					message: `${who} by ${a}, ${encodeURIComponent(b!)}, "${encodeURIComponent(target!)}"`,
					actor: {name: who, email: a},
					targets: [{name: target, id: c, type: 'user'}],
					changes: [{field: c, from: a, to: `"${b}" of ${who!.toUpperCase()}`}],
					labels: {[`x ${c}`]: [a], [`y ${target}`]: 1},
				};
				const value = (index: number) => ({n: index, common, password: own, ...(index === 3 ? {odd: `"${own}`} : {})});
				const records = Array.from({length: 6}, (_, index) => ({
					id: `e${index}`,
					timeMs: (6 - index) * 1000,
					value: value(index),
				}));
				const seen: unknown[] = [];
				const sink = memorySink({refuses: ['e2']});
				const spy = {
					...sink,
					open: async (context: Parameters<typeof sink.open>[0]) => {
						const open = await sink.open(context);
						const write: typeof open.write = async batch => {
							const texts = batch.records.map(({text}) => Buffer.from(text).toString());
							seen.push(batch.events, batch.records, texts, Buffer.from(batch.lines).toString());
							return open.write(batch);
						};
						return {...open, write};
					},
				};
				const deadLetters = memorySink({target: 'letters'});
				const members = ['actor.name', 'targets.name'];
				const report = await run(
					start =>
						pagedSource(records, {start, pageSize: 4, facts}).pipe(
							normalize(),
							mapEvents(event => {
								if (event.id === 'e4') throw new Error(`odd: ${failed}`);
								return event.id === 'e1' ? ({...event, action: 1n} as unknown as AuditEvent) : event;
							}),
							redact({members, patterns: ['email', 'ip'], key: used}),
							mapEvents((event, record) => {
								seen.push(event, record);
								if (event.id === 'e5') throw new Error(`odd: ${JSON.stringify([event, record])}`);
								return event;
							}),
						),
					spy,
					{deadLetters, onProgress: progress => void seen.push(progress)},
				);
				assert.equal(report.events + report.deadLetters, 6);
				assert.deepEqual(deadLetters.lines.map(line => (JSON.parse(line) as {id: string}).id).sort(), [
					'e1',
					'e2',
					'e3',
					'e4',
					'e5',
				]);
				const text = JSON.stringify([seen, sink.lines, deadLetters.lines, report]).toLowerCase();
				for (const planted of [who, target, own, failed, a, b, c]) {
					assert.ok(!text.includes(planted!.toLowerCase()), `${planted} is in ${text}`);
				}
				assert.ok(text.includes(used === undefined ? '[redacted]' : 'redacted:'));
			}),
			{numRuns: 50},
		);
	});

	it('gives the same bytes for the same record and key, and records that are valid in every format', () => {
		const members = ['actor.name', 'actor.email', 'targets.name', 'targets.id', 'origin', 'message'];
		const all: RedactOptions[] = [
			{members},
			{members, key},
			{members: ['actor', 'targets'], key},
			{patterns: ['email', 'ip'], key},
			{members: ['actor.type', 'targets', 'action'], patterns: [/.+/]},
		];
		fc.assert(
			fc.property(auditEventArbitrary, fc.constantFrom(...all), (given, options) => {
				const event = {...given, source: facts.name, tenant: facts.tenant};
				const page = pageOf([given.id], {source: facts})
					.map((): AuditEvent => event)
					.with({steps: ['normalize']});
				const [out, again] = [redact(options), redact(options)].map(
					operator => listen(of(page).pipe(operator)).values[0]!,
				);
				assert.equal(JSON.stringify(out!.events), JSON.stringify(again!.events));
				const [inEcs] = listen(of(out!).pipe(ecs())).values;
				const [inOcsf] = listen(of(out!).pipe(ocsf())).values;
				assert.deepEqual([...inEcs!.rejected, ...inOcsf!.rejected], []);
				assert.deepEqual(inEcs!.events.flatMap(ecsProblems), []);
				assert.deepEqual(inOcsf!.events.flatMap(ocsfMistakes), []);
			}),
		);
	});

	it('lets nobody be called so that an event gets another meaning', () => {
		const common = {activity: 'user-login', outcome: 'failure', actor: {type: 'user', name: 'user-login failure'}};
		for (const options of [{members: ['actor.name']}, {members: ['actor'], key}, {patterns: [/user|login|failure/]}]) {
			const [page] = listen(of(commonPage(['a'], common)).pipe(redact(options))).values;
			assert.deepEqual([page!.events[0]!.activity, page!.events[0]!.outcome], ['user-login', 'failure']);
			if (!options.patterns) assert.equal(page!.events[0]!.actor?.type, 'user');
		}
	});

	it('makes a dead letter without text of an event that cannot be walked through or written', () => {
		const round: Record<string, unknown> = {};
		round['round'] = round;
		const page = commonPage(['a', 'b', 'c']);
		const odd = [round, undefined, {n: 1n}];
		const mixed = page.map((event, {id}) => ({...event, odd: odd['abc'.indexOf(id)]}));
		const [out] = listen(of(mixed).pipe(redact({patterns: ['email']}))).values;
		assert.deepEqual(
			out!.rejected.map(({id, text, reason}) => [id, text.length, reason]),
			[
				['a', 0, 'cannot be redacted'],
				['c', 0, 'cannot be redacted'],
			],
		);
		assert.deepEqual([out!.events.map(({id}) => id), idsOf(out!)], [['b'], ['b']]);
	});

	it('counts unknown actions by what is left of them', () => {
		const actions = (options: RedactOptions) => {
			const page = commonPage([]).with({
				unknownActions: new Map([
					['a@x.io did', 1],
					['b@x.io did', 2],
					['x', 1],
				]),
			});
			return [...listen(of(page).pipe(redact(options))).values[0]!.unknownActions!];
		};
		assert.deepEqual(actions({patterns: ['email']}), [
			['[redacted] did', 3],
			['x', 1],
		]);
		assert.deepEqual(actions({members: ['action']}), [['[redacted]', 4]]);
	});

	it('leaves dead letters apart for the dedupe behind it, and alike when they come again', () => {
		const letters = ['{"a":1', '{"a":2'].map(text => ({text: Buffer.from(text), reason: 'the record is not JSON: x'}));
		const page = commonPage([]).with({rejected: letters});
		const out = listen(of(page, page).pipe(redact({patterns: ['ip']}), dedupe())).values;
		assert.deepEqual(
			out.map(({rejected}) => rejected.map(({text, reason}) => [text.length, reason])),
			[
				[
					[0, 'the record is not JSON'],
					[0, 'the record is not JSON'],
				],
				[],
			],
		);
	});

	for (const [what, order, got] of [
		[
			'in front of normalize()',
			map((page: Page) => page as Page<AuditEvent>),
			/got those of the API; put it behind normalize\(\)$/,
		],
		[
			'behind ecs()',
			(pages: never) => normalize()(pages).pipe(ecs()) as never,
			/have not passed ecs\(\); put it in front of it$/,
		],
		[
			'behind ocsf()',
			(pages: never) => normalize()(pages).pipe(ocsf()) as never,
			/have not passed ocsf\(\); put it in front of it$/,
		],
		[
			'behind select()',
			(pages: never) => normalize()(pages).pipe(select(['id', 'time'])) as never,
			/have not passed select\(\); put it in front of it$/,
		],
		[
			'behind what makes no objects',
			(pages: never) => normalize()(pages).pipe(mapEvents(() => null)) as never,
			/got other events; put it right behind normalize\(\)/,
		],
	] as const) {
		it(`ends the stream ${what}, and says where it belongs`, () => {
			const page = pageOf([{id: 'a', value: {common: {}, source: {ip: '10.0.0.1'}}}], {source: facts});
			const heard = listen(of(page).pipe(order as never, redact({patterns: ['ip']}) as never));
			assert.deepEqual(heard.values, []);
			assert.ok(heard.error instanceof ConfigError);
			assert.match(heard.error.message, /^redact: /);
			assert.match(heard.error.message, got);
		});
	}

	it('is refused by the types before normalize() and behind a schema', () => {
		const pages = EMPTY as Observable<Page>;
		// @ts-expect-error the API's own records
		pages.pipe(redact({patterns: ['ip']}));
		// @ts-expect-error events of a schema
		pages.pipe(normalize(), ecs(), redact({patterns: ['ip']}));
		pages.pipe(normalize(), redact({patterns: ['ip']}), ecs());
	});

	it('refuses what cannot be asked for before anything is read', () => {
		assert.throws(() => redact({members: ['actor.emial']}), ConfigError);
		assert.throws(() => redact({members: ['tenant']}), ConfigError);
		assert.throws(() => redact({}), ConfigError);
	});
});
