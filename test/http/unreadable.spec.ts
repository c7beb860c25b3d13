import assert from 'node:assert/strict';
import {BodyTooLarge, OtherAnswer, UnreadableBody} from '../../lib/http/unreadable.ts';
import {scriptedServers} from '../support/scripted-server.ts';
import {openClient, rejection} from './open-client.ts';

describe('what makes an answer useless', () => {
	const serve = scriptedServers();

	for (const [thrown, code, requests, words] of [
		[new UnreadableBody('it is odd'), 'BAD_BODY', 2, /expected JSON, but it is odd: some body/],
		[new BodyTooLarge('it is vast'), 'BODY_TOO_LARGE', 1, /it is vast; ask for smaller pages/],
		[new OtherAnswer('it says "Bearer emulator"'), 'BAD_BODY', 1, /answered 200, but it says/],
	] as const) {
		it(`is ${code} after so many requests: ${thrown.constructor.name}`, async () => {
			const server = await serve(response => response.end('some body'));
			const parse = () => {
				throw thrown;
			};
			const error = await rejection(openClient(server.origin, {maxAttempts: 2}).get({parse}));
			assert.equal(error['code'], code);
			assert.match(error.message, words);
			assert.doesNotMatch(error.message, /emulator/);
			assert.equal(server.requests.length, requests);
		});
	}
});
