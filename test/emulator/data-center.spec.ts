import assert from 'node:assert/strict';
import type {Emulator, EmulatorOptions} from '../support/emulator.ts';
import {
	type AuditQuery,
	cursorInvalid,
	parseAuditQuery,
	type ValidationError,
} from '../../lib/emulator/apis/_data-center-query.ts';
import {call, callJson, textsOf, withEmulator, written} from './ask.ts';

interface Page {
	readonly entities: readonly {readonly timestamp: string; readonly type: {readonly action: string}}[];
	readonly pagingInfo: {
		readonly nextPageCursor?: string | null;
		readonly nextPageLink?: string | null;
		readonly nextPageOffset?: number | null;
		readonly lastPage: boolean;
		readonly size: number;
	};
}

interface Searched {
	readonly author: {readonly name: string; readonly type: string};
	readonly type: {readonly action: string};
	readonly extraAttributes: readonly {readonly name: string; readonly value: string}[];
}

const path = '/jira/rest/auditing/1.0/events';
const silent = {dataCenter: {selfAudit: false}};
const quiet = (options: EmulatorOptions = {}): EmulatorOptions => ({
	events: 300,
	...options,
	switches: {...silent, ...options.switches},
});
const held = (emulator: Emulator) => textsOf(emulator, 'jira-data-center');
const page = (emulator: Emulator, query: string, where = path) => callJson<Page>(emulator, `${where}?${query}`);

async function scan(emulator: Emulator, query: string, between = () => {}): Promise<string[]> {
	const texts: string[] = [];
	for (let cursor: string | null | undefined; ;) {
		const {entities, pagingInfo} = await page(emulator, query + (cursor ? `&pageCursor=${cursor}` : ''));
		texts.push(...written(entities));
		assert.equal(pagingInfo.size, entities.length);
		if (pagingInfo.lastPage) return texts;
		cursor = pagingInfo.nextPageCursor;
		between();
	}
}

describe('emulator/data-center', () => {
	it('pages by cursors over what it holds, byte for byte, with an exact end', () =>
		withEmulator(quiet({switches: {bursts: {longSize: 60, longEvery: 150}}}), async emulator => {
			for (const limit of [7, 100, 299, 300]) assert.deepEqual(await scan(emulator, `limit=${limit}`), held(emulator));
			const times = (await page(emulator, 'limit=300')).entities.map(({timestamp}) => timestamp);
			assert.ok(times.some(time => /:\d\dZ$/.test(time)) && times.some(time => /\.\d{3}Z$/.test(time)));
			assert.ok(new Set(held(emulator)).size < 290, 'twins');
			assert.equal((await page(emulator, '')).entities.length, 200);
			const none = await page(emulator, 'to=1999-01-01T00:00:00Z');
			assert.deepEqual(none, {entities: [], pagingInfo: {lastPage: true, size: 0}});
		}));

	it('does not shift its cursors when records come, but its offsets', () =>
		withEmulator(quiet(), async emulator => {
			const before = held(emulator);
			const api = emulator.api('jira-data-center');
			const [newest] = api.records();
			assert.deepEqual(await scan(emulator, 'limit=100', () => api.insert([newest!])), before);
			const {entities} = await page(emulator, 'limit=1&offset=100');
			assert.equal(JSON.stringify(entities[0]), before[98]);
		}));

	it('shows the id of the last record in the cursor, and a whole link', () =>
		withEmulator(quiet(), async emulator => {
			const {pagingInfo} = await page(emulator, 'limit=2&from=1970-01-01T00:00:00.000Z');
			const [, second] = emulator.api('jira-data-center').records();
			const cursor = `${second?.timeMs},${second?.rowId}`;
			assert.deepEqual(pagingInfo, {
				nextPageOffset: 0,
				nextPageCursor: cursor,
				nextPageLink: `${emulator.url}${path}?limit=2&from=1970-01-01T00%3A00%3A00.000Z&offset=0&pageCursor=${cursor}`,
				lastPage: false,
				size: 2,
			});
			assert.equal((await fetch(pagingInfo.nextPageLink!)).status, 401);
		}));

	it('words paging as the switches say', () =>
		withEmulator(
			quiet({
				events: 2,
				switches: {
					dataCenter: {pageCursor: 'object', selfAudit: false, contexts: {jira: '', bitbucket: '/bb'}},
					linkOrigin: 'https://proxy.test',
					linkFilters: false,
					end: 'null',
				},
			}),
			async emulator => {
				const {pagingInfo} = await page(emulator, 'limit=1&search=a%20e%20i%20o', '/rest/auditing/1.0/events');
				const {cursor} = pagingInfo.nextPageCursor as unknown as {cursor: string};
				assert.match(cursor, /^\d+,2$/);
				assert.equal(
					pagingInfo.nextPageLink,
					`https://proxy.test/rest/auditing/1.0/events?limit=1&offset=0&pageCursor=${cursor}`,
				);
				const last = await page(emulator, '', '/bb/rest/auditing/1.0/events');
				assert.deepEqual([last.pagingInfo.nextPageCursor, last.pagingInfo.nextPageLink], [null, null]);
				assert.equal((await call(emulator, path)).status, 404);
			},
		));

	it('has three products, Jira at the root too', () =>
		withEmulator(quiet({events: 3}), async emulator => {
			const bodies = await Promise.all(
				['/jira', '', '/confluence', '/bitbucket'].map(async context =>
					JSON.stringify((await page(emulator, '', `${context}/rest/auditing/1.0/events`)).entities),
				),
			);
			assert.equal(bodies[0], bodies[1]);
			assert.equal(new Set(bodies).size, 3);
		}));

	it('audits each search, after it: who asked what, and what was found', () =>
		withEmulator({events: 5, username: 'me'}, async emulator => {
			assert.equal((await page(emulator, 'limit=3')).entities.length, 3);
			const records = [...emulator.api('jira-data-center').records()];
			const times = [3, 1].map(index => new Date(records[index]!.timeMs).toISOString());
			const {entities} = await page(emulator, 'to=1999-01-01T00:00:00Z');
			assert.equal(entities.length, 0);
			const [none, some] = held(emulator).map(text => JSON.parse(text) as Searched);
			assert.deepEqual([some?.author.name, some?.author.type], ['me', 'ApplicationUser']);
			assert.equal(some?.type.action, 'Audit Log search performed');
			const attributesOf = (one?: Searched) => one?.extraAttributes.map(({name, value}) => `${name}: ${value}`);
			assert.deepEqual(attributesOf(some), [
				'ID Range: 3 - 5',
				'Query: limit=3',
				'Results returned: 3',
				`Timestamp Range: ${times[0]} - ${times[1]}`,
			]);
			assert.equal(attributesOf(none)?.[0], 'ID Range: ');
			assert.equal(held(emulator).length, 7);
			assert.equal(textsOf(emulator, 'bitbucket-data-center').length, 5);
		}));

	it('says what is wrong in one object, or in a list of it', async () => {
		const wrong = async (emulator: Emulator) => {
			const {status, body} = await call(emulator, `${path}?from=2026-01-01T00:00:00%2B0300&limit=0`);
			assert.equal(status, 400);
			return JSON.parse(body.toString()) as object;
		};
		const expected = {
			status: 400,
			message: 'Invalid Query',
			errors: [
				{key: 'validation.error.from.invalid', message: "'from' timestamp is invalid"},
				{key: 'validation.error.limit.small', message: "Limit can't exceed 100 000"},
			],
			timestamp: '1970-01-01T00:00:00.000Z',
		};
		await withEmulator({now: () => 0}, async emulator => assert.deepEqual(await wrong(emulator), expected));
		await withEmulator({now: () => 0, switches: {errorBody: 'array'}}, async emulator => {
			assert.deepEqual(await wrong(emulator), [expected]);
		});
	});

	it('fails in plain text, and limits by a bucket', () =>
		withEmulator(
			{now: () => 0, rateLimit: {requests: 2, perMs: 60_000}, faults: [{kind: 'status', status: 500, at: 1}]},
			async emulator => {
				const failed = await call(emulator, path);
				assert.equal(failed.status, 500);
				assert.match(String(failed.headers['content-type']), /^text\/plain/);
				assert.equal(failed.headers['retry-after'], '0');
				const last = await call(emulator, path);
				assert.deepEqual([last.status, last.headers['retry-after']], [200, '60']);
				const refused = await call(emulator, path);
				assert.equal(refused.status, 429);
				const names = ['limit', 'remaining', 'interval-seconds', 'fillrate'];
				assert.deepEqual(
					names.map(name => refused.headers[`x-ratelimit-${name}`]),
					['2', '0', '60', '2'],
				);
				assert.equal(refused.headers['retry-after'], '60');
			},
		));

	it('exports CSV', () =>
		withEmulator(quiet({events: 4}), async emulator => {
			const {headers, body} = await call(emulator, `${path}?outputFormat=csv&limit=50000`);
			assert.match(String(headers['content-disposition']), /^attachment; filename="Auditing Export \d{4}-.*Z\.csv"$/);
			assert.equal(body.toString().match(/^"20/gm)?.length, 4);
		}));

	it('makes pages that lead nowhere', () =>
		withEmulator(
			quiet({
				faults: [
					{kind: 'foreign-next', onlyLink: true, at: 1},
					{kind: 'empty-pages', at: [2, 3]},
					{kind: 'repeat-cursor', at: 4},
					{kind: 'refuse-cursor', at: 5},
				],
			}),
			async emulator => {
				const foreign = await page(emulator, 'limit=5');
				assert.match(String(foreign.pagingInfo.nextPageLink), /^http:\/\/127\.0\.0\.2:9\/jira\/rest/);
				assert.ok(!('nextPageCursor' in foreign.pagingInfo));
				const empty = await page(emulator, 'limit=5');
				assert.deepEqual([empty.entities, empty.pagingInfo.lastPage], [[], false]);
				const again = await page(emulator, `limit=5&pageCursor=${empty.pagingInfo.nextPageCursor}`);
				assert.notEqual(again.pagingInfo.nextPageCursor, empty.pagingInfo.nextPageCursor);
				const cursor = again.pagingInfo.nextPageCursor;
				const repeated = await page(emulator, `limit=5&pageCursor=${cursor}`);
				assert.equal(repeated.pagingInfo.nextPageCursor, cursor);
				assert.deepEqual(written(repeated.entities), held(emulator).slice(0, 5));
				const refused = await call(emulator, `${path}?pageCursor=${cursor}`);
				assert.match(refused.body.toString(), /validation\.error\.cursor\.invalid/);
			},
		));
});

describe('emulator/data-center search', () => {
	interface Entity {
		readonly author: {readonly id: string; readonly name: string};
		readonly type: {readonly category: string; readonly actionI18nKey: string};
		readonly affectedObjects: readonly {readonly type: string; readonly id?: string}[];
	}

	const affects = ({affectedObjects}: Entity, kind: string, ...ids: readonly string[]) =>
		affectedObjects.some(({type, id}) => type === kind && ids.includes(String(id)));
	const filters: Readonly<Record<string, (entity: Entity, text: string) => boolean>> = {
		'userIds=10003,-2': ({author}) => ['10003', '-2'].includes(author.id),
		'categories=boards,filters': ({type}) => /boards|filters/.test(type.category),
		'actions=jira.auditing.workflow.created': ({type}) => type.actionI18nKey === 'jira.auditing.workflow.created',
		'search=nobody%20FOX': (_, text) => text.includes('Fox'),
		'affectedObject=VERSION,1;VERSION,2': entity => affects(entity, 'VERSION', '1', '2'),
		'affectedObject=VERSION,24;PROJECT,22': entity =>
			affects(entity, 'VERSION', '24') && affects(entity, 'PROJECT', '22'),
	};
	for (const [filter, holds] of Object.entries(filters)) {
		it(`finds by ${filter}`, () =>
			withEmulator(quiet({events: 4000}), async emulator => {
				const expected = held(emulator).filter(text => holds(JSON.parse(text) as Entity, text));
				assert.ok(expected.length > 0);
				assert.deepEqual(written((await page(emulator, `limit=4000&${filter}`)).entities), expected);
			}));
	}

	it('goes on behind a cursor, and counts the offset from there', () =>
		withEmulator(quiet(), async emulator => {
			const {timeMs, rowId} = [...emulator.api('jira-data-center').records()][10]!;
			for (const [offset, place] of [
				[0, 11],
				[2, 13],
			] as const) {
				const {entities} = await page(emulator, `limit=1&pageCursor=${timeMs},${rowId}&offset=${offset}`);
				assert.deepEqual(written(entities), [held(emulator)[place]]);
			}
		}));

	it('scans the newest rows by id only', () =>
		withEmulator(quiet(), async emulator => {
			const {timeMs} = [...emulator.api('jira-data-center').records()].at(-1)!;
			emulator.api('jira-data-center').insert([{timeMs: timeMs - 5}]);
			const [newest, oldest] = [held(emulator)[0], held(emulator).at(-1)];
			assert.deepEqual(written((await page(emulator, 'scanLimit=2')).entities), [newest, oldest]);
		}));
});

const at = (context: string, name: string) => `${context}/rest/auditing/1.0/configuration/${name}`;
const put = (body: unknown) => ({method: 'PUT', body});

describe('emulator/data-center configuration', () => {
	it('keeps coverage, and switches off what is left out', () =>
		withEmulator({events: 0}, async emulator => {
			const before = await callJson<{levelByArea: Record<string, string>}>(emulator, at('/jira', 'coverage'));
			assert.equal(Object.keys(before.levelByArea).length, 7);
			const levelByArea = {...before.levelByArea, security: 'full', ecosystem: undefined};
			const after = await callJson(emulator, at('/jira', 'coverage'), put({levelByArea}));
			assert.deepEqual(after, {levelByArea: {...before.levelByArea, security: 'full', ecosystem: 'off'}});
			assert.deepEqual(await callJson(emulator, at('', 'coverage')), after, 'the same at the root');
			assert.deepEqual(await callJson(emulator, at('/bitbucket', 'coverage')), before, 'not in other products');
			const texts = held(emulator);
			assert.equal(texts.length, 2);
			assert.ok(texts.some(text => text.includes('"from":"security : base","to":"security : full"')));
		}));

	it('keeps retention, members left out being 0', () =>
		withEmulator({events: 0}, async emulator => {
			const path = at('/confluence', 'retention');
			assert.deepEqual(await callJson(emulator, path), {period: {years: 3, months: 0, days: 0}});
			const period = {years: 10, months: 0, days: 0};
			assert.deepEqual(await callJson(emulator, path, put({period: {years: 10}})), {period});
			const [record] = emulator.api('confluence-data-center').records();
			assert.match(String(record?.text), /"from":"3 Years","to":"10 Years"/);
		}));

	it('keeps a file count in Jira only', () =>
		withEmulator({events: 0}, async emulator => {
			const body = {maxFileCount: 5};
			assert.deepEqual(await callJson(emulator, at('/jira', 'retention/file'), put(body)), body);
			assert.deepEqual(await callJson(emulator, at('/jira', 'retention/file')), body);
			assert.equal((await call(emulator, at('/bitbucket', 'retention/file'))).status, 404);
		}));

	it('refuses what is wrong', () =>
		withEmulator({events: 0}, async emulator => {
			const wrong: [string, unknown][] = [
				['coverage', {}],
				['coverage', {levelByArea: {security: 'loud'}}],
				['coverage', {levelByArea: {kitchen: 'base'}}],
				['retention', {period: {years: -1}}],
				['retention', {period: {}}],
				['retention/file', {maxFileCount: 0}],
				['retention', 'no JSON'],
			];
			for (const [name, body] of wrong) {
				const {status, body: error} = await call(emulator, at('/jira', name), put(body));
				assert.equal(status, 400, name);
				assert.match(error.toString(), /"message":"Invalid Query"/);
			}
		}));

	it('can do less with a server licence', () =>
		withEmulator({events: 0, switches: {dataCenter: {licensed: false}}}, async emulator => {
			const coverage = put({levelByArea: {security: 'full'}});
			assert.equal((await call(emulator, at('/jira', 'coverage'), coverage)).status, 400);
			assert.equal((await call(emulator, at('/jira', 'retention/file'))).status, 403);
		}));
});

const parse = (text: string, licensed = true) => parseAuditQuery(new URLSearchParams(text), licensed, 99);

describe('emulator/data-center query', () => {
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
