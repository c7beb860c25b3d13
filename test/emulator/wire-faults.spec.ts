import assert from 'node:assert/strict';
import {createServer, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {Fault} from '../../lib/emulator/server/faults.ts';
import {later} from '../../lib/emulator/server/wire-faults.ts';
import {ask, firstBytes, pageOf, withEmulator} from './ask.ts';

const withFault = (fault: Fault, use: Parameters<typeof withEmulator>[1]) =>
	withEmulator({events: 20, faults: [fault]}, use);

describe('emulator/wire-faults', () => {
	it('resets before the headers, and serves the next request', () =>
		withFault({kind: 'reset', at: 1}, async emulator => {
			await assert.rejects(ask(emulator, '/events'), {code: 'ECONNRESET'});
			assert.equal(pageOf(await ask(emulator, '/events')).data.length, 20);
			assert.deepEqual(
				emulator.requests.map(({status, fault}) => [status, fault]),
				[
					[0, 'reset'],
					[200, undefined],
				],
			);
		}));

	it('resets in the body', () =>
		withFault({kind: 'reset', where: 'body', at: 1}, async emulator => {
			await assert.rejects(ask(emulator, '/events'), {code: 'ECONNRESET'});
			assert.equal(emulator.requests[0]?.status, 200);
		}));

	it('closes short of the announced length', () =>
		withFault({kind: 'short', at: 1}, async emulator => {
			await assert.rejects(ask(emulator, '/events'), {message: 'aborted'});
		}));

	it('hangs in the body, with half of it sent', () =>
		withFault({kind: 'hang', where: 'body', at: 1}, async emulator => {
			assert.match(await firstBytes(emulator, '/events?limit=5', 1000), /^\{"data":\[/);
		}));

	it('hangs before the headers until it is closed', async () => {
		let asked: Promise<unknown>[] = [];
		await withFault({kind: 'hang', at: 1}, async emulator => {
			asked = [ask(emulator, '/events'), ask(emulator, '/events')];
			await Promise.race(asked);
			assert.deepEqual(
				emulator.requests.map(({status}) => status),
				[0, 200],
			);
		});
		const settled = await Promise.allSettled(asked);
		assert.deepEqual(settled.map(({status}) => status).sort(), ['fulfilled', 'rejected']);
	});

	it('drips byte by byte', () =>
		withFault({kind: 'drip', bytesPerSecond: 1000, at: 1}, async emulator => {
			assert.equal(await firstBytes(emulator, '/events', 3), '{"d');
		}));

	it('sends many megabytes that are still the right page', () =>
		withFault({kind: 'big', megabytes: 3, at: 1}, async emulator => {
			const reply = await ask(emulator, '/events');
			assert.ok(reply.body.length > 3 * 2 ** 20);
			assert.equal(pageOf(reply).data.length, 20);
		}));

	it('does not go on sending to one who hung up', () =>
		withFault({kind: 'big', megabytes: 1000, at: 1}, async emulator => {
			await firstBytes(emulator, '/events', 1000);
			assert.equal((await ask(emulator, '/events')).status, 200);
		}));

	it('delays', () =>
		withFault({kind: 'delay', delayMs: 1, at: 1}, async emulator => {
			assert.equal((await ask(emulator, '/events')).status, 200);
			assert.equal(emulator.requests[0]?.status, 200);
		}));

	it('drops what was to come later when the connection has gone', async () => {
		const called: string[] = [];
		const server = createServer((_, response: ServerResponse) => {
			later(response, 0, () => called.push('before'));
			response.emit('close');
			later(response, 0, () => {
				called.push('after');
				response.end();
			});
		}).listen(0, '127.0.0.1');
		await new Promise(resolve => server.once('listening', resolve));
		await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
		await new Promise(resolve => server.close(resolve).closeAllConnections());
		assert.deepEqual(called, ['after']);
	});
});
