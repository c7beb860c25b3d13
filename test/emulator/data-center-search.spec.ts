import assert from 'node:assert/strict';
import {type AuditQuery, parseAuditQuery} from '../../lib/emulator/apis/data-center-query.ts';
import {dataCenterLog} from '../../lib/emulator/apis/data-center-records.ts';
import {searchLog} from '../../lib/emulator/apis/data-center-search.ts';
import {newSetting} from './new-setting.ts';

interface Entity {
	readonly author: {readonly id: string; readonly name: string};
	readonly type: {readonly category: string; readonly actionI18nKey: string};
	readonly affectedObjects: readonly {readonly type: string; readonly id?: string}[];
}

describe('emulator/data-center-search', () => {
	const log = dataCenterLog(newSetting({events: 800}), 'jira-data-center', 'jira');
	const texts = Array.from(log.records(), ({text}) => text);
	const entities = texts.map(text => JSON.parse(text) as Entity);
	const query = (text: string) => parseAuditQuery(new URLSearchParams(text), true, 8e15) as AuditQuery;
	const idsOf = (text: string) => searchLog(log, query(text)).map(({id}) => id);
	const idsWhere = (holds: (entity: Entity, text: string) => boolean) =>
		log.rows().flatMap(({id}, index) => (holds(entities[index]!, texts[index]!) ? [id] : []));

	it('filters by author, category, action and text', () => {
		assert.deepEqual(
			idsOf('userIds=10003,-2'),
			idsWhere(({author}) => ['10003', '-2'].includes(author.id)),
		);
		assert.deepEqual(
			idsOf('categories=boards,filters'),
			idsWhere(({type}) => /boards|filters/.test(type.category)),
		);
		const key = 'jira.auditing.workflow.created';
		assert.deepEqual(
			idsOf(`actions=${key}`),
			idsWhere(({type}) => type.actionI18nKey === key),
		);
		assert.deepEqual(
			idsOf('search=nobody%20FOX'),
			idsWhere((_, text) => text.includes('Fox')),
		);
		assert.ok(idsOf('search=fox').length > 5);
	});

	it('takes any object of one type, and one of each type', () => {
		const affects = ({affectedObjects}: Entity, kind: string, ...ids: string[]) =>
			affectedObjects.some(({type, id}) => type === kind && ids.includes(String(id)));
		assert.deepEqual(
			idsOf('affectedObject=VERSION,1;VERSION,2'),
			idsWhere(entity => affects(entity, 'VERSION', '1', '2')),
		);
		const [sample] = entities.filter(({type}) => type.actionI18nKey === 'jira.auditing.version.created');
		const [version, project] = sample!.affectedObjects;
		const ids = idsOf(`affectedObject=VERSION,${version?.id};PROJECT,${project?.id}`);
		assert.ok(ids.length > 0);
		assert.deepEqual(
			ids,
			idsWhere(entity => affects(entity, 'VERSION', version!.id!) && affects(entity, 'PROJECT', project!.id!)),
		);
	});

	it('goes on behind a cursor, and counts the offset from there', () => {
		const place = log.rows()[10]!;
		assert.equal(idsOf(`pageCursor=${place.timeMs},${place.id}`)[0], log.rows()[11]!.id);
		assert.equal(idsOf(`pageCursor=${place.timeMs},${place.id}&offset=2`)[0], log.rows()[13]!.id);
	});

	it('scans the newest rows by id only', () => {
		const late = log.insert([{timeMs: log.rows().at(-1)!.timeMs - 5}])[0]!;
		assert.deepEqual(idsOf('scanLimit=2'), [800, late.rowId]);
		log.remove(({rowId}) => rowId === late.rowId);
	});
});
