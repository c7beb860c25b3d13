import assert from 'node:assert/strict';
import {getEventListeners} from 'node:events';
import type {ServerResponse} from 'node:http';
import {AuditError} from '../../lib/model/errors.ts';
import {type Emulator, type Fault, startEmulator} from '../support/emulator.ts';
import {scriptedServers} from '../support/scripted-server.ts';
import {openClient, orgEvents, rejection} from './open-client.ts';

const serve = scriptedServers();
/** Far longer than a request to oneself takes on the slowest machine, since what is to come before it must. */
const idleTimeoutMs = 1500;

describe('attemptAdapter and the time', () => {
	let emulator: Emulator;

	beforeEach(async () => {
		emulator = await startEmulator({events: 1});
	});
	afterEach(() => emulator.close());

	const silences: readonly (readonly [what: string, fault: Fault])[] = [
		['before the headers', {kind: 'hang', at: 'all'}],
		['in the middle of the body', {kind: 'hang', where: 'body', at: 'all'}],
	];
	for (const [what, fault] of silences) {
		it(`ends a silence ${what}, tries again and says so`, async () => {
			emulator.setFaults([fault]);
			const error = await rejection(openClient(emulator.url, {idleTimeoutMs, maxAttempts: 2}).get());
			assert.ok(error instanceof AuditError);
			assert.equal(error.code, 'TIMEOUT');
			assert.match(error.message, /^test-api: GET http.*: nothing came for 1500 ms/);
			assert.equal(emulator.requestCount, 2);
		});
	}

	it('goes on after a silence that was the only one', async () => {
		emulator.setFaults([{kind: 'hang', where: 'body', at: 1}]);
		await openClient(emulator.url, {idleTimeoutMs}).get();
		assert.equal(emulator.requestCount, 2);
	});

	it('ends an answer that drips without end', async () => {
		emulator.setFaults([{kind: 'drip', bytesPerSecond: 100, at: 'all'}]);
		const error = await rejection(openClient(emulator.url, {timeoutMs: 1500, maxAttempts: 2}).get());
		assert.equal(error['code'], 'TIMEOUT');
		assert.match(error.message, /no whole answer within 1500 ms/);
		assert.equal(emulator.requestCount, 2);
	});

	it('takes an answer that is slow but never silent', async () => {
		emulator.setFaults([{kind: 'drip', bytesPerSecond: 400, at: 'all'}]);
		const began = performance.now();
		await openClient(emulator.url, {idleTimeoutMs}).get();
		assert.ok(performance.now() - began > idleTimeoutMs, 'the answer took longer than the silence that is allowed');
		assert.equal(emulator.requestCount, 1);
	});
});

describe('attemptAdapter and the connection', () => {
	const timeouts = {idleTimeoutMs, maxAttempts: 1};

	it('closes it when time is up before the headers', async () => {
		const server = await serve(() => {});
		const closed = server.closed();
		await rejection(openClient(server.origin, timeouts).get());
		await closed;
	});

	it('closes it when time is up in the middle of a body', async () => {
		const server = await serve(response => response.write('{"data": ['));
		const closed = server.closed();
		await rejection(openClient(server.origin, timeouts).get());
		await closed;
	});

	it('closes it when time is up in the middle of an error, which keeps its status and what was said', async () => {
		const server = await serve(response => response.writeHead(418).write('I am a teapot'));
		const closed = server.closed();
		const error = await rejection(openClient(server.origin, timeouts).get());
		assert.equal(error['status'], 418);
		assert.match(error.message, /I am a teapot/);
		await closed;
	});

	it('closes it when the body is larger than allowed', async () => {
		const server = await serve(response => {
			const piece = Buffer.alloc(2 ** 16, ' ');
			const more = () => {
				while (!response.destroyed && response.write(piece));
			};
			response.on('drain', more);
			more();
		});
		const closed = server.closed();
		const error = await rejection(openClient(server.origin, {maxBodyBytes: 100_000, maxAttempts: 1}).get());
		assert.equal(error['code'], 'BODY_TOO_LARGE');
		await closed;
	});

	it('closes it when the body is packed in an unknown way', async () => {
		const server = await serve(response => response.writeHead(200, {'content-encoding': 'lzma'}).write('…'));
		const closed = server.closed();
		const error = await rejection(openClient(server.origin, {maxAttempts: 1}).get());
		assert.equal(error['code'], 'BAD_BODY');
		assert.match(error.message, /lzma/);
		await closed;
	});

	it('reads as much of an error as a message needs', async () => {
		const server = await serve(response => response.writeHead(400).end('no '.repeat(100_000)));
		const error = await rejection(openClient(server.origin).get());
		assert.match(error.message, /answered 400: no no no/);
		assert.ok(error.message.length < 400);
	});

	it('leaves no timer and no listener behind', async () => {
		const timers = () => process.getActiveResourcesInfo().filter(type => type === 'Timeout').length;
		const server = await serve((response, n) => response.writeHead(n === 1 ? 500 : 200).end('{}'));
		const {client, clock} = openClient(server.origin);
		const {signal} = new AbortController();
		const before = timers();
		await clock.run(() => client({method: 'GET', path: '/'}, signal));
		assert.equal(timers(), before);
		assert.deepEqual(getEventListeners(signal, 'abort'), []);
	});

	it('is used again for the next request', async () => {
		const server = await serve((response, n) => response.writeHead(n === 2 ? 500 : 200).end('{}'));
		const {get} = openClient(server.origin);
		await get();
		await get();
		await get();
		assert.equal(server.requests.length, 4);
		assert.equal(new Set(server.requests.map(({socket}) => socket)).size, 1);
	});
});

describe('attemptAdapter and the stop signal', () => {
	const beginnings: readonly (readonly [what: string, begin: (response: ServerResponse) => unknown])[] = [
		['before the headers', () => {}],
		['in the middle of a body', response => response.write('{')],
		['in the middle of an error', response => response.writeHead(500).write('{')],
	];
	for (const [what, begin] of beginnings) {
		it(`ends a request ${what} at once`, async () => {
			const stop = new AbortController();
			const server = await serve(response => {
				begin(response);
				setImmediate(() => stop.abort(new Error('enough')));
			});
			const closed = server.closed();
			const {client} = openClient(server.origin);
			const error = await rejection(client({method: 'GET', path: orgEvents}, stop.signal));
			assert.equal(error.name, 'AbortError');
			await closed;
			assert.equal(server.requests.length, 1);
		});
	}
});
