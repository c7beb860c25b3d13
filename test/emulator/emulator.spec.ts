import assert from 'node:assert/strict';
import {startEmulator} from '../../lib/emulator/server/emulator.ts';
import {ask, call, idsHeld, idsOf, scan, withEmulator} from './ask.ts';

const vendor = {linkOrigin: 'https://api.atlassian.com'};

async function bytesOf(options: Parameters<typeof startEmulator>[0]): Promise<string> {
	let bytes = '';
	await withEmulator({...options, switches: vendor}, async emulator => {
		bytes = (await ask(emulator, '/events?limit=100')).body.toString();
	});
	return bytes;
}

describe('emulator/emulator', () => {
	it('serves the same bytes for the same options, others for another seed', async () => {
		assert.equal(await bytesOf({seed: 3}), await bytesOf({seed: 3}));
		assert.notEqual(await bytesOf({seed: 3}), await bytesOf({seed: 4}));
	});

	it('has a thousand events of a fixed time by default', () =>
		withEmulator({}, async emulator => {
			assert.equal(idsHeld(emulator).length, 1000);
			const [newest] = emulator.events();
			assert.equal(newest?.time, '2026-01-31T23:59:59.987Z');
		}));

	it('holds millions without the memory for them', () =>
		withEmulator({events: 3_000_000}, async emulator => {
			const before = process.memoryUsage().heapUsed;
			const oldest = emulator.events({to: Date.UTC(2026, 0, 31) - 2_990_000 * 60_000});
			assert.ok(Array.from(oldest).length > 1000);
			assert.ok(process.memoryUsage().heapUsed - before < 100e6);
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
});
