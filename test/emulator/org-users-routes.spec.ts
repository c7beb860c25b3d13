import assert from 'node:assert/strict';
import type {Emulator} from '../../lib/emulator/index.ts';
import {ask, withEmulator} from './ask.ts';

interface Page {
	readonly data: readonly {readonly account_id: string; readonly name: string}[];
	readonly links: {readonly self: string; readonly next?: string | null};
	readonly meta: {readonly total: number};
}

const page = async (emulator: Emulator, query = ''): Promise<Page> =>
	JSON.parse((await ask(emulator, `/users${query}`)).body.toString()) as Page;
const held = (emulator: Emulator) => Array.from(emulator.api('atlassian-org-users').records(), ({text}) => text);

async function scan(emulator: Emulator): Promise<Page[]> {
	const pages = [await page(emulator)];
	for (;;) {
		const {next} = pages.at(-1)!.links;
		if (!next) return pages;
		pages.push(await page(emulator, new URL(next).search));
	}
}

describe('emulator/org-users-routes', () => {
	it('pages by fifty, the cursor in a whole link', () =>
		withEmulator({events: 120}, async emulator => {
			const pages = await scan(emulator);
			assert.deepEqual(
				pages.map(({data}) => data.length),
				[50, 50, 20],
			);
			assert.deepEqual(
				pages.flatMap(({data}) => data.map(user => JSON.stringify(user))),
				held(emulator),
			);
			assert.equal(pages[0]?.meta.total, 120);
			assert.ok(pages[0]?.links.next?.startsWith(`${emulator.url}/admin/v1/orgs/${emulator.orgId}/users?cursor=`));
			assert.ok(!('next' in pages[2]!.links) && !('next' in pages[0]!.meta));
		}));

	it('ends with null where it is told to', () =>
		withEmulator({events: 5, switches: {end: 'null'}}, async emulator => {
			assert.equal((await page(emulator)).links.next, null);
		}));

	it('refuses cursors that it did not give', () =>
		withEmulator({events: 60}, async emulator => {
			assert.equal((await ask(emulator, '/users?cursor=x')).status, 400);
			const other = (JSON.parse((await ask(emulator, '/events')).body.toString()) as {meta: {next: string}}).meta.next;
			assert.equal((await ask(emulator, `/users?cursor=${other}`)).status, 400);
		}));

	it('makes pages that lead nowhere', () =>
		withEmulator(
			{
				events: 120,
				faults: [
					{kind: 'foreign-next', at: 1},
					{kind: 'empty-pages', at: 2},
					{kind: 'repeat-cursor', at: 3},
					{kind: 'refuse-cursor', at: 4},
				],
			},
			async emulator => {
				assert.match(String((await page(emulator)).links.next), /^http:\/\/127\.0\.0\.2:9\/admin\/v1/);
				const empty = await page(emulator);
				assert.deepEqual(empty.data, []);
				const {search} = new URL(empty.links.next!);
				assert.equal(new URL((await page(emulator, search)).links.next!).search, search);
				assert.match((await ask(emulator, `/users${search}`)).body.toString(), /ADMIN-400-1/);
			},
		));
});
