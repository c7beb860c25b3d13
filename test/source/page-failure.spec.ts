import assert from 'node:assert/strict';
import {AuthError, type ErrorCode, RateLimitError, SourceError} from '../../lib/model/errors.ts';
import {concernsPage, isTooMuch} from '../../lib/source/page-failure.ts';

const status = (number: number) => new SourceError('HTTP_STATUS', 'x', {status: number});
const code = (name: ErrorCode) => new SourceError(name, 'x');

describe('isTooMuch', () => {
	it('is an answer that is too large, takes too long, or may hold what the server cannot give', () => {
		const errors = [413, 500, 502, 503, 504].map(status);
		for (const error of [...errors, code('TIMEOUT'), code('BODY_TOO_LARGE')])
			assert.ok(isTooMuch(error), error.message);
	});

	it('is no other', () => {
		const errors = [400, 404, 501].map(status);
		for (const error of [...errors, code('BAD_BODY'), code('UNREACHABLE'), new Error('504')]) {
			assert.equal(isTooMuch(error), false, error.message);
		}
	});
});

describe('concernsPage', () => {
	it('is what another page need not meet', () => {
		const errors = [408, 413, 500, 501, 503].map(status);
		const codes = (['TIMEOUT', 'BAD_BODY', 'BODY_TOO_LARGE', 'PAGING_NO_PROGRESS'] as const).map(code);
		for (const error of [...errors, ...codes]) assert.ok(concernsPage(error), error.message);
	});

	it('is nothing that every page meets', () => {
		const refused = new AuthError('UNAUTHORIZED', 'x');
		const others = [code('UNREACHABLE'), code('NOT_FOUND'), code('REDIRECT_REFUSED'), status(400)];
		for (const error of [...others, refused, new RateLimitError('x', 1), new DOMException('stopped', 'AbortError')]) {
			assert.equal(concernsPage(error), false, error.message);
		}
	});
});
