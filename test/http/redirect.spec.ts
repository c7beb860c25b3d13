import assert from 'node:assert/strict';
import {asksTheSame} from '../../lib/http/redirect.ts';
import {type Script, scriptedServers} from '../support/scripted-server.ts';
import {openClient, rejection} from './open-client.ts';

const query = [['since', '2026-01-01']] as const;

describe('a redirect', () => {
	const serve = scriptedServers();
	const to =
		(status: number, location: (url: string) => string, isDone: (url: string) => boolean): Script =>
		(response, _n, {url}) =>
			isDone(url) ? response.end('{}') : response.writeHead(status, {location: location(url)}).end();
	const below = (url: string) => url.startsWith('/below/');

	for (const [method, status] of [
		['GET', 301],
		['GET', 302],
		['GET', 303],
		['GET', 307],
		['POST', 307],
		['POST', 308],
	] as const) {
		it(`of a ${method} by ${status} within the origin is followed with all that was sent`, async () => {
			const server = await serve(to(status, url => `/below${url}`, below));
			const body = method === 'POST' ? {body: '{"a":1}'} : {};
			assert.deepEqual(await openClient(server.origin).get({method, path: '/x', query, ...body}), {});
			assert.deepEqual(
				server.requests.map(request => [request.method, request.url, request.body]),
				['/x?since=2026-01-01', '/below/x?since=2026-01-01'].map(url => [method, url, body.body ?? '']),
			);
		});
	}

	it('of a POST by 302 is not followed, and the right endpoint is named', async () => {
		const server = await serve(to(302, url => `/below${url}`, below));
		const error = await rejection(openClient(server.origin).get({method: 'POST', path: '/x', body: '{}'}));
		assert.equal(error['code'], 'REDIRECT_REFUSED');
		assert.match(error.message, /a POST is sent again after 307 and 308 only; .* have to be http:\S+\/below$/);
		assert.equal(server.requests.length, 1);
	});

	it('that drops the query is an error that names the right endpoint', async () => {
		const server = await serve(to(301, () => '/below/x', below));
		const error = await rejection(openClient(server.origin).get({path: '/x', query}));
		assert.equal(error['code'], 'REDIRECT_REFUSED');
		assert.match(error.message, /drops or changes what was asked for; expected the endpoint http:\S+\/below$/);
		assert.equal(server.requests.length, 2);
	});

	it('gets back the cookies that were set on the way, and the next request does not', async () => {
		const server = await serve((response, _n, {url, headers: {cookie}}) => {
			if (cookie === 'lb=1; b=x') return response.end('{}');
			const expires = 'Expires=Thu, 01 Jan 2099 00:00:00 GMT';
			return response.writeHead(302, {location: url, 'set-cookie': [`lb=1; ${expires}; Path=/`, 'b=x']}).end();
		});
		const {get} = openClient(server.origin);
		assert.deepEqual(await get({path: '/x', query}), {});
		assert.deepEqual(await get({path: '/x', query}), {});
		assert.deepEqual(
			server.requests.map(({headers}) => headers.cookie),
			[undefined, 'lb=1; b=x', undefined, 'lb=1; b=x'],
		);
	});

	for (const location of [
		'/login.jsp?os_destination=%2Fx',
		'https://sso.test/saml?SAMLRequest=abc',
		'/oauth2/authorize',
	]) {
		it(`to ${location} is a refusal of the credentials, at once`, async () => {
			const server = await serve(response => response.writeHead(302, {location}).end());
			const error = await rejection(openClient(server.origin).get({path: '/rest/auth/login', query}));
			assert.equal(error['code'], 'UNAUTHORIZED');
			assert.match(error.message, /a page to sign in: the credentials did not get as far as the API/);
			assert.equal(server.requests.length, 1);
		});
	}

	it('whose path is that of the request, and holds such a word, is followed', async () => {
		const server = await serve(to(307, url => `/below${url}`, below));
		assert.deepEqual(await openClient(server.origin).get({path: '/rest/sso/login', query}), {});
	});

	it('to a node that fails is forgotten: the next attempt starts at the first address', async () => {
		const server = await serve((response, n, {url}) => {
			if (n === 1) response.writeHead(307, {location: `/node2${url}`, 'set-cookie': 'node=2'}).end();
			else response.writeHead(n === 2 ? 503 : 200).end('{}');
		});
		assert.deepEqual(await openClient(server.origin).get({path: '/x', query}), {});
		const seen = server.requests.map(({url, headers}) => `${url} ${headers.cookie ?? '-'}`);
		assert.deepEqual(seen, ['/x?since=2026-01-01 -', '/node2/x?since=2026-01-01 node=2', '/x?since=2026-01-01 -']);
	});

	it('in circles ends', async () => {
		const server = await serve((response, _n, {url}) => response.writeHead(302, {location: url}).end());
		const error = await rejection(openClient(server.origin).get({path: '/x', query}));
		assert.equal(error['code'], 'REDIRECT_REFUSED');
		assert.equal(server.requests.length, 6);
	});
});

describe('asksTheSame', () => {
	it('compares what was asked for, not what was added', () => {
		const start = 'http://h/x?a=1&a=2&b=';
		for (const [end, same] of [
			[start, true],
			['http://h/y?b=&a=1&c=3&a=2', true],
			['http://h/x?a=1&b=', false],
			['http://h/x?a=2&a=1&b=', false],
			['http://h/x?a=1&a=2', false],
			['http://h/x', false],
		] as const) {
			assert.equal(asksTheSame(start, end), same, end);
		}
	});
});
