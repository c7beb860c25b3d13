import assert from 'node:assert/strict';
import {toClientRequest} from '../../lib/source/request.ts';

describe('toClientRequest', () => {
	it('leaves out what is undefined and repeats a list', () => {
		assert.deepEqual(toClientRequest({path: '/a', query: {a: 'x', b: undefined, c: 0, d: ['p', 'q'], e: [], f: ''}}), {
			method: 'GET',
			path: '/a',
			query: [
				['a', 'x'],
				['c', '0'],
				['d', 'p'],
				['d', 'q'],
				['f', ''],
			],
		});
	});

	it('writes the body as JSON, be it null', () => {
		for (const body of [{a: [1, 'é']}, null, false, '']) {
			const request = toClientRequest({method: 'PUT', path: '/a', body});
			assert.deepEqual(request, {method: 'PUT', path: '/a', query: [], body: JSON.stringify(body)});
		}
	});
});
