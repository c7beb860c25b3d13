import assert from 'node:assert/strict';
import {of} from 'rxjs';
import {removeMembers} from '../../lib/redaction/remove-members.ts';
import {toBatch} from '../../lib/run/batch.ts';
import {idsOf, listen, pageOf} from '../support/pages.ts';

function pageWith(...texts: readonly string[]) {
	const records = texts.map((text, index) => ({
		id: `e${index}`,
		text: Buffer.from(text),
		raw: text,
		value: JSON.parse(text) as unknown,
	}));
	return pageOf(records, {
		rejected: [{id: 'l', text: Buffer.from('{"who":"Ann'), reason: 'the record is not JSON: "Ann'}],
	});
}

describe('removeMembers', () => {
	it("takes members out of each record's own text, which is what is written still", () => {
		const page = pageWith('{"n":1.0,"who":{"name":"Ann","id":9007199254740993}}', '{"n":1.0}');
		const [out] = listen(of(page).pipe(removeMembers(['who.name', 'nobody']))).values;
		const own = ['{"n":1.0,"who":{"id":9007199254740993}}', '{"n":1.0}'];
		assert.deepEqual(
			out!.records.map(({text, raw, value}) => [Buffer.from(text).toString(), raw, value]),
			own.map(text => [text, text, JSON.parse(text) as unknown]),
		);
		assert.equal(out!.records[1], page.records[1]);
		assert.equal(Buffer.from(toBatch(out!).batch.lines).toString(), own.map(text => `${text}\n`).join(''));
		assert.deepEqual([idsOf(out!), out!.position], [idsOf(page), page.position]);
	});

	it('leaves out the text of dead letters, and what their reason may quote', () => {
		const [out] = listen(of(pageWith()).pipe(removeMembers(['who']))).values;
		assert.deepEqual(
			out!.rejected.map(({id, text, reason}) => [id, text.length, reason]),
			[['l', 0, 'the record is not JSON']],
		);
	});
});
