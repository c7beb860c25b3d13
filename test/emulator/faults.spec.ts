import assert from 'node:assert/strict';
import {createServer, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {brotliDecompressSync, gunzipSync, inflateRawSync} from 'node:zlib';
import {adminError, jsonAnswer} from '../../lib/emulator/server/answer.ts';
import {type AnswerFault, faultAt, faultHelp, parseFault, type RecordFlaw} from '../../lib/emulator/server/faults.ts';
import {headerValue} from '../../lib/emulator/server/rate-limit.ts';
import {later} from '../../lib/emulator/server/send.ts';
import {spoilAnswer} from '../../lib/emulator/server/spoil-answer.ts';
import type {Fault} from '../support/emulator.ts';
import {ask, firstBytes, pageOf, withEmulator} from './ask.ts';

describe('emulator/faults', () => {
	for (const [text, fault] of Object.entries({
		'status:503@3,4': {kind: 'status', status: 503, at: [3, 4]},
		'status:429,retry-after=2,x-ratelimit-reset=minute+60@7': {
			kind: 'status',
			status: 429,
			headers: {'retry-after': '2', 'x-ratelimit-reset': 'minute+60'},
			at: [7],
		},
		'hang:body@5-': {kind: 'hang', where: 'body', at: {from: 5}},
		'reset@5-9': {kind: 'reset', at: {from: 5, to: 9}},
		'truncate@all': {kind: 'truncate', at: 'all'},
		'refuse-cursor@every=8': {kind: 'refuse-cursor', every: 8},
		'drip:100@2.5%': {kind: 'drip', bytesPerSecond: 100, probability: 0.025},
		'bomb@1': {kind: 'bomb', at: [1]},
		'big:3@1': {kind: 'big', megabytes: 3, at: [1]},
		'delay:20@1': {kind: 'delay', delayMs: 20, at: [1]},
		'redirect:http://user@127.0.0.2/x@1': {kind: 'redirect', location: 'http://user@127.0.0.2/x', at: [1]},
		'foreign-next:https://x.example@1': {kind: 'foreign-next', origin: 'https://x.example', at: [1]},
		'html:maintenance@1': {kind: 'html', page: 'maintenance', at: [1]},
		'headers:X-AUSERNAME=anonymous@1': {kind: 'headers', headers: {'X-AUSERNAME': 'anonymous'}, at: [1]},
		'coding:gzip, br@1': {kind: 'coding', coding: 'gzip, br', at: [1]},
		'charset:utf-16@1': {kind: 'charset', charset: 'utf-16', at: [1]},
		'bad-record@1': {kind: 'bad-record', flaw: 'control', at: [1]},
		'bad-record:byte@1': {kind: 'bad-record', flaw: 'byte', at: [1]},
		'many-records:7@1': {kind: 'many-records', records: 7, at: [1]},
		'content-type@1': {kind: 'content-type', value: 'text/plain', at: [1]},
	})) {
		it(`reads ${text}`, () => assert.deepEqual(parseFault(text), fault));
	}

	for (const [text, expected] of Object.entries({
		'status:503': 'kind[:arguments]@requests',
		'status@3': 'status:N',
		'status:99@3': "'99'",
		'status:429,soon@3': 'status:N[,NAME=VALUE',
		'reset:foot@1': 'reset[:headers|:body]',
		'delay@1': 'delay:MS',
		'redirect@1': 'redirect:URL',
		'html:x@1': 'html[:login|:maintenance]',
		'truncate:x@1': 'truncate without an argument',
		'charset:klingon@1': 'charset:iso-8859-1|:utf-16',
		'coding@1': 'coding:NAMES',
		'coding:zip@1': 'coding:NAMES',
		'headers@1': 'headers:NAME=VALUE',
		'explode@1': 'refuse-cursor',
		'html@0': 'requests like 3',
		'html@': 'requests like 3',
	})) {
		it(`refuses ${text}, and says what it expected`, () => {
			assert.throws(
				() => parseFault(text),
				(error: Error) =>
					error.name === 'ConfigError' && error.message.includes(expected) && error.message.includes(`'${text}'`),
			);
		});
	}

	it('has help for every kind', () => {
		assert.equal(faultHelp.match(/^ {2}[a-z-]+\S* +\S.{2}/gm)?.length, 24);
	});

	it('applies to the requests that it names, the first that applies', () => {
		const requests = Array.from({length: 10}, (_, index) => index + 1);
		for (const [which, expected] of [
			[{at: 3}, [3]],
			[{at: [3, 4]}, [3, 4]],
			[{at: {from: 8}}, [8, 9, 10]],
			[{at: {from: 2, to: 3}}, [2, 3]],
			[{every: 4}, [4, 8]],
			[{at: 'all'}, requests],
			[{probability: 1}, requests],
			[{probability: 0}, []],
			[{}, []],
		] as const) {
			const faults: Fault[] = [
				{kind: 'html', ...which},
				{kind: 'truncate', at: 'all'},
			];
			const hit = requests.filter(request => faultAt(faults, request, 1)?.kind === 'html');
			assert.deepEqual(hit, expected);
		}
	});

	it('is drawn from the seed', () => {
		const hits = (seed: number) =>
			Array.from({length: 10_000}, (_, at) => at).filter(at => faultAt([{kind: 'html', probability: 0.05}], at, seed));
		assert.deepEqual(hits(1), hits(1));
		assert.notDeepEqual(hits(1), hits(2));
		assert.ok(hits(1).length > 400 && hits(1).length < 600, String(hits(1).length));
	});

	it('fills dates into headers', () => {
		const nowMs = Date.UTC(2026, 10, 21, 20, 40, 30);
		for (const [value, expected] of Object.entries({
			'date+5': 'Sat, 21 Nov 2026 20:40:35 GMT',
			'date-60': 'Sat, 21 Nov 2026 20:39:30 GMT',
			'epoch+1': String(nowMs / 1000 + 1),
			'minute+0': '2026-11-21T20:41Z',
			'minute+30': '2026-11-21T20:41Z',
			'minute+31': '2026-11-21T20:42Z',
			'2': '2',
			'1.5': '1.5',
			date: 'date',
			minute5: 'minute5',
		})) {
			assert.equal(headerValue(value, nowMs), expected);
		}
	});
});

const text = '{"meta":{"n":[]},"data":[ {"id":"Zoë"},{"id":"two"}]}';
const right = jsonAnswer(200, text);

function spoil(fault: AnswerFault, answer = right) {
	return spoilAnswer(answer, fault, Date.UTC(2026, 10, 21), status => adminError('object', status));
}

describe('emulator/spoil-answer', () => {
	it("answers with another status, in the vendor's words or in others", () => {
		assert.match(spoil({kind: 'status', status: 429}).body.toString(), /ADMIN-429-1/);
		const headers = {'retry-after': 'date+5'};
		const other = spoil({kind: 'status', status: 502, body: '<p>bad', bodyType: 'html', headers});
		assert.deepEqual([other.status, other.body.toString()], [502, '<p>bad']);
		assert.match(String(other.headers['content-type']), /^text\/html/);
		assert.equal(other.headers['retry-after'], 'Sat, 21 Nov 2026 00:00:05 GMT');
	});

	it('answers with a page for people', () => {
		const {status, headers, body} = spoil({kind: 'html'});
		assert.equal(status, 200);
		assert.match(String(headers['content-type']), /^text\/html/);
		assert.match(body.toString(), /Log in/);
		assert.doesNotMatch(spoil({kind: 'html', page: 'maintenance'}).body.toString(), /log ?in/i);
	});

	it('changes headers only, or redirects', () => {
		const spoilt = spoil({kind: 'headers', headers: {'X-Seraph-LoginReason': 'OUT', date: 'date+60'}});
		const headers = {...right.headers, 'x-seraph-loginreason': 'OUT', date: 'Sat, 21 Nov 2026 00:01:00 GMT'};
		assert.deepEqual(spoilt, {...right, headers});
		const plain = spoil({kind: 'content-type', value: 'text/plain'});
		assert.deepEqual(plain, {...right, headers: {'content-type': 'text/plain'}});
		const moved = spoil({kind: 'redirect', location: '/', status: 308});
		assert.deepEqual([moved.status, moved.headers['location']], [308, '/']);
		assert.equal(spoil({kind: 'redirect', location: '/'}).status, 302);
	});

	it('cuts the JSON, or its gzip', () => {
		const {body} = spoil({kind: 'truncate'});
		assert.deepEqual(body, right.body.subarray(0, body.length));
		assert.throws(() => JSON.parse(body.toString()));
		const cut = spoil({kind: 'gzip-cut'});
		assert.equal(cut.headers['content-encoding'], 'gzip');
		assert.throws(() => gunzipSync(cut.body), /unexpected end/);
	});

	it('makes a thousand bytes of one, and thousands of records', () => {
		const {body} = spoil({kind: 'bomb', megabytes: 5});
		const whole = gunzipSync(body);
		assert.equal(whole.length, right.body.length + 5 * 2 ** 20);
		assert.ok(whole.length / body.length > 900, String(whole.length / body.length));
		assert.deepEqual(JSON.parse(whole.toString()), JSON.parse(text));
		const many = spoil({kind: 'many-records', records: 1000});
		assert.ok(many.body.length < 200);
		assert.equal((JSON.parse(gunzipSync(many.body).toString()) as {data: unknown[]}).data.length, 1002);
	});

	it('packs the body as it says', () => {
		const twice = spoil({kind: 'coding', coding: 'GZIP, br', junk: true});
		assert.equal(twice.headers['content-encoding'], 'GZIP, br');
		assert.equal(gunzipSync(brotliDecompressSync(twice.body)).toString(), text);
		const unwrapped = spoil({kind: 'coding', coding: 'raw-deflate'});
		assert.equal(unwrapped.headers['content-encoding'], 'deflate');
		assert.equal(inflateRawSync(unwrapped.body).toString(), text);
		assert.equal(spoil({kind: 'coding', coding: 'none', junk: true}).body.toString(), `${text}\r\njunk`);
	});

	it('writes the body in another charset, announced or not', () => {
		const latin1 = spoil({kind: 'charset', charset: 'iso-8859-1'});
		assert.equal(latin1.headers['content-type'], 'application/json;charset=iso-8859-1');
		assert.equal(latin1.body.toString('latin1'), text);
		const wide = spoil({kind: 'charset', charset: 'utf-16', silent: true});
		assert.equal(wide.headers['content-type'], 'application/json');
		assert.equal(wide.body.toString('utf16le'), `\ufeff${text}`);
	});

	it('spoils the first record alone', () => {
		for (const flaw of ['control', 'nan', 'escape', 'byte'] as RecordFlaw[]) {
			const spoilt = spoil({kind: 'bad-record', flaw}).body.toString('latin1');
			assert.match(spoilt, /^\{"meta":\{"n":\[\]\},"data":\[ \{"flaw":[^,]*,"id":"Zo/);
			if (flaw !== 'byte') assert.throws(() => JSON.parse(spoilt), SyntaxError, flaw);
		}
		const empty = jsonAnswer(200, '{"data":[]}');
		assert.deepEqual(spoil({kind: 'bad-record', flaw: 'nan'}, empty), empty);
	});
});

describe('emulator/send', () => {
	const withFault = (fault: Fault, use: Parameters<typeof withEmulator>[1]) =>
		withEmulator({events: 20, faults: [fault]}, use);

	it('resets before the headers, and serves the next request', () =>
		withFault({kind: 'reset', at: 1}, async emulator => {
			await assert.rejects(ask(emulator, '/events'), {code: 'ECONNRESET'});
			assert.equal(pageOf(await ask(emulator, '/events')).data.length, 20);
			assert.deepEqual(
				emulator.requests.map(({status, fault}) => [status, fault]),
				[
					[0, 'reset'],
					[200, undefined],
				],
			);
		}));

	it('resets in the body', () =>
		withFault({kind: 'reset', where: 'body', at: 1}, async emulator => {
			await assert.rejects(ask(emulator, '/events'), {code: 'ECONNRESET'});
			assert.equal(emulator.requests[0]?.status, 200);
		}));

	it('closes short of the announced length', () =>
		withFault({kind: 'short', at: 1}, async emulator => {
			await assert.rejects(ask(emulator, '/events'), {message: 'aborted'});
		}));

	it('hangs in the body, with half of it sent', () =>
		withFault({kind: 'hang', where: 'body', at: 1}, async emulator => {
			assert.match(await firstBytes(emulator, '/events?limit=5', 1000), /^\{"data":\[/);
		}));

	it('hangs before the headers until it is closed', async () => {
		let asked: Promise<unknown>[] = [];
		await withFault({kind: 'hang', at: 1}, async emulator => {
			asked = [ask(emulator, '/events'), ask(emulator, '/events')];
			await Promise.race(asked);
			assert.deepEqual(
				emulator.requests.map(({status}) => status),
				[0, 200],
			);
		});
		const settled = await Promise.allSettled(asked);
		assert.deepEqual(settled.map(({status}) => status).sort(), ['fulfilled', 'rejected']);
	});

	it('drips byte by byte', () =>
		withFault({kind: 'drip', bytesPerSecond: 1000, at: 1}, async emulator => {
			assert.equal(await firstBytes(emulator, '/events', 3), '{"d');
		}));

	it('sends many megabytes that are still the right page, and not on to one who hung up', () =>
		withEmulator(
			{
				events: 20,
				faults: [
					{kind: 'big', megabytes: 3, at: 1},
					{kind: 'big', megabytes: 1000, at: 2},
				],
			},
			async emulator => {
				const reply = await ask(emulator, '/events');
				assert.ok(reply.body.length > 3 * 2 ** 20);
				assert.equal(pageOf(reply).data.length, 20);
				await firstBytes(emulator, '/events', 1000);
				assert.equal((await ask(emulator, '/events')).status, 200);
			},
		));

	it('delays', () =>
		withFault({kind: 'delay', delayMs: 1, at: 1}, async emulator => {
			assert.equal((await ask(emulator, '/events')).status, 200);
			assert.equal(emulator.requests[0]?.status, 200);
		}));

	it('drops what was to come later when the connection has gone', async () => {
		const called: string[] = [];
		const server = createServer((_, response: ServerResponse) => {
			later(response, 0, () => called.push('before'));
			response.emit('close');
			later(response, 0, () => {
				called.push('after');
				response.end();
			});
		}).listen(0, '127.0.0.1');
		await new Promise(resolve => server.once('listening', resolve));
		await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
		await new Promise(resolve => server.close(resolve).closeAllConnections());
		assert.deepEqual(called, ['after']);
	});
});
