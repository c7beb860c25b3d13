import assert from 'node:assert/strict';
import {filterValues, isProjection} from '../../lib/emulator/apis/crowd-filter.ts';
import {crowdObject} from '../../lib/emulator/apis/crowd-records.ts';

const facts = (author: string, ...users: string[]) => ({
	eventType: 'OTHER',
	source: null,
	author: crowdObject('USER', 1, author),
	entities: [...users.map(name => crowdObject('USER', null, name)), crowdObject('GROUP', 7, 'readers')],
});

describe('emulator/crowd-filter', () => {
	const all = [facts('zoe', 'bob', 'Ann'), facts('zoe', 'bob'), facts('adam')];

	it('gives each value once, ascending, as flat members', () => {
		const authors = filterValues(all, 'AUTHOR', '') as Record<string, unknown>[];
		assert.deepEqual(
			authors.map(({authorName}) => authorName),
			['adam', 'zoe'],
		);
		assert.deepEqual([authors[0]?.['authorType'], authors[0]?.['id'], authors[0]?.['entities']], ['USER', null, []]);
		const users = filterValues(all, 'USER', '') as Record<string, unknown>[];
		assert.deepEqual(
			users.map(({entityName}) => entityName),
			['Ann', 'bob'],
		);
		assert.equal(filterValues(all, 'GROUP', '').length, 1);
	});

	it('takes those that begin as searched for', () => {
		assert.equal(filterValues(all, 'USER', 'BO').length, 1);
		assert.equal(filterValues(all, 'DIRECTORY', '').length, 0);
	});

	it('knows its projections', () => {
		assert.deepEqual(['AUTHOR', 'DIRECTORY', 'author', null].map(isProjection), [true, true, false, false]);
	});
});
