import assert from 'node:assert/strict';
import {clientRequest, type SourceRequest} from '../../lib/source/request.ts';

const toClientRequest = (name: string, request: SourceRequest) => clientRequest(name, () => request);

describe('clientRequest', () => {
	it('leaves out what is undefined and repeats a list', () => {
		assert.deepEqual(
			toClientRequest('some-source', {
				path: '/a',
				query: {a: 'x', b: undefined, n: null, c: 0, d: ['p', 'q'], e: [], f: ''},
			}),
			{
				method: 'GET',
				path: '/a',
				headers: {},
				query: [
					['a', 'x'],
					['c', '0'],
					['d', 'p'],
					['d', 'q'],
					['f', ''],
				],
			},
		);
	});

	it('sends the headers of a source, but none that are not its own', () => {
		const headers = {accept: 'application/vnd.github+json'};
		assert.deepEqual(toClientRequest('some-source', {path: '/a', headers}).headers, headers);
		for (const header of ['Authorization', 'cookie', 'Host', 'proxy-authorization']) {
			const request = {path: '/a', headers: {[header]: 'x'}};
			assert.throws(() => toClientRequest('some-source', request), {message: /some-source: .*no header of/s}, header);
		}
	});

	it('refuses whatever would be left out or sent as something else', () => {
		for (const wrong of [
			{path: 'a'},
			{path: '/a', query: new URLSearchParams('from=1')},
			{path: '/a', query: 'from=1'},
			{path: '/a', query: {from: Number.NaN}},
			{path: '/a', query: {from: new Date(0)}},
			{path: '/a', headers: new Headers({a: 'b'})},
			{path: '/a', headers: {a: 'b\r\nc: d'}},
			{path: '/a', headers: {'a\r\nc': 'd'}},
			{path: '/a', method: 'DELETE'},
			Promise.resolve({path: '/a'}),
			undefined,
		]) {
			const asked = () => toClientRequest('some-source', wrong as unknown as SourceRequest);
			assert.throws(asked, {name: 'ConfigError', message: /^some-source: request\(\): /}, JSON.stringify(wrong));
		}
		const failing = () => clientRequest('some-source', () => assert.fail('no idea'));
		assert.throws(failing, {name: 'ConfigError', message: /request\(\) failed: no idea/});
	});

	it('refuses a member that there is not, which would be left out', () => {
		const request = {path: '/a', querry: {limit: 1}} as SourceRequest;
		assert.throws(() => toClientRequest('some-source', request), {name: 'ConfigError', message: /"querry"/});
	});

	it('writes the body as JSON, be it null', () => {
		for (const body of [{a: [1, 'é']}, null, false, '']) {
			const request = toClientRequest('some-source', {method: 'PUT', path: '/a', body});
			assert.deepEqual(request, {method: 'PUT', path: '/a', query: [], headers: {}, body: JSON.stringify(body)});
		}
	});
});
