import assert from 'node:assert/strict';
import {once} from 'node:events';
import net, {type AddressInfo} from 'node:net';
import {AuthError, SourceError} from '../../lib/model/errors.ts';
import {chooseCredentials, tokenCredentials} from '../../lib/http/credentials.ts';
import {Limiter} from '../../lib/http/limiter.ts';
import {Meter} from '../../lib/model/meter.ts';
import {type Script, scriptedServers} from '../support/scripted-server.ts';
import {VirtualClock} from '../support/virtual-clock.ts';
import {openClient, orgEvents, rejection} from './open-client.ts';

const serve = scriptedServers();

const accepts =
	(token: string): Script =>
	(response, _n, {headers}) =>
		response.writeHead(headers.authorization === `Bearer ${token}` ? 200 : 401).end('{}');

describe('createClient', () => {
	it('sends the request below the endpoint with its credentials, and gives what was answered', async () => {
		const server = await serve(response => response.end('{"data": [1]}'));
		const {client, meter} = openClient(`${server.origin}/prefix/`);
		const answer = await client({
			method: 'GET',
			headers: {'x-version': '7'},
			path: '/a%2Fb',
			query: [
				['q', 'x y'],
				['q', '&'],
			],
		});
		assert.deepEqual(answer.content, {data: [1]});
		assert.equal(answer.bytes, 13);
		const [request] = server.requests;
		assert.equal(request?.method, 'GET');
		assert.equal(request.url, '/prefix/a%2Fb?q=x+y&q=%26');
		assert.equal(request.headers.authorization, 'Bearer emulator');
		assert.equal(request.headers.accept, 'application/json');
		assert.equal(request.headers['x-version'], '7');
		assert.ok('date' in answer.headers);
		assert.equal(request.headers['user-agent'], 'rxaudit');
		assert.equal(meter.requests, 1);
		assert.equal(meter.retries, 0);
	});

	for (const method of ['POST', 'PUT', 'PATCH'] as const) {
		it(`sends the body of a ${method} as it is`, async () => {
			const server = await serve(response => response.end('{}'));
			const body = '{"n": 12345678901234567890, "s": "é\\u0000"}';
			await openClient(server.origin).get({method, body});
			assert.equal(server.requests[0]?.body, body);
			assert.equal(server.requests[0].headers['content-type'], 'application/json');
			assert.equal(server.requests[0].method, method);
		});
	}

	it('sends bytes, a query and headers as they are given', async () => {
		const server = await serve(response => response.end('{}'));
		const headers = {'content-type': 'application/x-ndjson', 'idempotency-key': '"k"'};
		const body = Buffer.from('{"a":"é"}\n');
		await openClient(server.origin).get({method: 'POST', body, headers, search: '?a=%20+&b'});
		const [request] = server.requests;
		assert.equal(request!.body, body.toString());
		assert.equal(request!.url, `${orgEvents}?a=%20+&b`);
		for (const [name, value] of Object.entries(headers)) assert.equal(request!.headers[name], value);
	});

	it('sends no credentials where there are none', async () => {
		const server = await serve(response => response.writeHead(401).end());
		const credentials = tokenCredentials('test-api', 'Bearer', undefined);
		assert.ok((await rejection(openClient(server.origin, {credentials}).get())) instanceof AuthError);
		assert.deepEqual(
			server.requests.map(({headers}) => headers.authorization),
			[undefined],
		);
	});

	it('tries again where the answer cannot be parsed as asked', async () => {
		const server = await serve((response, n) => response.end(`{"whole": ${n > 1}}`));
		const parse = (body: Buffer) => {
			const answer = JSON.parse(body.toString()) as {whole: boolean};
			if (!answer.whole) throw new Error('no');
			return answer.whole;
		};
		assert.equal(await openClient(server.origin).get({parse}), true);
		assert.equal(server.requests.length, 2);
	});
});

describe('createClient and the meter', () => {
	it('says how each request ended, and what the last one failed by until one is of use', async () => {
		const server = await serve((response, n) => {
			response.sendDate = false; // nothing shall be said of clocks
			if (n === 1) response.writeHead(503).end();
			else if (n === 2) response.socket!.destroy();
			else if (n === 3) response.end('{"cut');
			else response.end('{}');
		});
		const {meter, get} = openClient(server.origin);
		const failing: (string | undefined)[] = [];
		meter.onChange = () => failing.push(meter.failing);
		await get();
		assert.deepEqual(failing, ['status 503', 'network', 'body']);
		assert.deepEqual(meter.answers, {200: 2, 503: 1, network: 1});
		assert.equal(meter.failing, undefined);
	});

	it('takes an answer that asks to wait, or leads on, for no failure', async () => {
		const server = await serve((response, n) => {
			response.sendDate = false;
			if (n === 1) response.writeHead(500).end();
			else if (n === 2) response.writeHead(429, {'retry-after': '1'}).end();
			else if (n === 3) response.writeHead(302, {location: '/there'}).end();
			else response.end('{}');
		});
		const {meter, get} = openClient(server.origin);
		const failing: (string | undefined)[] = [];
		meter.onChange = () => failing.push(meter.failing);
		await get();
		assert.deepEqual(meter.answers, {200: 1, 302: 1, 429: 1, 500: 1});
		assert.deepEqual(new Set(failing), new Set(['status 500', undefined]));
		assert.equal(failing.indexOf('status 500'), failing.lastIndexOf('status 500'), 'only until the next one');
	});
});

describe('createClient and refused credentials', () => {
	it('fails at once after 401 where they are fixed', async () => {
		const server = await serve(accepts('other'));
		const error = await rejection(openClient(server.origin).get());
		assert.ok(error instanceof AuthError);
		assert.equal(error.code, 'UNAUTHORIZED');
		assert.equal(server.requests.length, 1);
	});

	it('goes on with others that are given when asked again', async () => {
		const server = await serve(accepts('T2'));
		let asked = 0;
		const {get} = openClient(server.origin, {token: () => `T${++asked}`});
		await get();
		await get();
		assert.deepEqual(
			server.requests.map(({headers}) => headers.authorization),
			['Bearer T1', 'Bearer T2', 'Bearer T2'],
		);
	});

	it('fails after one refresh', async () => {
		const server = await serve(accepts('none'));
		let asked = 0;
		const error = await rejection(openClient(server.origin, {token: () => `T${++asked}`}).get());
		assert.equal(error['code'], 'UNAUTHORIZED');
		assert.equal(server.requests.length, 2);
		assert.equal(asked, 2);
	});

	it('fails with 401 where the refresh fails or gives the same', async () => {
		for (const second of [() => Promise.reject(new Error('gone')), () => 'T1']) {
			const server = await serve(accepts('none'));
			let asked = 0;
			const error = await rejection(openClient(server.origin, {token: () => (asked++ ? second() : 'T1')}).get());
			assert.equal(error['code'], 'UNAUTHORIZED');
			assert.equal(server.requests.length, 1);
		}
	});

	it('refreshes once for many requests that are refused together', async () => {
		const waiting: (() => void)[] = [];
		const server = await serve((response, n, request) => {
			waiting.push(() => void accepts('T2')(response, n, request));
			if (waiting.length === 4) for (const answer of waiting.splice(0)) answer();
		});
		let asked = 0;
		const {client} = openClient(server.origin, {token: async () => `T${++asked}`});
		await Promise.all([1, 2, 3, 4].map(() => client({method: 'GET', path: orgEvents})));
		assert.equal(asked, 2);
		assert.equal(server.requests.length, 8);
	});

	it('fails at once after 403, whatever could be asked for', async () => {
		const server = await serve(response => response.writeHead(403).end());
		let asked = 0;
		const error = await rejection(openClient(server.origin, {token: () => `T${++asked}`}).get());
		assert.ok(error instanceof AuthError);
		assert.equal(error.code, 'FORBIDDEN');
		assert.equal(server.requests.length, 1);
	});

	it('sends nothing where there are none to send', async () => {
		const server = await serve(response => response.end('{}'));
		const token = () => Promise.reject(new Error('vault is sealed'));
		const error = await rejection(openClient(server.origin, {token}).get());
		assert.match(error.message, /^test-api: .*vault is sealed/);
		assert.equal(server.requests.length, 0);
	});

	it('sends user name and password where the API wants these', async () => {
		const server = await serve(response => response.end('{}'));
		const options = {username: 'ann', password: 'pässword', token: 'not-this'};
		const credentials = chooseCredentials('api', ['basic', 'bearer'], options);
		await openClient(server.origin, {credentials}).get();
		assert.equal(server.requests[0]?.headers.authorization, `Basic ${Buffer.from('ann:pässword').toString('base64')}`);
	});
});

describe('createClient and redirects', () => {
	for (const status of [301, 302, 303, 307, 308]) {
		it(`follows a ${status} at the same origin, with the credentials`, async () => {
			const server = await serve((response, n, {headers}) =>
				n === 1
					? response.writeHead(status, {location: '../moved?a=%2F'}).end()
					: n === 2
						? response.writeHead(status, {location: `http://${headers.host}/again#part`}).end()
						: response.end('{}'),
			);
			await openClient(server.origin).get({path: '/a/b/c'});
			assert.deepEqual(
				server.requests.map(({url}) => url),
				['/a/b/c', '/a/moved?a=%2F', '/again'],
			);
			assert.ok(server.requests.every(({headers}) => headers.authorization === 'Bearer emulator'));
		});
	}

	it('takes the limiter at every hop', async () => {
		const clock = new VirtualClock();
		const limiter = new Limiter(clock);
		limiter.limit('test-api', {requests: 2, perMs: 60_000});
		const server = await serve((response, n) =>
			n < 4 ? response.writeHead(302, {location: '/'}).end() : response.end('{}'),
		);
		await openClient(server.origin, {clock, limiter}).get();
		assert.equal(Math.round(clock.monotonic()), 60_060);
	});

	it('ends a loop', async () => {
		const server = await serve(response => response.writeHead(302, {location: '/again'}).end());
		const error = await rejection(openClient(server.origin).get());
		assert.ok(error instanceof SourceError);
		assert.equal(error.code, 'REDIRECT_REFUSED');
		assert.equal(server.requests.length, 6);
	});

	it('never goes to another origin, whatever its spelling', async () => {
		const stranger = await serve(response => response.end('{}'));
		const {port} = new URL(stranger.origin);
		for (const location of [
			stranger.origin,
			`//127.0.0.1:${port}/x`,
			`\\\\127.0.0.1:${port}\\x`,
			`http://localhost:${port}`,
			`https://127.0.0.1:${port}`,
			'data:application/json,{}',
			'file:///etc/passwd',
		]) {
			const server = await serve(response => response.writeHead(307, {location}).end());
			const error = await rejection(openClient(server.origin).get());
			assert.equal(error['code'], 'REDIRECT_REFUSED');
			assert.equal(server.requests.length, 1);
		}
		assert.equal(stranger.requests.length, 0);
	});

	it('does not take other credentials from a redirect', async () => {
		const server = await serve((response, _n, {headers}) =>
			response.writeHead(302, {location: `http://user:pass@${headers.host}/`}).end(),
		);
		assert.equal((await rejection(openClient(server.origin).get()))['code'], 'REDIRECT_REFUSED');
		assert.equal(server.requests.length, 1);
	});

	it('does not send a body anywhere else by 303, and ends without a location', async () => {
		for (const [method, headers] of [
			['POST', {location: '/moved'}],
			['PUT', {location: '/moved'}],
			['GET', {}],
		] as const) {
			const server = await serve(response => response.writeHead(303, headers).end());
			assert.equal((await rejection(openClient(server.origin).get({method})))['code'], 'REDIRECT_REFUSED');
			assert.equal(server.requests.length, 1);
		}
	});
});

describe('createClient and the stop signal', () => {
	it('sends nothing when stopped before', async () => {
		const server = await serve(response => response.end('{}'));
		const {client, meter} = openClient(server.origin);
		const error = await rejection(client({method: 'GET', path: '/'}, AbortSignal.abort(new Error('enough'))));
		assert.equal(error.name, 'AbortError');
		assert.equal(server.requests.length, 0);
		assert.equal(meter.retries, 0);
	});

	it('sends nothing when stopped while the credentials are asked for', async () => {
		const server = await serve(response => response.end('{}'));
		const stop = new AbortController();
		const token = () => {
			stop.abort();
			return 'late';
		};
		const error = await rejection(openClient(server.origin, {token}).client({method: 'GET', path: '/'}, stop.signal));
		assert.equal(error.name, 'AbortError');
		assert.equal(server.requests.length, 0);
	});

	const waits: readonly (readonly [what: string, status: number])[] = [
		['the wait before a retry', 500],
		['the wait for a quota', 429],
	];
	for (const [what, status] of waits) {
		it(`ends ${what} at once`, async () => {
			const server = await serve(response => response.writeHead(status, {'retry-after': '60'}).end());
			const {client, clock} = openClient(server.origin);
			const stop = new AbortController();
			const outcome = rejection(client({method: 'GET', path: '/'}, stop.signal));
			while (clock.asleep === 0) await new Promise(setImmediate);
			stop.abort(new Error('enough'));
			assert.equal((await outcome).name, 'AbortError');
			assert.equal(clock.asleep, 0);
			assert.equal(server.requests.length, 1);
		});
	}

	it('leaves the slot of the limiter to others', async () => {
		const clock = new VirtualClock();
		const limiter = new Limiter(clock);
		limiter.limit('test-api', {requests: 1, perMs: 1000});
		const server = await serve((response, n) => (n === 1 ? stop.abort() : response.end('{}')));
		const stop = new AbortController();
		const {client, get} = openClient(server.origin, {clock, limiter});
		const request = {method: 'GET', path: '/'} as const;
		const outcomes = [1, 2, 3].map(() => rejection(client(request, stop.signal)));
		for (const outcome of outcomes) assert.equal((await outcome).name, 'AbortError');
		assert.equal(server.requests.length, 1);
		await get();
		assert.equal(Math.round(clock.monotonic()), 1001);
	});
});

describe('createClient and proxies', () => {
	const variables = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY', 'NO_PROXY', 'no_proxy'];
	let before: (string | undefined)[];

	beforeEach(() => {
		before = variables.map(name => process.env[name]);
		for (const name of variables) delete process.env[name];
	});
	afterEach(() => {
		for (const [n, name] of variables.entries()) {
			if (before[n] === undefined) delete process.env[name];
			else process.env[name] = before[n];
		}
	});

	it('does not use one for this machine', async () => {
		const proxy = await serve(response => response.end('{}'));
		const server = await serve(response => response.end('{}'));
		for (const name of variables.slice(0, 5)) process.env[name] = proxy.origin;
		await openClient(server.origin).get();
		await openClient(server.origin.replace('127.0.0.1', 'localhost')).get();
		assert.equal(proxy.requests.length, 0);
		assert.equal(server.requests.length, 2);
	});

	it('shows nothing to the proxy but the host: the request goes through a tunnel', async () => {
		let seen = '';
		const proxy = net.createServer(socket => {
			socket
				.on('error', () => {})
				.on('data', data => {
					seen += String(data);
					socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n');
				});
		});
		await once(proxy.listen(0, '127.0.0.1'), 'listening');
		process.env['HTTPS_PROXY'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
		try {
			const error = await rejection(
				openClient('https://api.example/prefix', {maxAttempts: 1, meter: new Meter()}).get(),
			);
			assert.ok(error instanceof SourceError);
			assert.match(seen, /^CONNECT api\.example:443 HTTP\/1\.1\r\n/);
			assert.doesNotMatch(seen, /emulator|authorization|prefix/i);
		} finally {
			proxy.close();
		}
	});
});
