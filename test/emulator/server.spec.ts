import assert from 'node:assert/strict';
import {gunzipSync} from 'node:zlib';
import {startEmulator} from '../../lib/emulator/index.ts';
import {ask, pageOf, withEmulator} from './ask.ts';

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
});
