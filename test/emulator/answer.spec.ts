import assert from 'node:assert/strict';
import {adminError, jsonAnswer, statusError, textAnswer, unauthorized} from '../../lib/emulator/server/answer.ts';

describe('emulator/answer', () => {
	it('words errors as the vendor does', () => {
		const {status, body} = adminError('ADMIN-400-1');
		assert.equal(status, 400);
		const [error] = (JSON.parse(body.toString()) as {errors: Record<string, string>[]}).errors;
		assert.deepEqual([error?.status, error?.code, error?.detail], ['400', 'ADMIN-400-1', 'Invalid page cursor']);
	});

	it('words them otherwise when asked to', () => {
		assert.ok(Array.isArray(JSON.parse(adminError('ADMIN-429-1', 'array').body.toString())));
		assert.equal(adminError('ADMIN-429-1', 'text').body.toString(), 'Too Many Requests: Rate limit exceeded');
		assert.match(String(adminError('ADMIN-429-1', 'html').headers['content-type']), /^text\/html/);
		assert.equal(adminError('ADMIN-429-1', 'html').status, 429);
	});

	it('finds the words for a status', () => {
		assert.deepEqual(JSON.parse(statusError(401).body.toString()), {code: 401, message: 'Unauthorized'});
		assert.deepEqual(statusError(401), unauthorized());
		assert.match(statusError(429).body.toString(), /ADMIN-429-1/);
		assert.match(statusError(503).body.toString(), /^<html>/);
		assert.equal(statusError(503).status, 503);
	});

	it('names the content type', () => {
		assert.match(String(jsonAnswer(200, Buffer.from('{}')).headers['content-type']), /^application\/json/);
		assert.match(String(textAnswer(200, 'x').headers['content-type']), /^text\/plain/);
	});
});
