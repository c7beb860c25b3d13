import assert from 'node:assert/strict';
import fc from 'fast-check';
import {map, concat, EMPTY, from, merge, NEVER, type Observable, of, throwError} from 'rxjs';
import type {CatalogueEntry} from '../../lib/source/definition.ts';
import {type Emulator, type EmulatorOptions, startEmulator} from '../support/emulator.ts';
import {AuthError} from '../../lib/model/errors.ts';
import type {AuditEvent, AuditPerson} from '../../lib/model/event.ts';
import {Meter} from '../../lib/model/meter.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {enrich, type EnrichOptions} from '../../lib/operators/enrich.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import type {Page} from '../../lib/model/page.ts';
import {run, type RunOptions} from '../../lib/run/run.ts';
import {freshStart, type Start} from '../../lib/model/start.ts';
import orgEvents, {catalogueEntries} from '../../sources/atlassian-org-events.ts';
import orgUsers, {type OrgUser} from '../../sources/atlassian-org-users.ts';
import {auditEventArbitrary} from '../support/audit-events.ts';
import {deferred} from '../support/deferred.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {idsOf, inStart, factsOf, listen, pageOf, settle, type Settled, settledLog} from '../support/pages.ts';

interface Account {
	readonly id: string;
	readonly name?: string;
	readonly email?: string;
}

const required = {time: '2026-01-31T00:00:00.000Z', source: 's', tenant: 't'};
const listed = factsOf({normalize: user => ({targets: [{type: 'user', ...(user as Account)}]})});

/** A page of common records, as normalize() gives it. */
function common(
	events: readonly Partial<AuditEvent>[],
	sequence = 0,
	settled: Settled = settledLog(),
): Page<AuditEvent> {
	const ids = events.map((_, index) => `${sequence}-${index}`);
	const page = pageOf(ids, {sequence, settled});
	const at = new Map(ids.map((id, index) => [id, events[index]!]));
	return page.map((_, {id}): AuditEvent => ({id, ...required, ...at.get(id)!})).with({steps: ['normalize']});
}

function listing(accounts: readonly Account[], settled?: Settled): Page {
	return pageOf(
		accounts.map(value => ({id: value.id, value})),
		{source: listed, ...(settled ? {settled} : {})},
	);
}

/** What enriches from these accounts and actions, and how often it was asked. */
function knowing(accounts: readonly Account[], actions: readonly CatalogueEntry[] = []) {
	const asked = {users: 0, actions: 0};
	const options: EnrichOptions = {
		users() {
			asked.users++;
			return of(listing(accounts));
		},
		async actions() {
			asked.actions++;
			return actions;
		},
	};
	return {asked, options};
}

async function enriched(
	pages: Observable<Page<AuditEvent>>,
	options: EnrichOptions,
	start?: Start,
): Promise<readonly AuditEvent[]> {
	const heard = listen(
		pages.pipe(
			map(page => (start ? inStart(page, start) : page)),
			enrich(options),
		),
	);
	await heard.over;
	if (heard.ended === 'error') throw heard.error;
	return heard.values.flatMap(({events}) => events);
}

const ann = {id: 'ann', name: 'Ann', email: 'ann@x.example'};

describe('enrich', () => {
	it('passes on what the stream says: nothing, an end, an error', () => {
		const {options, asked} = knowing([ann]);
		assert.equal(listen(NEVER.pipe(enrich(options))).ended, undefined);
		assert.equal(listen(EMPTY.pipe(enrich(options))).ended, 'complete');
		const boom = new Error('boom');
		assert.equal(listen(throwError(() => boom).pipe(enrich(options))).error, boom);
		assert.deepEqual(asked, {users: 0, actions: 0});
	});

	it('fills in what is absent of actors, of whom they stand for, of users, and of actions', async () => {
		const {options} = knowing(
			[ann, {id: 'bob', email: 'bob@x.example'}],
			[{id: 'go', name: 'Went', category: 'Moves'}],
		);
		const [event] = await enriched(
			of(
				common([
					{
						action: 'go',
						actor: {id: 'ann', type: 'user', onBehalfOf: {id: 'bob', fullName: 'B.'}},
						targets: [
							{type: 'user', id: 'ann'},
							{type: 'group', id: 'ann'},
							{type: 'user', id: 'bob', name: 'B'},
						],
						containers: [{type: 'user', id: 'ann'}],
					},
				]),
			),
			options,
		);
		assert.deepEqual(event, {
			id: '0-0',
			...required,
			action: 'go',
			actionName: 'Went',
			category: 'Moves',
			// a directory has names for people
			actor: {...ann, fullName: 'Ann', type: 'user', onBehalfOf: {id: 'bob', fullName: 'B.', email: 'bob@x.example'}},
			targets: [
				{type: 'user', ...ann},
				{type: 'group', id: 'ann'},
				{type: 'user', id: 'bob', name: 'B', email: 'bob@x.example'},
			],
			containers: [{type: 'user', id: 'ann'}],
		});
	});

	it('never changes what is there, and adds nothing but names that it knows', async () => {
		const accounts = [ann, {id: 'bob', name: 'Bob'}, {id: '__proto__', name: 'p'}, {id: '5f1e8a', email: 'x@y'}];
		const actions = [
			{id: 'alice', name: 'An action', category: 'Some'},
			{id: '__proto__', name: 'p'},
		];
		await fc.assert(
			fc.asyncProperty(fc.array(auditEventArbitrary, {maxLength: 4}), async events => {
				const page = common(events);
				const after = await enriched(of(page), knowing(accounts, actions).options);
				assert.deepEqual(after.map(without), page.events.map(without));
				for (const [index, before] of page.events.entries()) {
					const now = after[index]!;
					assertAdded(before, now, actions.find(({id}) => id === before.action) ?? {}, {
						actionName: 'name',
						category: 'category',
					});
					const byId = (id = '') => accounts.find(one => one.id === id) ?? {};
					const names = {name: 'name', email: 'email'};
					const namesOf = (one?: AuditPerson) =>
						(one?.name ?? one?.fullName) === undefined ? {...names, fullName: 'name'} : {email: 'email'};
					assertAdded(before.actor ?? {}, now.actor ?? {}, byId(before.actor?.id), namesOf(before.actor));
					const [owner, ownerNow] = [before.actor?.onBehalfOf, now.actor?.onBehalfOf];
					assertAdded(owner ?? {}, ownerNow ?? {}, byId(owner?.id), namesOf(owner));
					for (const [at, target] of (before.targets ?? []).entries()) {
						assertAdded(target, now.targets![at]!, target.type === 'user' ? byId(target.id) : {}, names);
					}
				}
			}),
			{numRuns: 200},
		);
	});

	it('keeps pages as they are: records, position, acknowledgement, dead letters', async () => {
		const settled = settledLog();
		const pages = [common([{actor: {id: 'ann'}}], 0, settled), common([], 1, settled), common([{}, {}], 2, settled)];
		const heard = listen(from(pages).pipe(enrich(knowing([ann]).options)), page => page.ack());
		await heard.over;
		assert.deepEqual(
			heard.values.map(page => [idsOf(page), page.position, page.rejected, page.sequence]),
			pages.map(page => [idsOf(page), page.position, page.rejected, page.sequence]),
		);
		assert.deepEqual(settled.acked, [0, 1, 2]);
	});

	it('asks when the first event lacks something, once, and for nothing that it does not find', async () => {
		const {options, asked} = knowing([ann], [{id: 'go', name: 'Went'}]);
		const start = freshStart();
		const names = (pages: Observable<Page<AuditEvent>>) =>
			pages.pipe(
				map(page => inStart(page, start)),
				enriching,
			);
		const enriching = enrich(options);
		const whole = common([{actor: ann}, {actor: {type: 'system'}}, {message: 'nobody'}]);
		await listen(of(whole).pipe(names)).over;
		assert.deepEqual(asked, {users: 0, actions: 0});
		const lacking = [0, 1, 2].map(at => common([{actor: {id: 'ann'}}, {actor: {id: `unknown ${at}`}}], at));
		await listen(merge(from(lacking).pipe(names), from(lacking).pipe(names))).over;
		assert.deepEqual(asked, {users: 1, actions: 0});
		await listen(of(common([{action: 'go'}, {action: 'unknown'}]), common([{action: 'other'}])).pipe(names)).over;
		assert.deepEqual(asked, {users: 1, actions: 1});
	});

	it('holds pages back until it knows, in order, and leaves the reading when nobody wants it any more', async () => {
		const answer = deferred<readonly CatalogueEntry[]>();
		let signal: AbortSignal | undefined;
		const options: EnrichOptions = {
			actions(start) {
				signal = start.signal;
				return answer.promise;
			},
		};
		const pages = () => from([common([{action: 'go'}]), common([{message: 'complete as it is'}], 1)]);
		const left = listen(pages().pipe(enrich(options)));
		await settle();
		assert.equal(left.values.length, 0);
		left.unsubscribe();
		assert.equal(signal?.aborted, true);

		const heard = listen(pages().pipe(enrich(options)));
		answer.resolve([{id: 'go', name: 'Went'}]);
		await heard.over;
		assert.deepEqual(
			heard.values.map(({sequence, events: [event]}) => [sequence, event?.actionName]),
			[
				[0, 'Went'],
				[1, undefined],
			],
		);
	});

	it('ends with the error of a reading, and makes no dead letter of an event', async () => {
		const refused = () => new AuthError('FORBIDDEN', 'somewhere: 403');
		const readings: readonly EnrichOptions[] = [
			{users: () => concat(of(listing([ann])), throwError(refused))},
			{actions: () => Promise.reject(refused())},
			{
				users() {
					throw refused();
				},
			},
		];
		for (const options of readings) {
			const settled = settledLog();
			const heard = listen(of(common([{action: 'go', actor: {id: 'ann'}}], 0, settled)).pipe(enrich(options)));
			await heard.over;
			const what = Object.keys(options)[0]!;
			assert(heard.error instanceof AuthError);
			assert.equal(heard.error.code, 'FORBIDDEN');
			assert.equal(
				heard.error.message,
				`enrich: the ${what} could not be read: somewhere: 403; or enrich without ${what}`,
			);
			assert.equal(heard.values.length, 0);
			assert.deepEqual(settled.nacked, [heard.error]);
		}
	});

	it('ends where a catalogue is none, and takes what else it may hold', async () => {
		const reading = (answer: unknown): EnrichOptions => ({actions: async () => catalogueEntries(answer)});
		const pages = () => of(common([{action: 'go'}]));
		for (const answer of [undefined, null, [], 'x', {data: null}, {data: {}}]) {
			await assert.rejects(enriched(pages(), reading(answer)), {code: 'BAD_BODY', message: /^enrich: the actions /});
		}
		const attributes = {displayName: 'Went', groupDisplayName: 7};
		const data = [null, 'x', {}, {id: {}}, {id: 'go', attributes: null}, {id: 'go', attributes}];
		const [event] = await enriched(pages(), reading({data}));
		assert.deepEqual([event?.actionName, event?.category], ['Went', '7']);
	});

	it('remembers so many accounts, and says once that there were more', async () => {
		const start = {...freshStart(), meter: new Meter()};
		const accounts = Array.from({length: 5}, (_, index) => ({id: `${index}`, name: `name ${index}`}));
		const events = accounts.map(({id}) => ({actor: {id}}));
		const {options} = knowing(accounts);
		const given = from([common(events), common(events, 1)]);
		const out = await enriched(given, {...options, maxUsers: 3}, start);
		const names = ['name 0', 'name 1', 'name 2', undefined, undefined];
		const got = out.map(({actor}) => actor?.name);
		assert.deepEqual(got, [...names, ...names]);
		assert.deepEqual(start.meter.warnings, ['enrich: more than 3 users; those beyond stay as they are']);
	});

	it('refuses records that are not common ones', () => {
		const heard = listen((of(pageOf(['a'])) as Observable<Page<AuditEvent>>).pipe(enrich({})));
		assert.match(String(heard.error), /^ConfigError: enrich: .*put it behind normalize\(\)$/);
	});
});

describe('enrich with an API', () => {
	let emulator: Emulator;
	afterEach(() => emulator.close());

	const begin = async (options: EmulatorOptions = {}) => (emulator = await startEmulator({events: 230, ...options}));
	const access = () => {
		const {url: endpoint, token, orgId} = emulator;
		return {endpoint, token, orgId, retryBaseMs: 1, retryMaxMs: 1};
	};
	const fromApi = (): EnrichOptions => ({
		users: own => orgUsers(access(), own),
		actions: async ({signal}) => catalogueEntries(await orgEvents.operations['event-actions'](access(), {signal})),
	});
	const pull = (sink = memorySink(), options: RunOptions = {}, enrichment = fromApi()) =>
		run(start => orgEvents(access(), start).pipe(dedupe(start), normalize(), enrich(enrichment)), sink, options);
	const asked = (what: string) =>
		emulator.requests.filter(({url}) => new URL(url, emulator.url).pathname.endsWith(what));

	it('reads each listing once, whatever the API does, and knows everybody in it', async () => {
		await begin({
			faults: [
				{kind: 'status', status: 429, every: 4, headers: {'retry-after': '0'}},
				{kind: 'reset', every: 7},
			],
		});
		const sink = memorySink();
		const report = await pull(sink);
		assert.equal(report.events, 230);
		const answered = (what: string) => asked(what).filter(({status}) => status === 200);
		assert.equal(answered('/users').length, Math.ceil(230 / 50));
		assert.equal(answered('/event-actions').length, 1);
		assert(asked('/users').length > answered('/users').length, 'some failed');
		const users = Array.from(emulator.api('atlassian-org-users').records(), ({text}) => JSON.parse(text) as OrgUser);
		const emails = new Map(users.map(({account_id, email}) => [account_id, email]));
		let known = 0;
		for (const event of sink.lines.map(line => JSON.parse(line) as AuditEvent)) {
			assert(event.actionName && event.category, event.action);
			for (const one of [event.actor, ...(event.targets ?? [])]) {
				const email = one?.type === 'user' ? emails.get(one.id ?? '') : undefined;
				if (email) known++;
				if (email) assert(one?.email, `${event.id}: ${one?.id}`);
			}
		}
		assert(known > 0);
	});

	it('fails the run with what the listing says, with its events as they were', async () => {
		await begin();
		emulator.setFaults([{kind: 'status', status: 403, at: 3}]);
		const sink = memorySink();
		await assert.rejects(
			pull(sink, {deadLetters: memorySink({name: 'letters', target: 'letters'})}),
			(error: unknown) => {
				assert(error instanceof AuthError);
				assert.match(error.message, /^enrich: the (users|actions) could not be read: atlassian-org-.* answered 403/);
				return true;
			},
		);
		assert.deepEqual(sink.lines, []);
	});

	for (const [reading, options] of [
		['users', {events: 230}],
		// the source is at its end before the run is stopped
		['users', {events: 20}],
		['actions', {events: 230}],
	] as const) {
		it(`does not make a run wait for ${reading} that was asked to stop, and the next one goes on there`, async () => {
			await begin(options);
			const stop = new AbortController();
			emulator.setFaults([{kind: 'hang', at: {from: 2}}]);
			const sink = memorySink();
			const state = memoryStore();
			const enrichment = {[reading]: fromApi()[reading]};
			const stopping = pull(sink, {state, signal: stop.signal}, enrichment);
			while (emulator.requestCount < 2) await settle();
			stop.abort(new Error('stop'));
			const {stopped} = await stopping;
			assert.deepEqual([stopped, sink.lines.length], [true, 0]);
			emulator.clearFaults();
			await pull(sink, {state}, enrichment);
			const ids = sink.lines.map(line => (JSON.parse(line) as AuditEvent).id);
			const held = Array.from(emulator.events(), ({id}) => id);
			assert.deepEqual(ids, held);
		});
	}

	it('leaves the reading when the run is over, with nothing left open', async () => {
		await begin();
		emulator.setFaults([{kind: 'hang', at: {from: 2}}]);
		const force = new AbortController();
		const forced = pull(memorySink(), {forceSignal: force.signal});
		while (asked('/users').length === 0) await settle();
		const reason = new Error('now');
		force.abort(reason);
		await assert.rejects(forced, reason);
		const count = emulator.requestCount;
		emulator.clearFaults();
		await settle();
		assert.equal(emulator.requestCount, count);
	});
});

/** All that is not for enrich() to add. */
function without({actor, targets = [], actionName: _, category: __, ...event}: AuditEvent) {
	const nameless = ({name: _, fullName: __, email: ___, ...one}: AuditPerson) => one;
	const {onBehalfOf = {}, ...who} = actor ?? {};
	return [event, nameless(who), nameless(onBehalfOf), targets.map(nameless)];
}

/** Of these members, what was there is there, and what was not is what is known, if anything. */
function assertAdded(before: object, now: object, known: object, members: Readonly<Record<string, string>>): void {
	for (const [member, from] of Object.entries(members)) {
		const [was, is] = [before, now].map(one => (one as Readonly<Record<string, unknown>>)[member]);
		assert.equal(is, was ?? (known as Readonly<Record<string, unknown>>)[from], member);
	}
}
