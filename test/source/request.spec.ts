import assert from 'node:assert/strict';
import {type SourceRequest, toClientRequest} from '../../lib/source/request.ts';

describe('toClientRequest', () => {
	it('leaves out what is undefined and repeats a list', () => {
		assert.deepEqual(
			toClientRequest('some-source', {path: '/a', query: {a: 'x', b: undefined, c: 0, d: ['p', 'q'], e: [], f: ''}}),
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
			assert.throws(() => toClientRequest('some-source', request), {message: /some-source: .* no header/}, header);
		}
	});

	it('refuses a member that there is not, which would be left out', () => {
		const request = {path: '/a', querry: {limit: 1}} as SourceRequest;
		assert.throws(() => toClientRequest('some-source', request), {name: 'ConfigError', message: /got "querry"$/});
	});

	it('writes the body as JSON, be it null', () => {
		for (const body of [{a: [1, 'é']}, null, false, '']) {
			const request = toClientRequest('some-source', {method: 'PUT', path: '/a', body});
			assert.deepEqual(request, {method: 'PUT', path: '/a', query: [], headers: {}, body: JSON.stringify(body)});
		}
	});
});
