import assert from 'node:assert/strict';
import fc from 'fast-check';
import {EMPTY, from, NEVER, of, Subject, throwError} from 'rxjs';
import {toBatch} from '../../lib/run/batch.ts';
import {ConfigError} from '../../lib/model/errors.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {redact, type RedactOptions} from '../../lib/operators/redact.ts';
import type {Page} from '../../lib/model/page.ts';
import {factsOf, idsOf, listen, pageOf, settledLog, type TestPage} from '../support/pages.ts';
import {planted, plantedMembers, pseudonym, readings} from '../support/planted.ts';

const key = '0123456789abcdef';
const source = factsOf({
	normalize(value) {
		const {who, texts} = value as {who: Record<string, string>; texts: readonly string[]};
		const {a, b, c, d} = who;
		return {
			message: texts.join(' '),
			actor: {name: a!, ...(b ? {email: b} : {})},
			targets: [{name: c ?? a!, id: d ?? a!}],
		};
	},
});
const common = ['actor.name', 'actor.email', 'targets.name', 'targets.id'];

const record = (text: string, id = 'e1') => ({id, text: Buffer.from(text), value: JSON.parse(text) as unknown});
const ownPage = (text: string, given?: TestPage) => pageOf([record(text)], given);

function commonPage(text: string): Page {
	return listen(of(ownPage(text, {source})).pipe(normalize())).values[0]!;
}

function redacted(page: Page, options: RedactOptions): Page {
	return listen(of(page).pipe(redact(options))).values[0]!;
}

/** All bytes that can leave behind the operator. */
function textsOf(page: Page): string[] {
	const bytes = [
		toBatch(page).batch.lines,
		...page.records.map(({text}) => text),
		...page.rejected.map(({text}) => text),
	];
	const values = page.records.map(({value}) => JSON.stringify(value));
	const raws = page.records.flatMap(({raw}) => raw ?? []);
	return [
		...bytes.map(one => Buffer.from(one).toString()),
		...values,
		...raws,
		...page.rejected.map(({reason}) => reason),
	];
}

function assertGone(page: Page, values: readonly string[]): void {
	const read = textsOf(page)
		.flatMap(readings)
		.map(text => text.toLowerCase());
	for (const value of values) {
		const text = read.find(one => one.includes(value.toLowerCase()));
		assert.equal(text, undefined, `${value} is in ${text}`);
	}
}

const own = (page: Page) => Buffer.from(page.records[0]!.text).toString();

describe('redact', () => {
	it('passes on what the stream says: nothing, an end, an error', () => {
		const ips = redact({patterns: ['ip']});
		assert.equal(listen(NEVER.pipe(ips)).ended, undefined);
		assert.equal(listen(EMPTY.pipe(ips)).ended, 'complete');
		const boom = new Error('boom');
		assert.equal(listen(throwError(() => boom).pipe(ips)).error, boom);
		const pages = new Subject<Page>();
		listen(pages.pipe(ips)).unsubscribe();
		assert.equal(pages.observed, false);
	});

	it('keeps every page, its position and its acknowledgement', () => {
		const pages = [pageOf(['a', 'b']), pageOf([], {sequence: 1})];
		const out = listen(from(pages).pipe(redact({members: ['x'], patterns: ['email', /q/]}))).values;
		assert.deepEqual(out.map(idsOf), [['a', 'b'], []]);
		for (const [index, page] of out.entries()) assert.deepEqual(page, {...pages[index]!, rejected: []});
	});

	for (const options of [{key}, {}]) {
		const mark = (value: string) => (options.key ? pseudonym(key, value) : '[redacted]');
		const how = options.key ? 'with a key' : 'without a key';

		it(`leaves nothing of a record's members, and every other byte (${how})`, () => {
			fc.assert(
				fc.property(planted, ({values, text, expected}) => {
					const page = redacted(ownPage(text), {members: plantedMembers, ...options});
					assert.equal(own(page), expected(mark, options.key !== undefined));
					assert.equal(Buffer.from(toBatch(page).batch.lines).toString(), `${own(page)}\n`, 'it is its own text still');
					assert.equal(page.records[0]!.raw, own(page));
					assertGone(page, values);
				}),
			);
		});

		it(`leaves nothing of a common record's members, in raw and in the record neither (${how})`, () => {
			fc.assert(
				fc.property(planted, ({values, text, expected}) => {
					const before = commonPage(text);
					const page = redacted(before, {members: common, ...options});
					assert.equal(own(page), expected(mark, true));
					assert.equal((page.events[0] as {raw: string}).raw, own(page));
					assertGone(page, values);
					assert.deepEqual(idsOf(page), idsOf(before));
				}),
			);
		});

		it(`leaves nothing of e-mail addresses (${how})`, () => {
			fc.assert(
				fc.property(planted, ({values, text}) => {
					const addresses = values.filter(value => value.includes('@'));
					for (const page of [ownPage(text), commonPage(text)]) {
						assertGone(redacted(page, {patterns: ['email'], ...options}), addresses);
					}
				}),
			);
		});
	}

	it('gives the same bytes for the same record and key, and other pseudonyms for another key', () => {
		fc.assert(
			fc.property(planted, ({text}) => {
				const once = textsOf(redacted(commonPage(text), {members: common, patterns: ['ip'], key}));
				const again = redact({members: common, patterns: ['ip'], key: Buffer.from(key)});
				for (const page of listen(of(commonPage(text), commonPage(text)).pipe(again)).values) {
					assert.deepEqual(textsOf(page), once);
				}
				const marks = new Set(once.join().match(/redacted:\w+/g));
				const others = textsOf(redacted(commonPage(text), {members: common, patterns: ['ip'], key: `${key}!`})).join();
				for (const mark of marks) assert.ok(!others.includes(mark));
			}),
		);
	});

	it('touches neither a record in which there is nothing, nor its page', () => {
		const text = '{"id":"e1","time":"2026-01-02T03:04:05.006Z","n":9007199254740993,"__proto__":{"a":1.0},"v":"1.2.3"}';
		const page = ownPage(text);
		for (const options of [{patterns: ['ip', 'email'] as const}, {patterns: [/nothing/]}, {members: ['none'], key}]) {
			const out = redacted(page, options);
			assert.equal(out.records[0], page.records[0]);
			assert.equal(out.events[0], page.events[0]);
			assert.equal(out.verbatim, true);
		}
		const made = commonPage('{"who":{"a":"x"},"texts":["y"]}');
		assert.equal(redacted(made, {patterns: ['ip', 'email']}).events[0], made.events[0]);
	});

	it('takes a number that is a value, not one that has its digits', () => {
		const text = '{"who":{"id":7},"n":[7,7.0,70,17,1.7],"s":"7 70 x7","t":"7","o":{"7":true}}';
		const at = pseudonym(key, '7');
		assert.equal(
			own(redacted(ownPage(text), {members: ['who.id'], key})),
			`{"who":{"id":"${at}"},"n":["${at}","${at}",70,17,1.7],"s":"${at} 70 x7","t":"${at}","o":{"${at}":true}}`,
		);
	});

	it('tells numbers apart that look the same when they are parsed', () => {
		const text = '{"who":9007199254740993,"n":[9007199254740993,9007199254740992],"s":"9007199254740993"}';
		const out = own(redacted(ownPage(text), {members: ['who'], key}));
		const at = pseudonym(key, '9007199254740993');
		assert.equal(out, `{"who":"${at}","n":["${at}",9007199254740992],"s":"${at}"}`);
	});

	it('redacts all that is in a member', () => {
		const text = '{"who":{"n":["Ann",1,true,null,"",{"x":"Bob"}]},"s":"Ann, Bob, 1 true"}';
		const [ann, bob, one, yes] = ['Ann', 'Bob', '1', 'true'].map(value => pseudonym(key, value));
		assert.equal(
			own(redacted(ownPage(text), {members: ['who'], key})),
			`{"who":{"n":["${ann}","${one}","${yes}",null,"",{"x":"${bob}"}]},"s":"${ann}, ${bob}, ${one} true"}`,
		);
		assert.equal(own(redacted(ownPage(text), {members: ['who']})), '{"s":"[redacted], [redacted], [redacted] true"}');
	});

	it('reaches each of several members of one name', () => {
		const text = '{"who":"Ann","who":"Bob","s":"Ann Bob Cy"}';
		assert.equal(own(redacted(ownPage(text), {members: ['who']})), '{"s":"[redacted] [redacted] Cy"}');
	});

	it('keeps the names of members, whatever somebody calls himself', () => {
		const text = '{"actor":{"name":"action"},"action":"name","actor action":1}';
		const out = redacted(ownPage(text), {members: ['actor.name'], key});
		const at = pseudonym(key, 'action');
		assert.equal(own(out), `{"actor":{"name":"${at}"},"action":"name","actor ${at}":1}`);
		assert.deepEqual(out.rejected, []);
	});

	it('never touches what events and rows are named by', () => {
		const facts = factsOf({name: 'Ann', tenant: 'a@b.cc'});
		const event = {id: 'Ann', time: 'Ann', source: 'Ann', tenant: 'a@b.cc', processed: 'Ann', actor: {name: 'Ann'}};
		const page = {...pageOf([{id: 'Ann'}], {source: facts}), events: [event], verbatim: false};
		const out = redacted(page, {members: ['actor.name'], patterns: ['email', /./]});
		assert.deepEqual(out.events, [{...event, actor: {}}]);
		assert.deepEqual(idsOf(out), ['Ann']);
	});

	it('reaches members of those names in events that are no common records', () => {
		const text = '{"id":"10.1.2.3","time":"10.1.2.3","source":"10.1.2.3","tenant":"10.1.2.3","raw":"10.1.2.3"}';
		const gone = text.replaceAll('10.1.2.3', '[redacted]');
		assert.equal(own(redacted(ownPage(text), {patterns: ['ip']})), gone);
		assert.equal(
			own(redacted(ownPage(text), {members: ['source'], key})),
			text.replaceAll('10.1.2.3', pseudonym(key, '10.1.2.3')),
		);
		const made = listen(of(ownPage(text)).pipe(mapEvents(event => ({...(event as object)})))).values[0]!;
		assert.deepEqual(redacted(made, {patterns: ['ip']}).events, [JSON.parse(gone)]);
		const ecsPage = {...pageOf(['a']), events: [{source: {ip: '10.1.2.3'}}], verbatim: false};
		assert.deepEqual(redacted(ecsPage, {members: ['source.ip']}).events, [{source: {}}]);
	});

	it('ends a stream of common records whose names of events it would have to change', () => {
		for (const member of ['id', 'time', 'source', 'tenant', 'processed', 'raw', 'id.x', 'activity', 'outcome']) {
			const settled = settledLog();
			const page = ownPage('{"who":{"a":"Ann"},"texts":[]}', {source, settled});
			const heard = listen(of(page).pipe(normalize(), redact({members: ['actor.name', member]})));
			assert.ok(heard.error instanceof ConfigError);
			assert.match(heard.error.message, /^redact: expected members (other than id, time.*files, rows|that can hold)/);
			assert.equal(settled.nacked[0], heard.error);
		}
	});

	it('leaves out the text of a record with two members of one name, since only one of them was mapped', () => {
		const text = '{"who":{"a":"Old","a":"Ann"},"texts":["Ann did"]}';
		const out = redacted(commonPage(text), {members: ['actor.name']});
		assert.equal((out.events[0] as AuditEvent).raw, undefined);
		assertGone(out, ['Old', 'Ann']);
		const nobody = commonPage('{"who":{"a":"Old","a":""},"texts":["x"]}');
		assertGone(redacted(nobody, {members: ['actor.fullName']}), ['Old']);
	});

	it('leaves out a raw that is no JSON, and the text of a record that is none', () => {
		const event = {source: 'some-source', tenant: 'some-tenant', actor: {name: 'Ann'}, raw: 'Ann"'};
		const page = {...pageOf([{id: 'a', text: Buffer.from('Ann {')}]), events: [event], verbatim: false};
		const out = redacted(page, {members: ['actor.name'], key});
		const {raw, ...rest} = event;
		assert.equal(raw, 'Ann"');
		assert.deepEqual(out.events, [{...rest, actor: {name: pseudonym(key, 'Ann')}}]);
		assertGone(out, ['Ann']);
		const verbatim = redacted(pageOf([{id: 'a', text: Buffer.from('{"who":"Ann"'), value: {}}]), {members: ['who']});
		assert.deepEqual(verbatim.rejected, [{id: 'a', text: new Uint8Array(), reason: 'cannot be redacted'}]);
		assert.equal(verbatim.events.length, 0);
	});

	it('makes a dead letter without text of an event that cannot be walked through', () => {
		const round: Record<string, unknown> = {};
		round['round'] = round;
		const page = {...pageOf(['a', 'b']), events: [round, {ok: 1}], verbatim: false};
		const out = redacted(page, {patterns: ['email']});
		assert.deepEqual(out.rejected, [{id: 'a', text: new Uint8Array(), reason: 'cannot be redacted'}]);
		assert.deepEqual(out.events, [{ok: 1}]);
		assert.deepEqual(idsOf(out), ['b']);
	});

	it('reaches what would be written of an event: dates, lists, names', () => {
		const event = {when: new Date(0), who: {x: 'Ann'}, '__proto__ Ann': {Ann: ['by Ann', undefined]}};
		const page = {...pageOf(['a']), events: [event], verbatim: false};
		const out = redacted(page, {members: ['who'], patterns: [/1970/]});
		assert.equal(
			JSON.stringify(out.events),
			'[{"when":"[redacted]-01-01T00:00:00.000Z","__proto__ [redacted]":{"[redacted]":["by [redacted]",null]}}]',
		);
	});

	it('counts unknown actions by what is left of them', () => {
		const records = ['Ann', 'Bob'].map(name => ({id: name, value: {actor: {name}, action: `${name} did`}}));
		const facts = factsOf({ruleOf: () => undefined, normalize: value => value as {[key: string]: string}});
		const page = listen(of(pageOf(records, {source: facts})).pipe(normalize())).values[0]!;
		assert.deepEqual([...redacted(page, {members: ['actor.name']}).unknownActions!], [['[redacted] did', 2]]);
		assert.deepEqual(
			[...redacted(page, {members: ['action'], key}).unknownActions!.keys()],
			[pseudonym(key, 'Ann did'), pseudonym(key, 'Bob did')],
		);
		assert.equal(redacted(pageOf(records), {members: ['x']}).unknownActions, undefined);
	});

	describe('of dead letters from before', () => {
		const letter = (text: string, reason = 'odd') => ({id: 'l', text: Buffer.from(text), reason});
		const left = (page: Page, options: RedactOptions) =>
			redacted(page, options).rejected.map(({id, text, reason}) => [id, Buffer.from(text).toString(), reason]);

		it('takes out the members of the record, and what matches, in the reason too', () => {
			const rejected = [letter('{"who":"Ann","s":"Ann a@b.cc"}', 'Ann: a@b.cc is odd'), letter('{"s":1.0}')];
			assert.deepEqual(left(pageOf([], {rejected}), {members: ['who'], patterns: ['email']}), [
				['l', '{"s":"[redacted] [redacted]"}', '[redacted]: [redacted] is odd'],
				['l', '{"s":1.0}', 'odd'],
			]);
		});

		it('finds members of the common record as the source maps them', () => {
			const rejected = [letter('{"who":{"a":"Ann"},"texts":["Ann did"],"s":"Anna"}'), letter('{"who":"Ann"}')];
			const page = {...pageOf([], {rejected, source}), verbatim: false};
			assert.deepEqual(left(page, {members: ['actor.name']}), [
				['l', '{"who":{"a":"[redacted]"},"texts":["[redacted] did"],"s":"Anna"}', 'odd'],
				['l', '', 'odd'],
			]);
			assert.deepEqual(left(page, {members: ['made.up']}), [
				['l', '', 'odd'],
				['l', '', 'odd'],
			]);
			assert.deepEqual(left(page, {members: ['source.ip']}), [
				['l', '', 'odd'],
				['l', '', 'odd'],
			]);
		});

		it('leaves out what cannot be read', () => {
			const rejected = [letter('{"a@b.cc'), {text: Buffer.from('"a@b.cc"'), reason: 'no id'}];
			assert.deepEqual(left(pageOf([], {rejected}), {patterns: ['email']}), [
				['l', '', 'odd'],
				[undefined, '', 'no id'],
			]);
		});
	});

	it('refuses indexes, short keys, and nothing at all', () => {
		assert.throws(() => redact({members: ['targets.0.name']}), /for all items of a list, got targets\.0\.name/);
		assert.throws(() => redact({members: ['a..b']}), ConfigError);
		assert.throws(() => redact({}), new ConfigError('redact: expected members or patterns, got none'));
		assert.throws(
			() => redact({patterns: ['ip'], key: 'é'.repeat(7)}),
			new ConfigError('redact: expected a key of at least 16 bytes, got 14'),
		);
	});
});
