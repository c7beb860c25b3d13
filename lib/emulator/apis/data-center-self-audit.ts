import {authorTypes, type Product} from './data-center-catalogue.ts';
import {auditRecord} from './data-center-records.ts';
import type {Place} from '../data/record-log.ts';

const category = ['atlassian.audit.event.category.audit', 'Auditing'] as const;

export interface Reader {
	readonly product: Product;
	readonly username: string;
}

/** The record of a search, as the auditing plugin writes one about each search. */
export function searchPerformed(query: URLSearchParams, rows: readonly Place[], reader: Reader): object {
	const [newest, oldest] = [rows[0], rows.at(-1)];
	const span = (value: (row: Place) => string) => (newest && oldest ? `${value(oldest)} - ${value(newest)}` : '');
	return ownRecord(reader, 'atlassian.audit.event.action.audit.search', 'Audit Log search performed', {
		extraAttributes: Object.entries({
			'ID Range': span(({id}) => String(id)),
			Query: query.toString(),
			'Results returned': String(rows.length),
			'Timestamp Range': span(({timeMs}) => new Date(timeMs).toISOString()),
		}).map(([name, value]) => ({name, nameI18nKey: `atlassian.audit.event.attribute.${name}`, value})),
	});
}

/** The record of one changed setting of the plugin itself. */
export function configurationUpdated(reader: Reader, key: string, from: string, to: string): object {
	return ownRecord(reader, 'atlassian.audit.event.action.audit.config.updated', 'Audit Log configuration updated', {
		changedValues: [{key, i18nKey: `atlassian.audit.event.change.${key}`, from, to}],
	});
}

function ownRecord(
	{product, username}: Reader,
	key: string,
	text: string,
	parts: {changedValues?: readonly object[]; extraAttributes?: readonly object[]},
): object {
	return auditRecord({
		type: {category, action: [key, text], objects: []},
		author: {name: username, type: authorTypes[product], id: '1', avatarUri: ''},
		affectedObjects: [],
		changedValues: [],
		extraAttributes: [],
		source: '127.0.0.1',
		node: product === 'bitbucket' ? 'node-0' : undefined,
		...parts,
	});
}
