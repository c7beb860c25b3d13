import assert from 'node:assert/strict';
import {gunzipSync} from 'node:zlib';
import fc from 'fast-check';
import {startEmulator} from '../support/emulator.ts';
import {createRateLimit} from '../../lib/emulator/server/rate-limit.ts';
import {createRequestLog} from '../../lib/emulator/server/request-log.ts';
import {ask, call, idsOf, pageOf, scan, withEmulator} from './ask.ts';

describe('emulator/server', () => {
	it('lets in its token only', () =>
		withEmulator({token: 'secret'}, async emulator => {
			for (const authorization of ['Bearer emulator', 'Basic secret', 'secret', 'Bearer secret2', '']) {
				const {status, body} = await ask(emulator, '/events', {headers: {authorization}});
				assert.deepEqual([status, body.toString()], [401, '{"code":401,"message":"Unauthorized"}'], authorization);
			}
			assert.equal((await ask(emulator, '/events')).status, 200);
		}));

	it('takes GET only', () =>
		withEmulator({}, async emulator => {
			const {status, body} = await ask(emulator, '/events', {method: 'POST'});
			assert.equal(status, 405);
			assert.match(body.toString(), /ADMIN-405-1/);
		}));

	it('limits the rate by its own clock and says so in every answer', async () => {
		let nowMs = Date.UTC(2026, 10, 21, 20, 40, 30);
		const rateLimit = {requests: 2, perMs: 60_000, retryAfter: 'seconds'};
		await withEmulator({rateLimit, now: () => nowMs}, async emulator => {
			const replies = [];
			for (let asked = 0; asked < 3; asked++) replies.push(await ask(emulator, '/events'));
			assert.deepEqual(
				replies.map(({status}) => status),
				[200, 200, 429],
			);
			assert.deepEqual(
				replies.map(({headers}) => headers['x-ratelimit-remaining']),
				['1', '0', '0'],
			);
			assert.equal(replies[2]?.headers['x-ratelimit-reset'], '2026-11-21T20:42Z');
			assert.equal(replies[2]?.headers['retry-after'], '60');
			assert.match(String(replies[2]?.body), /ADMIN-429-1/);
			nowMs += 60_000;
			assert.equal((await ask(emulator, '/events')).status, 200);
			assert.equal(emulator.maxInWindow(60_000), 3);
			assert.equal(emulator.maxInWindow(60_001), 4);
		});
	});

	it('puts its own time into Date', () =>
		withEmulator({now: () => 0}, async emulator => {
			assert.equal((await ask(emulator, '/events')).headers.date, 'Thu, 01 Jan 1970 00:00:00 GMT');
		}));

	it('compresses only where it was told to, for those who accept it', async () => {
		const headers = {'accept-encoding': 'br, gzip'};
		await withEmulator({}, async emulator => {
			assert.equal((await ask(emulator, '/events', {headers})).headers['content-encoding'], undefined);
		});
		await withEmulator({switches: {gzip: true}}, async emulator => {
			const plain = await ask(emulator, '/events');
			const zipped = await ask(emulator, '/events', {headers});
			assert.equal(plain.headers['content-encoding'], undefined);
			assert.equal(zipped.headers['content-encoding'], 'gzip');
			assert.deepEqual(gunzipSync(zipped.body), plain.body);
		});
	});

	it('lies below a path prefix', () =>
		withEmulator({switches: {pathPrefix: '/proxy'}}, async emulator => {
			assert.ok(emulator.url.endsWith('/proxy'));
			assert.equal((await ask(emulator, '/events')).status, 200);
			assert.equal((await ask({...emulator, url: emulator.url.slice(0, -6)}, '/events')).status, 404);
		}));

	it('waits before every answer', () =>
		withEmulator({latencyMs: 1}, async emulator => {
			assert.equal((await ask(emulator, '/events')).status, 200);
		}));

	it('makes faults by request number, until they are changed', () =>
		withEmulator(
			{
				faults: [
					{kind: 'status', status: 503, at: [1, 2]},
					{kind: 'truncate', at: 3},
				],
			},
			async emulator => {
				assert.deepEqual(
					[(await ask(emulator, '/events')).status, (await ask(emulator, '/events')).status],
					[503, 503],
				);
				const cut = await ask(emulator, '/events');
				assert.throws(() => pageOf(cut), SyntaxError);
				assert.equal(cut.headers['content-length'], String(cut.body.length));
				emulator.setFaults([{kind: 'html', at: 'all'}]);
				assert.match(String((await ask(emulator, '/events')).headers['content-type']), /^text\/html/);
				emulator.clearFaults();
				assert.equal(pageOf(await ask(emulator, '/events')).data.length, 30);
				assert.deepEqual(
					emulator.requests.map(({fault}) => fault),
					['status', 'status', 'truncate', 'html', undefined],
				);
			},
		));

	it('says when its port is taken', () =>
		withEmulator({}, async ({url}) => {
			await assert.rejects(startEmulator({port: Number(new URL(url).port)}), {code: 'EADDRINUSE'});
		}));

	it('serves inserted events and changed names from the next request on', () =>
		withEmulator({}, async emulator => {
			const [id] = emulator.insert([{timeMs: Date.UTC(2026, 1, 1)}]);
			assert.equal(idsOf(await scan(emulator, 'limit=500'))[0], id);
			emulator.renameActor('Lila Smalls', 'Lila Large');
			const {body} = await ask(emulator, '/events?limit=2000');
			assert.ok(body.includes('"name":"Lila Large"'));
		}));

	it('says where each API begins, below the path and context that switches put it', async () => {
		const switches = {pathPrefix: '/proxy', dataCenter: {contexts: {bitbucket: '/git'}}};
		await withEmulator({switches}, async ({url, endpoints}) => {
			assert.ok(url.endsWith('/proxy'));
			assert.equal(endpoints['jira-data-center'], `${url}/jira`);
			assert.equal(endpoints['bitbucket-data-center'], `${url}/git`);
			assert.equal(endpoints['jira-cloud'], url);
		});
	});

	it('logs what was asked', () =>
		withEmulator({keepRequests: 2, now: () => 77}, async emulator => {
			for (const limit of [1, 2, 3]) await ask(emulator, `/events?limit=${limit}`, {headers: {'x-test': 'yes'}});
			assert.equal(emulator.requestCount, 3);
			const [first] = emulator.requests;
			assert.equal(emulator.requests.length, 2);
			assert.deepEqual([first?.number, first?.method, first?.status, first?.atMs], [2, 'GET', 200, 77]);
			assert.equal(first?.url, `/admin/v1/orgs/${emulator.orgId}/events?limit=2`);
			assert.equal(first?.headers['x-test'], 'yes');
		}));

	it('logs bodies that were sent', () =>
		withEmulator({}, async emulator => {
			await call(emulator, '/crowd/rest/admin/1.0/auditlog/query', {method: 'POST', body: {actions: []}});
			assert.equal(emulator.requests[0]?.body, '{"actions":[]}');
		}));

	it('closes with connections open, and twice', async () => {
		const emulator = await startEmulator();
		await fetch(emulator.url);
		await emulator.close();
		await emulator.close();
		await assert.rejects(fetch(emulator.url));
	});

	it('refuses switches that there are not, and values that they do not take', async () => {
		for (const switches of [{dataCentre: {}}, {crowd: {timeZone: 'Moon'}}, {end: 'nil' as 'null'}]) {
			await assert.rejects(startEmulator({switches}), {name: 'ConfigError', message: /^emulator: bad switches/});
		}
	});
});

const MINUTE_MS = 60_000;
const startMs = Date.UTC(2026, 10, 21, 20, 40, 30);

describe('emulator/rate-limit', () => {
	it('answers so many in any window and refuses the rest', () => {
		const take = createRateLimit({requests: 2, perMs: MINUTE_MS});
		const at = (seconds: number) => take(startMs + seconds * 1000);
		assert.deepEqual(
			[at(0), at(10), at(20), at(59.999)].map(({refused}) => refused),
			[false, false, true, true],
		);
		assert.equal(at(60).refused, false);
		assert.equal(at(69).refused, true);
		assert.equal(at(70).refused, false);
	});

	it('says limit, remaining, and the minute by which the budget is back', () => {
		const take = createRateLimit({requests: 2, perMs: MINUTE_MS});
		assert.deepEqual(take(startMs).headers, {
			'x-ratelimit-limit': '2',
			'x-ratelimit-remaining': '1',
			'x-ratelimit-reset': '2026-11-21T20:42Z',
		});
	});

	it('is satisfied by waiting for the reset', () => {
		fc.assert(
			fc.property(fc.integer({min: 1, max: 5}), fc.nat(100_000), (requests, laterMs) => {
				const take = createRateLimit({requests, perMs: MINUTE_MS});
				for (let sent = 0; sent < 8; sent++) take(startMs + laterMs + sent);
				const resetMs = Date.parse(String(take(startMs + laterMs + 9).headers['x-ratelimit-reset']));
				for (let sent = 0; sent < requests; sent++) assert.equal(take(resetMs).refused, false);
			}),
		);
	});

	it('gives Retry-After in the form that is asked for, with refusals only', () => {
		const retryAfterOf = (retryAfter: string) => {
			const take = createRateLimit({requests: 1, perMs: MINUTE_MS, retryAfter});
			assert.equal(take(startMs).headers['retry-after'], undefined);
			return take(startMs + 500).headers['retry-after'];
		};
		assert.equal(retryAfterOf('none'), undefined);
		assert.equal(retryAfterOf('seconds'), '60');
		assert.equal(retryAfterOf('date'), 'Sat, 21 Nov 2026 20:41:31 GMT');
		assert.equal(retryAfterOf('1.5'), '1.5');
		assert.equal(retryAfterOf('date-60'), 'Sat, 21 Nov 2026 20:39:30 GMT');
	});

	it('can give another reset', () => {
		const take = createRateLimit({requests: 1, perMs: MINUTE_MS, reset: 'minute-3600'});
		assert.equal(take(startMs).headers['x-ratelimit-reset'], '2026-11-21T19:41Z');
	});
});

const at = (atMs: number) => ({method: 'GET', url: '/', headers: {}, atMs});

describe('emulator/request-log', () => {
	it('counts all requests and keeps the last', () => {
		const log = createRequestLog(3);
		for (let index = 0; index < 10; index++) log.add(at(index));
		assert.equal(log.count, 10);
		assert.deepEqual(
			log.entries.map(({number}) => number),
			[8, 9, 10],
		);
	});

	it('knows the fullest window', () => {
		const log = createRequestLog(1);
		for (const atMs of [0, 10, 20, 100, 101, 102, 103, 200]) log.add(at(atMs));
		assert.equal(log.maxInWindow(4), 4);
		assert.equal(log.maxInWindow(3), 3);
		assert.equal(log.maxInWindow(100), 6);
		assert.equal(createRequestLog(1).maxInWindow(100), 0);
	});
});
