import assert from 'node:assert/strict';
import {EMPTY, NEVER, of, Subject, throwError} from 'rxjs';
import {actionRules} from '../../lib/model/activity.ts';
import {normalize, type NormalizeOptions} from '../../lib/operators/normalize.ts';
import {OwnRecord} from '../../lib/model/own-record.ts';
import {Page} from '../../lib/model/page.ts';
import {factsOf, listen, pageOf, type TestPage, type TestRecord} from '../support/pages.ts';

function normalized(records: readonly TestRecord[], given?: TestPage, options?: NormalizeOptions) {
	return listen(of(pageOf(records, given)).pipe(normalize(options))).values[0]!;
}

describe('normalize', () => {
	it('passes on what the stream says: nothing, an end, an error', () => {
		assert.equal(listen(NEVER.pipe(normalize())).ended, undefined);
		assert.equal(listen(EMPTY.pipe(normalize())).ended, 'complete');
		const boom = new Error('boom');
		assert.equal(listen(throwError(() => boom).pipe(normalize())).error, boom);
		const pages = new Subject<Page>();
		listen(pages.pipe(normalize())).unsubscribe();
		assert.equal(pages.observed, false);
	});

	it('gives text that any reader of JSON takes: half a surrogate pair is U+FFFD, except in the own text', () => {
		const source = factsOf({
			normalize: value => ({message: (value as {what: string}).what, targets: [{name: '\ud83d'}]}),
		});
		const text = Buffer.from('{"what":"a\\ud800b \\ud83d\\ude00 \\uDC00"}');
		const value = JSON.parse(text.toString()) as unknown;
		const [event] = normalized([{id: 'a', text, value}], {source}).events;
		assert.equal(event!.message, 'a\ufffdb \u{1f600} \ufffd');
		assert.deepEqual(event!.targets, [{name: '\ufffd'}]);
		assert.equal(event!.raw, text.toString());
	});

	it('gives the common record: the shared members, what the source maps, and the own text', () => {
		const source = factsOf({normalize: value => ({action: (value as {what: string}).what})});
		const text = Buffer.from('{"what":"x","n":9007199254740993,"s":"\u2028é\\ud800"}');
		const value = JSON.parse(text.toString()) as unknown;
		const page = normalized([{id: 'a', timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6), text, value}], {source});
		assert.deepEqual(page.events, [
			{
				id: 'a',
				time: '2026-01-02T03:04:05.006Z',
				source: 'some-source',
				tenant: 'some-tenant',
				action: 'x',
				raw: text.toString(),
			},
		]);
		assert.equal(page.verbatim, false);
	});

	it('lets go of what it parsed, since a page may wait for its sinks', () => {
		let parsed = 0;
		const facts = {id: 'a', timeMs: 0, orderMs: 0, wholeSecond: false, text: Buffer.from('{}')};
		const record = new OwnRecord(facts, value => (parsed++, value));
		const content = {records: [record], source: factsOf(), sequence: 0, position: null, bytes: 1};
		const [page] = listen(of(Page.of(content, {taken() {}, nacked() {}})).pipe(normalize())).values;
		assert.equal(page!.events.length, 1);
		assert.equal(parsed, 1);
		assert.deepEqual(record.value, {});
		assert.equal(parsed, 2);
	});

	it('leaves the own text out where it is not wanted, and mends the others all the same', () => {
		const source = factsOf({normalize: value => ({message: (value as {what: string}).what})});
		const text = Buffer.from('{"what":"a\\ud800"}');
		const value = JSON.parse(text.toString()) as unknown;
		for (const raw of [false, true, undefined]) {
			const options = raw === undefined ? {} : {raw};
			const [event] = normalized([{id: 'a', text, value}], {source}, options).events;
			assert.equal(event!.message, 'a\ufffd');
			assert.deepEqual(event!.raw, raw === false ? undefined : text.toString());
			assert.equal('raw' in event!, raw !== false);
		}
	});

	it('says what was done in the words of all APIs, and counts what no rule knows', () => {
		const actions = ['login', 'x', '__proto__', undefined, 'x', 'login'];
		const source = factsOf({
			normalize: value => ((value as {action?: string}).action ? {action: (value as {action: string}).action} : {}),
			ruleOf: actionRules({login: 'user-login'}),
		});
		const records = actions.map((action, index) => ({id: String(index), value: action ? {action} : {}}));
		const page = normalized(records, {source});
		assert.deepEqual(
			page.events.map(({activity}) => activity),
			['user-login', undefined, undefined, undefined, undefined, 'user-login'],
		);
		assert.ok(!('activity' in page.events[1]!));
		assert.deepEqual(
			page.unknownActions,
			new Map([
				['x', 2],
				['__proto__', 1],
			]),
		);
		const again = listen(of(pageOf(records, {source}).with({unknownActions: new Map([['x', 1]])})).pipe(normalize()));
		assert.equal(again.values[0]!.unknownActions!.get('x'), 3, 'what an operator before it has counted stays');
		const unruled = normalized(records, {source: {...source, ruleOf: undefined}});
		assert.equal(unruled.unknownActions?.size ?? 0, 0, 'a source without rules knows no unknown action');
	});

	it('reads a text that lies in the middle of an answer', () => {
		const body = Buffer.from('[{"a":1},{"b":2}]');
		assert.equal(normalized([{id: 'a', text: body.subarray(9, 16)}]).events[0]!.raw, '{"b":2}');
		const plain = new Uint8Array(body).subarray(1, 8);
		assert.equal(normalized([{id: 'a', text: plain}]).events[0]!.raw, '{"a":1}');
	});

	it('makes a dead letter of an event that cannot be mapped, and goes on', () => {
		const source = factsOf({
			normalize(value) {
				if ((value as {id: string}).id === 'b') throw new TypeError('no attributes');
				return {};
			},
		});
		const page = normalized([{id: 'a'}, {id: 'b'}, {id: 'c', timeMs: Number.NaN}], {source});
		assert.deepEqual(
			page.events.map(({id}) => id),
			['a'],
		);
		assert.deepEqual(
			page.rejected.map(({id, reason}) => [id, reason]),
			[
				['b', 'cannot be normalized: no attributes'],
				['c', 'cannot be normalized: Invalid time value'],
			],
		);
	});
});
