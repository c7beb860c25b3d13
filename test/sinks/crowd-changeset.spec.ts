import assert from 'node:assert/strict';
import {type Emulator, type EmulatorOptions, startEmulator} from '../support/emulator.ts';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import type {Rejected} from '../../lib/model/page.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {run} from '../../lib/run/run.ts';
import crowdChangeset from '../../sinks/crowd-changeset.ts';
import crowdLog from '../../sources/crowd-data-center.ts';
import {withJsonServer} from '../support/json-server.ts';
import {batchOf, sinkContext, sinkError} from '../../lib/testing/sink-batch.ts';

type Options = Parameters<typeof crowdChangeset>[0];

const time = '2026-01-02T03:04:05.678Z';
const changeset = {
	id: 7,
	timestamp: '2026-01-02T05:04:05.678+0200',
	author: {id: 1, name: 'admin', displayName: null, originalName: null, type: 'USER', subtype: null},
	eventType: 'USER_UPDATED',
	entities: [{id: 2, name: 'Ann', displayName: null, originalName: null, type: 'USER', subtype: null, primary: true}],
	ipAddress: null,
	eventMessage: null,
	source: 'SYNCHRONIZATION',
	entries: [{propertyName: 'Email', oldValue: null, newValue: 'a@example.com'}],
};

function auditEvent(id: string, given: Partial<AuditEvent> = {}): AuditEvent {
	return {id, time, source: 'some-source', tenant: 'some-tenant', raw: '{}', ...given};
}

async function withCrowd(options: EmulatorOptions, use: (crowd: Emulator) => Promise<void>): Promise<void> {
	const crowd = await startEmulator({events: 0, ...options});
	try {
		await use(crowd);
	} finally {
		await crowd.close();
	}
}

function optionsFor({url, username, password}: Pick<Emulator, 'url' | 'username' | 'password'>): Options {
	return {endpoint: `${url}/crowd`, username, password, retryBaseMs: 0, apply: true};
}

/** One run of the sink: what it could not store. */
async function store(
	options: Options,
	events: readonly object[],
	tenant = 'some-tenant',
	context = sinkContext(),
): Promise<readonly Rejected[]> {
	const open = await crowdChangeset(options).open(context);
	const batch = batchOf(events.map(event => ({id: String((event as {id?: string | number}).id)})));
	const records = batch.records.map((record, index) => ({...record, value: events[index]}));
	const rejected = await open.write({...batch, events, records, source: {...batch.source, tenant}});
	await open.flush();
	await open.close();
	await open.close();
	return rejected ?? [];
}

function held(crowd: Emulator): Record<string, unknown>[] {
	return Array.from(crowd.api('crowd-data-center').records(), ({text}) => JSON.parse(text) as Record<string, unknown>);
}

describe('crowd-changeset', () => {
	it('stores a common record under the names that Crowd has', async () => {
		await withCrowd({}, async crowd => {
			const full = auditEvent('e1', {
				action: 'ADDED_TO_GROUP',
				message: 'Ann was added',
				actor: {id: '712020:abc', name: 'admin', type: 'user'},
				origin: {ip: '203.0.113.1', ips: ['203.0.113.1']},
				targets: [
					{type: 'group', id: '9', name: 'staff'},
					{type: 'USER', name: 'Ann'},
					{type: 'Page', id: '3'},
				],
				changes: [{field: 'Members', to: 'Ann'}],
			});
			assert.deepEqual(await store(optionsFor(crowd), [full]), []);
			const [stored] = held(crowd);
			const {author, entities, entries, ...rest} = stored as typeof changeset & {timestamp: string};
			assert.equal(Date.parse(rest.timestamp), Date.parse(time));
			assert.deepEqual(
				{eventType: rest.eventType, ip: rest.ipAddress, message: rest.eventMessage, source: rest.source},
				{eventType: 'ADDED_TO_GROUP', ip: '203.0.113.1', message: 'Ann was added', source: 'DATA_IMPORT'},
			);
			assert.deepEqual(author, {name: 'admin', type: 'USER'}, 'no id of another system');
			assert.deepEqual(entities, [
				{name: 'staff', type: 'GROUP', primary: true},
				{name: 'Ann', type: 'USER', primary: false},
				{name: '3', type: 'OTHER', primary: false},
			]);
			assert.deepEqual(entries, [
				{propertyName: 'Members', oldValue: null, newValue: 'Ann'},
				{propertyName: 'rxaudit', oldValue: null, newValue: 'some-source/some-tenant/e1'},
			]);
		});
	});

	it('stores an action that Crowd has no word for as OTHER, with the action in the message', async () => {
		await withCrowd({}, async crowd => {
			const events = [auditEvent('e1', {action: 'user_login', message: 'Logged in'}), auditEvent('e2')];
			assert.deepEqual(await store(optionsFor(crowd), events), []);
			const stored = held(crowd).map(({eventType, eventMessage}) => [eventType, eventMessage]);
			const newestFirst = [
				['OTHER', null],
				['OTHER', 'user_login: Logged in'],
			];
			assert.deepEqual(stored, newestFirst);
		});
	});

	it('stores a changeset as it is, without its id', async () => {
		await withCrowd({}, async crowd => {
			assert.deepEqual(await store(optionsFor(crowd), [changeset]), []);
			const [{id: _id, timestamp: _timestamp, entries, ...stored} = {}] = held(crowd);
			const {id: _, timestamp: __, entries: own, ...rest} = changeset;
			for (const [member, value] of Object.entries(rest)) assert.deepEqual(stored[member], value, member);
			assert.deepEqual((entries as object[])[0], own[0]);
			const post = crowd.requests.find(({url}) => url.endsWith('/auditlog'))!;
			assert.equal(Object.hasOwn(JSON.parse(post.body!) as object, 'id'), false);
		});
	});

	it('stores nothing twice, whatever is sent again and however long the log is', async () => {
		await withCrowd({events: 30, newestMs: Date.parse(time), spacingMs: 10, switches: {maxLimit: 10}}, async crowd => {
			const actions = ['USER_CREATED', 'USER_UPDATED', 'USER_DELETED', 'GROUP_CREATED', 'ADDED_TO_GROUP'];
			const events = Array.from({length: 25}, (_, index) => auditEvent(`e${index}`, {action: actions[index % 5]!}));
			await store(optionsFor(crowd), events.slice(0, 15));
			assert.equal(held(crowd).length, 30 + 15);
			await store(optionsFor(crowd), events);
			await store(optionsFor(crowd), events.toReversed());
			assert.equal(held(crowd).length, 30 + 25);
			assert.equal(crowd.requests.filter(({url}) => url.endsWith('/auditlog')).length, 25);
		});
	});

	it('tells records of two tenants apart, and hashes an id that no log would take', async () => {
		await withCrowd({}, async crowd => {
			const events = [auditEvent('e1'), auditEvent('nul\0'), auditEvent('x'.repeat(300))];
			for (const tenant of ['one', 'two', 'one']) await store(optionsFor(crowd), events, tenant);
			const marks = held(crowd).map(({entries}) => (entries as {newValue: string}[]).at(-1)!.newValue);
			assert.equal(new Set(marks).size, 6);
			assert.equal(marks.length, 6);
			for (const mark of marks) assert.match(mark, /^some-source\/((one|two)\/e1|[0-9a-f]{32})$/);
		});
	});

	it('looks into the log where an answer is lost, before it sends again', async () => {
		const losses = [
			{kind: 'reset'},
			{kind: 'status', status: 503},
			{kind: 'html', page: 'maintenance'}, // a page is no sign that something was stored
		] as const;
		for (const loss of losses) {
			await withCrowd({faults: [{...loss, at: 2}]}, async crowd => {
				await store(optionsFor(crowd), [auditEvent('e1'), auditEvent('e2')]);
				assert.equal(held(crowd).length, 2, loss.kind);
				assert.equal(crowd.requestCount, 4, 'one search more');
			});
		}
	});

	it('sends again what the log does not hold, as often as maxAttempts says', async () => {
		let posts = 0;
		const answer = ({url}: {url: string}) => {
			if (!url.endsWith('/auditlog')) return {values: [], isLastPage: true};
			return ++posts < 3 ? 500 : {};
		};
		await withJsonServer(answer, async url => {
			const options = {...optionsFor({url, username: 'u', password: 'p'}), maxAttempts: 3};
			await store(options, [auditEvent('e1')]);
			assert.equal(posts, 3);
			posts = -10;
			await assert.rejects(store(options, [auditEvent('e1')]), sinkError('SINK_FAILED', /500/));
			assert.equal(posts, -7);
		});
	});

	it('searches a second more on both sides, since a database may keep whole seconds', async () => {
		await withJsonServer(
			() => ({values: [], isLastPage: true}),
			async (url, served) => {
				const options = optionsFor({url, username: 'u', password: 'p'});
				await store(options, [auditEvent('e1'), {...changeset, timestamp: '2026-01-02T03:04:07.000+0000'}]);
				assert.deepEqual(JSON.parse(served[0]!.body), {
					onOrAfter: '2026-01-02T03:04:04.678+0000',
					beforeOrOn: '2026-01-02T03:04:08.000+0000',
					actions: ['OTHER', 'USER_UPDATED'],
				});
			},
		);
	});

	it('ends where the search does not come to an end', async () => {
		for (const values of [[], [{id: 1}]]) {
			await withJsonServer(
				() => ({values, isLastPage: false}),
				async url => {
					const run = store(optionsFor({url, username: 'u', password: 'p'}), [auditEvent('e1')]);
					await assert.rejects(run, sinkError('SINK_FAILED', /behind the first/));
				},
			);
		}
	});

	it('hands back what is no record and what the server refuses, and stores the rest', async () => {
		await withCrowd({}, async crowd => {
			const refused = {...changeset, id: 'zone', timestamp: time};
			const events = [{id: 'odd'}, auditEvent('e1'), refused, {...changeset, id: 'nobody', author: null}];
			const rejected = await store(optionsFor(crowd), events);
			assert.deepEqual(new Set(rejected.map(({id}) => id)), new Set(['nobody', 'odd', 'zone']));
			assert.match(rejected.find(({id}) => id === 'odd')!.reason, /expected a common record or a Crowd changeset/);
			assert.match(rejected.find(({id}) => id === 'zone')!.reason, /answered 400/);
			assert.equal(held(crowd).length, 1);
		});
	});

	it('refuses the records of the log that it writes to, at whatever address they were read, and stores none', async () => {
		await withCrowd({events: 20, newestMs: Date.parse(time)}, async crowd => {
			const {url, username, password} = crowd;
			const source = {endpoint: `${url.replace('127.0.0.1', 'localhost')}/crowd`, username, password};
			const target = {...optionsFor(crowd), endpoint: `${url}/crowd`};
			for (const pages of [crowdLog(source), crowdLog(source).pipe(normalize())]) {
				await assert.rejects(run(pages, crowdChangeset(target)), sinkError('TARGET_REFUSED', /name another server/));
			}
			await assert.rejects(run(crowdLog(source), crowdChangeset({...target, apply: false})), /name another server/);
			assert.equal(held(crowd).length, 20);
		});
	});

	it('copies one server to another once, though a copy may get the id of what it is a copy of', async () => {
		await withCrowd({events: 1, newestMs: Date.parse(time)}, async from => {
			await withCrowd({}, async to => {
				const {url, username, password} = from;
				const copy = () => run(crowdLog({endpoint: url, username, password}), crowdChangeset(optionsFor(to)));
				await copy();
				await copy();
				const [[original], copies] = [held(from), held(to)];
				assert.equal(copies.length, 1);
				assert.equal(copies[0]!['eventType'], original!['eventType']);
			});
			// the same log, but for the id that its only changeset has
			const [text] = Array.from(from.api('crowd-data-center').records(), record => record.text);
			const original = JSON.parse(text!) as typeof changeset;
			const mark = {propertyName: 'rxaudit', oldValue: null, newValue: `some-source/some-tenant/${original.id}`};
			const values = [{...original, entries: [...original.entries, mark]}];
			await withJsonServer(
				() => ({values, isLastPage: true}),
				async (url, served) => {
					await store(optionsFor({url, username: 'u', password: 'p'}), [original]);
					assert.equal(served.length, 1);
				},
			);
		});
	});

	it('hands back what such a sink has stored before, in whatever log it is found, and stores the rest', async () => {
		await withCrowd({}, async crowd => {
			await store(optionsFor(crowd), [auditEvent('e1')]);
			const [stored] = held(crowd);
			const common = auditEvent('e2', {changes: [{field: 'rxaudit', to: 'some-source/some-tenant/e1'}]});
			await withCrowd({}, async other => {
				const rejected = await store(optionsFor(other), [stored!, auditEvent('e3'), common]);
				assert.equal(rejected.length, 2);
				for (const {reason} of rejected) assert.match(reason, /mark some-source\/some-tenant\/e1$/);
				assert.equal(held(other).length, 1);
			});
		});
	});

	it('says how many it stored, how many were there before, and how many were refused', async () => {
		await withCrowd({}, async crowd => {
			const said = async (options: Partial<Options>, ...events: readonly object[]) => {
				const context = sinkContext();
				await store({...optionsFor(crowd), ...options}, events, 'some-tenant', context);
				return [...context.warnings.map(text => `warning: ${text}`), ...context.notes];
			};
			const [e1, e2] = [auditEvent('e1'), auditEvent('e2')];
			assert.deepEqual(await said({}, e1, {id: 'odd'}), [
				'crowd-changeset: changesets: 1 stored, 0 there before, 1 refused',
			]);
			const posts = crowd.requestCount;
			assert.deepEqual(await said({apply: 'false'}, e1, e2, e2), [
				'warning: crowd-changeset: nothing was stored; changesets: 1 would be stored, 2 there before, 0 refused; ' +
					'add apply=true to do it',
			]);
			assert.deepEqual([held(crowd).length, crowd.requestCount - posts], [1, 1]);
			assert.deepEqual(await said({}), [], 'nothing came');
			assert.deepEqual(await said({}, e1, e2, e2), [
				'crowd-changeset: changesets: 1 stored, 2 there before, 0 refused',
			]);
		});
	});

	it('takes common records, and raw ones of a Crowd', async () => {
		const {accepts, layout} = crowdChangeset({endpoint: 'https://host/crowd', username: 'u', password: 'p'});
		assert.deepEqual(accepts, [{format: 'audit'}, {source: 'crowd-data-center', format: 'raw'}]);
		assert.deepEqual(layout, {apply: 'false'});
	});

	it('says what fits a server without such a log', async () => {
		await withJsonServer(
			() => 404,
			async url => {
				const options = optionsFor({url, username: 'u', password: 'p'});
				const message = /answered 404: there is no audit log of Crowd.*; check the address, context path included/;
				await assert.rejects(store(options, [auditEvent('e1')]), sinkError('SINK_FAILED', message));
			},
		);
	});

	it('asks nothing for an empty batch', async () => {
		await withCrowd({}, async crowd => {
			assert.deepEqual(await store(optionsFor(crowd), []), []);
			assert.equal(crowd.requestCount, 0);
		});
	});

	it('needs credentials, and shows none', async () => {
		assert.throws(() => crowdChangeset({endpoint: 'https://host/crowd'}), ConfigError);
		assert.throws(() => crowdChangeset({endpoint: 'http://host/crowd', username: 'u', password: 'p'}), ConfigError);
		const sink = crowdChangeset({endpoint: 'https://host/crowd/', username: 'u', password: 'hush'});
		assert.equal(sink.target, 'https://host/crowd');
		assert.deepEqual(crowdChangeset.api, {auth: ['basic']});
		await withCrowd({}, async crowd => {
			const options = {...optionsFor(crowd), password: 'wr0ng'};
			const refused = (error: unknown) => error instanceof AuthError && !error.message.includes('wr0ng');
			await assert.rejects(store(options, [auditEvent('e1')]), refused);
		});
	});
});
