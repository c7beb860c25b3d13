import assert from 'node:assert/strict';
import {systemClock} from '../model/clock.ts';
import {type ErrorCode, RateLimitError} from '../model/errors.ts';
import type {Fault} from '../emulator/index.ts';
import {listen} from './listen.ts';
import {credentials} from './secrets.ts';
import {hastyClock} from './hasty-clock.ts';
import {failure, type Subject, textsOf, withSource} from './source-under-test.ts';
import {assertInOrder, assertSame} from './tally.ts';
import {it} from './runner.ts';

/** What passes when the request is sent again, in the order of requests: the first answer after each is the right one. */
const passing: readonly (readonly [times: number, fault: Fault])[] = [
	[2, {kind: 'status', status: 500}],
	[1, {kind: 'status', status: 502}],
	[1, {kind: 'status', status: 503}],
	[1, {kind: 'status', status: 504}],
	[1, {kind: 'status', status: 408}],
	[1, {kind: 'truncate'}],
	[1, {kind: 'html', page: 'maintenance'}],
	[1, {kind: 'gzip-cut'}],
	[1, {kind: 'short'}],
	[2, {kind: 'reset'}],
	[1, {kind: 'reset', where: 'body'}],
];

/** What ends a run when it never passes, with the options that make that soon. */
const lasting: readonly (readonly [Fault, ErrorCode, Readonly<Record<string, number>>?])[] = [
	[{kind: 'status', status: 500}, 'HTTP_STATUS'],
	[{kind: 'reset'}, 'UNREACHABLE'],
	[{kind: 'truncate'}, 'BAD_BODY'],
	[{kind: 'html', page: 'maintenance'}, 'BAD_BODY'],
	[{kind: 'bomb', megabytes: 2}, 'BODY_TOO_LARGE', {maxBodyBytes: 1_000_000}],
	[{kind: 'hang', where: 'body'}, 'TIMEOUT', {idleTimeoutMs: 80}],
];

/** Answers with status 200 that are not to whom the credentials name. */
const refusedLogins: readonly Fault[] = [
	{kind: 'html'},
	{kind: 'headers', headers: {'X-Seraph-LoginReason': 'AUTHENTICATED_FAILED'}},
];

/** The right page, packed or written otherwise. */
const disguises: readonly Fault[] = [
	{kind: 'coding', coding: 'raw-deflate'},
	{kind: 'coding', coding: 'gzip', junk: true},
	{kind: 'coding', coding: 'gzip, br'},
	{kind: 'charset', charset: 'utf-16', silent: true},
];

/** From so many requests on, the faults that pass, each with one good answer behind it. */
function passingFrom(request: number): Fault[] {
	let next = request;
	return passing.map(([times, fault]): Fault => {
		const from = next;
		next += times + 1;
		return {...fault, at: {from, to: from + times - 1}};
	});
}

/** What a 429 may say of the wait, and how long that is: at most a tenth more. */
const refusals: readonly (readonly [headers: Readonly<Record<string, string>>, leastMs: number, mostMs: number])[] = [
	[{'retry-after': '7'}, 7000, 7000],
	[{'retry-after': 'date+30'}, 28_000, 30_000],
	[{'retry-after': 'date-60'}, 0, 0],
	[{}, 1000, 1000],
];

/** What a slow machine may take for one request. */
const slackMs = 900;

export function describeFaults(subject: Subject): void {
	const {source} = subject;
	/** What an API may show of what it was sent. */
	const sent =
		source.auth[0] === 'bearer'
			? [credentials.token, encodeURIComponent(credentials.token)]
			: [credentials.password, Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')];
	hastyClock();

	it('overcomes each that passes with one request more', () =>
		withSource(subject, {pages: passing.length + 1}, async ({emulator, held, pull}) => {
			await pull();
			const undisturbed = emulator.requestCount;
			emulator.setFaults(passingFrom(undisturbed + 1));
			assertInOrder(textsOf(await pull()), held());
			const more = passing.reduce((sum, [times]) => sum + times, 0);
			assert.equal(emulator.requestCount, 2 * undisturbed + more);
		}));

	it('asks again when nothing comes any more, or too slowly', () =>
		withSource(subject, {}, async ({emulator, held, pull}) => {
			emulator.setFaults([
				{kind: 'hang', at: 2},
				{kind: 'hang', where: 'body', at: 4},
				{kind: 'drip', bytesPerSecond: 100, at: 6},
			]);
			assertInOrder(textsOf(await pull({idleTimeoutMs: 60, timeoutMs: 250})), held());
			assert.ok(emulator.requestCount >= 8);
		}));

	for (const [fault, code, options] of lasting) {
		it(`ends with ${code} at what lasts, and goes on there: ${Object.values(fault).join(' ')}`, () =>
			withSource(subject, {pages: 4.5}, async ({archive, emulator, held, pageSize}) => {
				const {assertHolds, fill, lines} = archive();
				emulator.setFaults([{...fault, at: {from: 3}}]);
				await assert.rejects(fill({maxAttempts: 3, ...options}), failure(code));
				const {requestCount} = emulator;
				// smaller pages are tried as well, where that may help; a slow machine may be too slow for the short time-out
				const most = code === 'TIMEOUT' ? Infinity : 2 + 3 + (code === 'UNREACHABLE' ? 0 : 4 + 8 * 3);
				assert.ok(requestCount >= 3 && requestCount <= most, `${requestCount} requests`);
				assert.ok(lines.length >= pageSize, 'what came before is kept');
				emulator.clearFaults();
				await fill();
				assertHolds(held());
			}));
	}

	for (const status of [401, 403]) {
		it(`ends at once where credentials are refused (${status}), and goes on when they are good again`, () =>
			withSource(subject, {pages: 4.5}, async ({archive, emulator, held}) => {
				const {assertHolds, fill} = archive();
				const body = `refused: ${sent.join()}`;
				emulator.setFaults([{kind: 'status', status, body, at: {from: 3}}]);
				await assert.rejects(fill(), failure(status === 401 ? 'UNAUTHORIZED' : 'FORBIDDEN'));
				assert.equal(emulator.requestCount, 3);
				emulator.clearFaults();
				await fill();
				assertHolds(held());
			}));
	}

	for (const refusal of refusedLogins) {
		it(`takes no answer for one to these credentials that is none: ${JSON.stringify(refusal)}`, () =>
			withSource(subject, {pages: 4.5}, async ({archive, emulator, held}) => {
				const {assertHolds, fill} = archive();
				emulator.setFaults([{...refusal, at: {from: 3}}]);
				await assert.rejects(fill(), failure('UNAUTHORIZED'));
				assert.equal(emulator.requestCount, 3);
				emulator.clearFaults();
				await fill();
				assertHolds(held());
			}));
	}

	it('reads a body however it is packed or written', () =>
		withSource(subject, {pages: 3.5}, async ({emulator, held, pull}) => {
			for (const fault of disguises) {
				emulator.setFaults([{...fault, at: 'all'}]);
				assertInOrder(textsOf(await pull({maxAttempts: 1})), held(), JSON.stringify(fault));
			}
		}));

	for (const flaw of ['control', 'nan', 'escape', 'byte'] as const) {
		it(`makes a dead letter of a record with a flaw, and goes on: ${flaw}`, () =>
			withSource(subject, {pages: 3.5}, async ({emulator, held, options}) => {
				emulator.setFaults([{kind: 'bad-record', flaw, at: 1}]);
				const heard = listen(source(options()), page => page.ack());
				await heard.over;
				assert.equal(heard.ended, 'complete', String(heard.error));
				const letters = heard.values.flatMap(({rejected}) => rejected);
				assert.equal(letters.length, 1);
				assert.match(letters[0]!.reason, /^the record is not (JSON: |UTF-8$)/);
				const wholly = Buffer.from(letters[0]!.text)
					.toString('latin1')
					.replace(/"flaw":[^,]*,/, '');
				assertSame([...textsOf(heard.values), Buffer.from(wholly, 'latin1').toString()], held());
			}));
	}

	it('takes no more records than an API gives, whatever they weigh', () =>
		withSource(subject, {pages: 3.5}, async ({archive, emulator, held}) => {
			const {assertHolds, fill} = archive();
			emulator.setFaults([{kind: 'many-records', records: 200_000, at: {from: 2}}]);
			await assert.rejects(fill({maxAttempts: 1}), failure('BODY_TOO_LARGE'));
			emulator.clearFaults();
			await fill();
			assertHolds(held());
		}));

	it('waits where a 403 says that it is about now, not about rights', () =>
		withSource(subject, {pages: 3.5}, async ({emulator, held, pull}) => {
			emulator.setFaults([
				{kind: 'status', status: 403, headers: {'retry-after': '2'}, at: 2},
				{kind: 'status', status: 403, body: '{"message":"Rate limit exceeded"}', at: 4},
			]);
			assertInOrder(textsOf(await pull({maxAttempts: 1})), held());
		}));

	it('asks once with wrong credentials', () =>
		withSource(subject, {token: 'another', password: 'another'}, async ({emulator, pull}) => {
			await assert.rejects(pull(), failure('UNAUTHORIZED'));
			assert.equal(emulator.requestCount, 1);
		}));

	for (const [headers, leastMs, mostMs] of refusals) {
		it(`waits as long as a 429 asks: ${JSON.stringify(headers)}`, () =>
			withSource(subject, {pages: 3.5}, async tested => {
				const {emulator, held, pull} = tested;
				const timesMs: number[] = [];
				tested.onRequest = () => void timesMs.push(systemClock.monotonic());
				emulator.setFaults([{kind: 'status', status: 429, headers, at: 3}]);
				assertInOrder(textsOf(await pull({maxAttempts: 1})), held());
				const waitedMs = timesMs[3]! - timesMs[2]!;
				assert.ok(waitedMs >= leastMs, `waited ${waitedMs} ms`);
				assert.ok(waitedMs <= mostMs * 1.1 + slackMs, `waited ${waitedMs} ms`);
			}));
	}

	it('ends where a 429 asks for more than it may wait', () =>
		withSource(subject, {}, async ({archive, emulator, held}) => {
			const {assertHolds, fill} = archive();
			emulator.setFaults([{kind: 'status', status: 429, headers: {'retry-after': '1000000000'}, at: {from: 3}}]);
			await assert.rejects(fill(), error => failure('RATE_LIMITED')(error) && error instanceof RateLimitError);
			assert.equal(emulator.requestCount, 3);
			emulator.clearFaults();
			await fill();
			assertHolds(held());
		}));
}
