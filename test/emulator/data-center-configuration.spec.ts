import assert from 'node:assert/strict';
import {call, callJson, withEmulator} from './ask.ts';

const at = (context: string, name: string) => `${context}/rest/auditing/1.0/configuration/${name}`;
const put = (body: unknown) => ({method: 'PUT', body});

describe('emulator/data-center-configuration', () => {
	it('keeps coverage, and switches off what is left out', () =>
		withEmulator({events: 0}, async emulator => {
			const before = await callJson<{levelByArea: Record<string, string>}>(emulator, at('/jira', 'coverage'));
			assert.equal(Object.keys(before.levelByArea).length, 7);
			const levelByArea = {...before.levelByArea, security: 'full', ecosystem: undefined};
			const after = await callJson(emulator, at('/jira', 'coverage'), put({levelByArea}));
			assert.deepEqual(after, {levelByArea: {...before.levelByArea, security: 'full', ecosystem: 'off'}});
			assert.deepEqual(await callJson(emulator, at('', 'coverage')), after, 'the same at the root');
			assert.deepEqual(await callJson(emulator, at('/bitbucket', 'coverage')), before, 'not in other products');
			const texts = Array.from(emulator.api('jira-data-center').records(), ({text}) => text);
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
