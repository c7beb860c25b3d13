import assert from 'node:assert/strict';
import {chooseCredentials} from '../../lib/http/credentials.ts';
import {checkDeprecation} from '../../lib/http/deprecation.ts';
import {Meter} from '../../lib/model/meter.ts';
import {scriptedServers} from '../support/scripted-server.ts';
import {openClient, rejection} from './open-client.ts';

const said = 'test-api: the API says that what is asked of it is going to end: ';
const token = 'S3CR3T-TOKEN';
const credentials = chooseCredentials('test-api', ['bearer'], {token});

function warningsOf(...headers: Record<string, string>[]): string[] {
	const meter = new Meter();
	for (const some of headers) checkDeprecation(some, {name: 'test-api', meter, credentials});
	return meter.warnings.map(warning => warning.replace(said, '… '));
}

describe('checkDeprecation', () => {
	it('passes on what the headers say, and reads the dates that only machines can', () => {
		for (const [headers, expected] of [
			[{deprecation: '@1688169599'}, 'deprecation: 2023-06-30'],
			[{deprecation: 'Sun, 01 Nov 2026 00:00:00 GMT'}, 'deprecation: Sun, 01 Nov 2026 00:00:00 GMT'],
			[{deprecation: 'true', sunset: 'in May'}, 'deprecation: true; sunset: in May'],
			[{warning: '299 - "will be removed on May 1"'}, 'warning: 299 - "will be removed on May 1"'],
			[{warning: '110 a "stale", 299 - "gone soon"'}, 'warning: 299 - "gone soon"'],
		] as const) {
			assert.deepEqual(warningsOf(headers), [`… ${expected}`]);
		}
	});

	it('says nothing where nothing ends', () => {
		assert.deepEqual(warningsOf({}, {deprecation: 'false'}, {deprecation: '?0'}, {warning: '110 - "x"'}), []);
		assert.deepEqual(warningsOf({deprecation: ' ', sunset: '', warning: '199 - "299 days"'}), []);
	});

	it('is said once a run', () => {
		assert.deepEqual(warningsOf({sunset: 'one'}, {sunset: 'two'}), ['… sunset: one']);
	});

	it('is cut at 200 characters, drives no terminal and shows no secret', async () => {
		const [long = ''] = warningsOf({sunset: 'x'.repeat(5000)});
		assert.equal(long.length, '… '.length + 200);
		assert.deepEqual(warningsOf({sunset: 'a\x1b[2J\x9b\u202e'}), ['… sunset: a\\u001b[2J\\u009b\\u202e']);
		await credentials.header(); // from here on it is known
		assert.doesNotMatch(warningsOf({sunset: `${'x'.repeat(180)} ${token}`}).join(), /S3CR/);
	});

	const serve = scriptedServers();

	for (const status of [200, 410]) {
		it(`is asked at every answer: ${status}`, async () => {
			const headers = {warning: '299 - "will be removed"'};
			const server = await serve(response =>
				Object.assign(response, {sendDate: false}).writeHead(status, headers).end('{}'),
			);
			const {get, meter} = openClient(server.origin);
			for (let round = 0; round < 2; round++) {
				if (status === 200) await get();
				else await rejection(get());
			}
			assert.deepEqual(meter.warnings, [`${said}warning: 299 - "will be removed"`]);
		});
	}
});
