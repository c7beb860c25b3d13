import assert from 'node:assert/strict';
import {faultKinds} from '../../lib/emulator/server/faults.ts';
import {faultHelp, parseFault} from '../../lib/emulator/server/parse-fault.ts';
import {ConfigError} from '../../lib/model/errors.ts';

describe('emulator/parse-fault', () => {
	it('reads faults', () => {
		const examples = {
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
		};
		for (const [text, fault] of Object.entries(examples)) assert.deepEqual(parseFault(text), fault, text);
	});

	it('says of bad text what it expected', () => {
		const examples = {
			'status:503': 'kind[:arguments]@requests',
			'status@3': 'status:N with N from 200 to 599',
			'status:99@3': "'99'",
			'status:429,soon@3': 'headers like retry-after=2',
			'reset:foot@1': 'reset:headers or reset:body',
			'delay@1': 'delay:MS, a number',
			'redirect@1': 'redirect:URL',
			'html:x@1': 'html, html:login or html:maintenance',
			'truncate:x@1': 'truncate without an argument',
			'charset:klingon@1': 'charset:iso-8859-1|utf-16',
			'coding@1': 'coding:NAMES',
			'headers@1': 'headers like retry-after=2',
			'explode@1': 'refuse-cursor',
			'html@0': 'requests like 3',
			'html@': 'requests like 3',
		};
		for (const [text, expected] of Object.entries(examples)) {
			assert.throws(
				() => parseFault(text),
				(error: unknown) =>
					error instanceof ConfigError && error.message.includes(expected) && error.message.includes(text),
				text,
			);
		}
	});

	it('has help for every kind', () => {
		for (const kind of faultKinds) assert.ok(faultHelp.includes(kind), kind);
	});
});
