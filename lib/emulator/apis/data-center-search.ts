import type {AuditQuery} from './data-center-query.ts';
import type {AuditFacts} from './data-center-records.ts';
import {indexBehind, type RecordLog, type Row, type Shape} from '../data/record-log.ts';

/** The rows that a search finds, newest first. The offset counts from behind the cursor. */
export function searchLog(log: RecordLog<AuditFacts>, query: AuditQuery): readonly Row<AuditFacts>[] {
	const {behind, offset, scanLimit, ...rest} = query;
	const found = log.select(rest, asks(rest) ? shape => matches(shape, rest) : undefined);
	const following = behind ? found.slice(indexBehind(found, behind)) : found;
	const lowest = scanLimit < log.rows().length ? lowestScanned(log.select(rest), scanLimit) : 0;
	const scanned = lowest > 0 ? following.filter(({id}) => id >= lowest) : following;
	return offset > 0 ? scanned.slice(offset) : scanned;
}

type Filter = Pick<AuditQuery, 'userIds' | 'categories' | 'actions' | 'affected' | 'words'>;

function asks({userIds, categories, actions, affected, words}: Filter): boolean {
	return [userIds, categories, actions, affected, words].some(list => list.length > 0);
}

function matches({facts, words}: Shape<AuditFacts>, filter: Filter): boolean {
	const isIn = (list: readonly string[], values: readonly (string | undefined)[]) =>
		list.length === 0 || values.some(value => value !== undefined && list.includes(value));
	return (
		isIn(filter.userIds, [facts.userId]) &&
		isIn(filter.categories, facts.categories) &&
		isIn(filter.actions, facts.actions) &&
		filter.affected.every(group => isIn(group, facts.objects)) &&
		(filter.words.length === 0 || filter.words.some(word => words.includes(word)))
	);
}

/** The lowest row id among the newest `count` ones. */
function lowestScanned(rows: readonly Row<AuditFacts>[], count: number): number {
	const ids = Float64Array.from(rows, ({id}) => id).sort();
	return ids[Math.max(0, ids.length - count)] ?? 0;
}
