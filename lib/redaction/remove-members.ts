import {map, type MonoTypeOperatorFunction} from 'rxjs';
import {withoutMembers} from '../http/slice-records.ts';
import type {Page, SourceRecord} from '../model/page.ts';
import {withoutText} from './redaction.ts';

/**
 * Pages of the API's own records without these members, dotted; every other byte of their text stays, so that it is
 * the record's own text still. Dead letters have none.
 */
export function removeMembers(members: readonly string[]): MonoTypeOperatorFunction<Page> {
	const paths = members.map(member => member.split('.'));
	const shortened = (record: SourceRecord): SourceRecord => {
		const text = withoutMembers(Buffer.from(record.text.buffer, record.text.byteOffset, record.text.length), paths);
		if (text.length === record.text.length) return record;
		const raw = text.toString('utf8');
		return {...record, text, raw, value: JSON.parse(raw) as unknown};
	};
	return map(page => {
		const entries = page.records.map(shortened).map(record => ({event: record.value, record}));
		return page.with({entries, rejected: page.rejected.map(letter => withoutText(letter))});
	});
}
