import assert from 'node:assert/strict';
import {createByteWriter} from '../../lib/emulator/data/byte-writer.ts';
import {orgPage} from '../../lib/emulator/apis/org-page.ts';
import type {ApiRequest} from '../../lib/emulator/server/route.ts';

describe('emulator/org-page', () => {
	const writer = createByteWriter();
	const request = {parameters: ['an org'], fault: undefined} as unknown as ApiRequest;
	const options = {writer, prettyPrint: false, linkBase: () => 'https://x.test/admin'};
	const bodyOf = (next: string | undefined, end?: string) => {
		const writeRecord = () => writer.write(Buffer.from('1.0'));
		const page = {resource: 'events', count: 1, size: 30, next, writeRecord} as const;
		const {body} = orgPage(end === undefined ? options : {...options, end}, request, page);
		return JSON.parse(body.toString()) as {data: number[]; links: {next?: string}; meta: Record<string, unknown>};
	};

	it('links to the next page', () => {
		const {data, links, meta} = bodyOf('c');
		assert.deepEqual([data, links.next], [[1], 'https://x.test/admin/v1/orgs/an%20org/events?cursor=c']);
		assert.deepEqual([meta['next'], meta['page_size'], meta['total']], ['c', 1, 1]);
	});

	it('ends with null, or with nothing', () => {
		assert.equal(bodyOf(undefined).meta['next'], null);
		assert.ok(!('next' in bodyOf(undefined, 'absent').meta));
		assert.deepEqual(bodyOf(undefined).links, {});
	});
});
