import assert from 'node:assert/strict';
import type {Churn} from '../../lib/emulator/server/switches.ts';
import {callJson, withEmulator} from './ask.ts';

async function timesOfPages(churn: Churn, pages: number): Promise<number[][]> {
	const seen: number[][] = [];
	await withEmulator({events: 100, switches: {churn, bursts: {perThousand: 0, longSize: 0}}}, async emulator => {
		for (let page = 0; page < pages; page++) {
			await callJson(emulator, '/wiki/rest/api/audit?limit=1');
			seen.push(Array.from(emulator.api('confluence-cloud').records(), ({timeMs}) => timeMs));
		}
		assert.equal(Array.from(emulator.api('jira-cloud').records()).length, 100, 'other APIs rest');
	});
	return seen;
}

describe('emulator/churn', () => {
	it('inserts the newest of all and a late one in turn, before every n-th page', async () => {
		const [first = [], second = [], , fourth = []] = await timesOfPages({insertEvery: 2}, 4);
		assert.deepEqual(
			[first, second, fourth].map(({length}) => length),
			[100, 101, 102],
		);
		assert.ok(second[0]! > first[0]!);
		assert.equal(fourth[0], second[0]);
		assert.equal(new Set(fourth).size, 101);
	});

	it('removes one of the newest', async () => {
		const [before = [], after = []] = await timesOfPages({removeEvery: 2}, 2);
		assert.deepEqual(after, before.slice(1));
	});

	it('purges the oldest', async () => {
		const [before = [], after = []] = await timesOfPages({purgeEvery: 2}, 2);
		assert.deepEqual(after, before.slice(0, 90));
	});
});
