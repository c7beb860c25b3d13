import assert from 'node:assert/strict';
import {
	type AuditQuery,
	cursorInvalid,
	parseAuditQuery,
	type ValidationError,
} from '../../lib/emulator/apis/data-center-query.ts';

const parse = (text: string, licensed = true) => parseAuditQuery(new URLSearchParams(text), licensed, 99);

describe('emulator/data-center-query', () => {
	it('has defaults', () => {
		const {from, to, offset, limit, scanLimit, csv} = parse('') as AuditQuery;
		assert.deepEqual([from, to, offset, limit, scanLimit, csv], [0, 99, 0, 200, 2 ** 31 - 1, false]);
	});

	it('reads all parameters', () => {
		const query = parse(
			'from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00.5Z&pageCursor=5,6&userIds=a,b&categories=c&actions=d' +
				'&affectedObject=USER,1;GROUP,g;USER,2&search=One%20two',
		) as AuditQuery;
		assert.deepEqual([query.from, query.to], [Date.UTC(2026, 0), Date.UTC(2026, 0) + 500]);
		assert.deepEqual(query.behind, {timeMs: 5, id: 6});
		assert.deepEqual([query.userIds, query.categories, query.actions], [['a', 'b'], ['c'], ['d']]);
		assert.deepEqual(query.affected, [['USER,1', 'USER,2'], ['GROUP,g']]);
		assert.deepEqual(query.words, ['one', 'two']);
	});

	it('says what is wrong, each by its key', () => {
		const examples: Record<string, string> = {
			'from=2026-01-01': 'from.invalid',
			'from=2026-01-01T00:00:00%2B03:00': 'from.invalid',
			'to=1769903999987': 'to.invalid',
			'offset=x': 'offset.not.number',
			'offset=-1': 'to.invalid',
			'offset=2147483648': 'offset.too.large',
			'pageCursor=5': 'cursor.invalid',
			'pageCursor=5;6': 'cursor.invalid',
			'limit=ten': 'limit.not.number',
			'limit=0': 'limit.small',
			'limit=100001&outputFormat=csv': 'limit.small',
			'limit=10001': 'limit.page.size',
			[`userIds=${'x'.repeat(201)}`]: 'user.ids.invalid',
			'categories=': 'categories.empty',
			'actions=a,,b': 'actions.empty',
			'affectedObject=USER': 'affected.objects.invalid',
			[`search=${'x'.repeat(101)}`]: 'search.too.long',
			'outputFormat=xml': 'format',
			'scanLimit=many': 'scan.limit.not.number',
			'scanLimit=0': 'scan.limit.too.large',
		};
		for (const [text, key] of Object.entries(examples)) {
			const errors = parse(text) as readonly ValidationError[];
			assert.deepEqual(
				Array.from(errors, error => error.key),
				[`validation.error.${key}`],
				text,
			);
		}
		assert.deepEqual(parse('pageCursor='), [cursorInvalid]);
		assert.ok('limit' in parse('limit=100000&outputFormat=csv'));
	});

	it('needs a licence for categories and actions', () => {
		const errors = parse('categories=a&actions=b', false) as readonly ValidationError[];
		assert.match(errors[0]!.message, /only supported for Datacenter license/);
		assert.equal(errors.length, 2);
	});
});
