import assert from 'node:assert/strict';
import {configurationUpdated, searchPerformed} from '../../lib/emulator/apis/data-center-self-audit.ts';

const reader = {product: 'bitbucket', username: 'me'} as const;

interface Entity {
	readonly author: {readonly name: string; readonly type: string};
	readonly type: {readonly actionI18nKey: string};
	readonly extraAttributes: readonly {readonly name: string; readonly value: string}[];
	readonly changedValues: readonly object[];
}

describe('emulator/data-center-self-audit', () => {
	it('tells of a search who asked what, and what was found', () => {
		const rows = [
			{timeMs: 2000, id: 94},
			{timeMs: 1000, id: 45},
		];
		const record = searchPerformed(new URLSearchParams('limit=2'), rows, reader) as Entity;
		assert.deepEqual([record.author.name, record.author.type], ['me', 'NORMAL']);
		assert.equal(record.type.actionI18nKey, 'atlassian.audit.event.action.audit.search');
		assert.deepEqual(Object.fromEntries(record.extraAttributes.map(({name, value}) => [name, value])), {
			'ID Range': '45 - 94',
			Query: 'limit=2',
			'Results returned': '2',
			'Timestamp Range': '1970-01-01T00:00:01.000Z - 1970-01-01T00:00:02.000Z',
		});
		const none = searchPerformed(new URLSearchParams(), [], reader) as Entity;
		assert.equal(none.extraAttributes[0]?.value, '');
	});

	it('tells of a setting what it was and is', () => {
		const record = configurationUpdated(reader, 'retention', '1 Years', '3 Years') as Entity;
		assert.equal(record.type.actionI18nKey, 'atlassian.audit.event.action.audit.config.updated');
		const i18nKey = 'atlassian.audit.event.change.retention';
		assert.deepEqual(record.changedValues, [{key: 'retention', i18nKey, from: '1 Years', to: '3 Years'}]);
	});
});
