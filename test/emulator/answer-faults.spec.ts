import assert from 'node:assert/strict';
import {gunzipSync} from 'node:zlib';
import {spoilAnswer} from '../../lib/emulator/server/answer-faults.ts';
import {jsonAnswer, statusError} from '../../lib/emulator/server/answer.ts';
import type {AnswerFault} from '../../lib/emulator/server/faults.ts';

const right = jsonAnswer(200, Buffer.from(JSON.stringify({data: [{id: 'one'}]})));
const nowMs = Date.UTC(2026, 10, 21);
const spoil = (fault: AnswerFault) => spoilAnswer(right, fault, nowMs, statusError);

describe('emulator/answer-faults', () => {
	it("answers with another status, in the vendor's words or in others", () => {
		assert.match(spoil({kind: 'status', status: 429}).body.toString(), /ADMIN-429-1/);
		const other = spoil({
			kind: 'status',
			status: 502,
			body: '<p>bad',
			bodyType: 'html',
			headers: {'retry-after': 'date+5'},
		});
		assert.equal(other.status, 502);
		assert.equal(other.body.toString(), '<p>bad');
		assert.match(String(other.headers['content-type']), /^text\/html/);
		assert.equal(other.headers['retry-after'], 'Sat, 21 Nov 2026 00:00:05 GMT');
	});

	it('answers with a login page', () => {
		const {status, headers, body} = spoil({kind: 'html'});
		assert.equal(status, 200);
		assert.match(String(headers['content-type']), /^text\/html/);
		assert.match(body.toString(), /Log in/);
		assert.doesNotMatch(spoil({kind: 'html', page: 'maintenance'}).body.toString(), /log ?in/i);
	});

	it('adds headers to the right answer', () => {
		const spoilt = spoil({kind: 'headers', headers: {'X-Seraph-LoginReason': 'OUT', date: 'date+60'}});
		const headers = {...right.headers, 'x-seraph-loginreason': 'OUT', date: 'Sat, 21 Nov 2026 00:01:00 GMT'};
		assert.deepEqual(spoilt, {...right, headers});
	});

	it('changes the content type only', () => {
		const spoilt = spoil({kind: 'content-type', value: 'text/plain'});
		assert.deepEqual(spoilt, {...right, headers: {'content-type': 'text/plain'}});
	});

	it('redirects', () => {
		const {status, headers} = spoil({kind: 'redirect', location: 'http://127.0.0.2/'});
		assert.deepEqual([status, headers.location], [302, 'http://127.0.0.2/']);
		assert.equal(spoil({kind: 'redirect', location: '/', status: 308}).status, 308);
	});

	it('cuts the JSON, or its gzip', () => {
		const {body} = spoil({kind: 'truncate'});
		assert.deepEqual(body, right.body.subarray(0, body.length));
		assert.throws(() => JSON.parse(body.toString()));
		const cut = spoil({kind: 'gzip-cut'});
		assert.equal(cut.headers['content-encoding'], 'gzip');
		assert.throws(() => gunzipSync(cut.body), /unexpected end/);
	});

	it('makes a thousand bytes of one', () => {
		const {body} = spoil({kind: 'bomb', megabytes: 5});
		const whole = gunzipSync(body);
		assert.equal(whole.length, right.body.length + 5 * 2 ** 20);
		assert.ok(whole.length / body.length > 900, String(whole.length / body.length));
		assert.deepEqual(JSON.parse(whole.toString()), JSON.parse(right.body.toString()));
	});
});
