import assert from 'node:assert/strict';
import {of} from 'rxjs';
import {normalize} from '../../lib/operators/normalize.ts';
import {listen} from './pages.ts';
import {queriesOf, siteSource, textsOf} from './site-source.ts';

/** What the audit APIs of Atlassian's cloud sites have in common: offsets, the newest first, two kinds of credentials. */
export function itReadsItsSite(source: unknown, name: string): void {
	const {withEmulator, pull, held, assertGiven, assertResumes} = siteSource(source, name);

	it('gives all records once, newest first, whatever the page size', async () => {
		for (const pageSize of [undefined, 1, 2, 7, 100, 299, 300, 301, '50']) {
			await withEmulator({events: Number(pageSize) < 5 ? 30 : 300}, async emulator => {
				assertGiven(await pull(emulator, {pageSize}), held(emulator), `page size ${pageSize}`);
				const limits = new Set(queriesOf(emulator).map(query => query.get('limit')));
				assert.deepEqual([...limits], [String(pageSize ?? 1000)]);
			});
		}
		await withEmulator({events: 0}, async emulator => assertGiven(await pull(emulator), []));
	});

	it('pages by the rows that came where the server cuts the limit', async () => {
		await withEmulator({switches: {maxLimit: 25}}, async emulator => {
			assertGiven(await pull(emulator, {pageSize: 100}), held(emulator));
		});
	});

	it('asks for hardly more pages than there are', async () => {
		await withEmulator({events: 10_000, switches: {bursts: {longSize: 0}}}, async emulator => {
			assertGiven(await pull(emulator, {pageSize: 100}), held(emulator));
			assert.ok(emulator.requestCount <= 100 * 1.02 + 2, `${emulator.requestCount} requests`);
		});
	});

	it('reads from since, inclusive, to until, exclusive', async () => {
		await withEmulator({switches: {bursts: {perThousand: 100, longSize: 40, longEvery: 100}}}, async emulator => {
			const all = [...emulator.api(name).records()];
			for (const [newer, older] of [
				[40, 250],
				[149, 190],
				[0, 299],
			] as const) {
				const until = all[newer]!.timeMs;
				const since = all[older]!.timeMs;
				const expected = held(emulator, {from: since, to: until - 1});
				assert.ok(expected.length > 0);
				assertGiven(await pull(emulator, {since, until, pageSize: 20}), expected, `${older} to ${newer}`);
			}
		});
	});

	it('goes on from every page', async () => {
		const bursts = {perThousand: 100, longSize: 45, longEvery: 100};
		await withEmulator({events: 120, switches: {bursts}}, assertResumes);
	});

	it('prefers user name and API token, and takes an OAuth token', async () => {
		await withEmulator({events: 0}, async emulator => {
			await pull(emulator, {token: 'of the organization'});
			await pull(emulator, {username: undefined, password: undefined, token: emulator.token});
			const schemes = emulator.requests.map(({headers}) => headers.authorization!.split(' ')[0]);
			assert.deepEqual(schemes, ['Basic', 'Bearer']);
		});
	});

	it('gives a common record of every record of the emulator', async () => {
		await withEmulator({switches: {missing: 'mixed'}}, async emulator => {
			const [page] = await pull(emulator);
			const [out] = listen(of(page!).pipe(normalize())).values;
			assert.deepEqual(out!.rejected, []);
			assert.deepEqual(
				out!.events.map(({raw}) => raw),
				textsOf(page!),
			);
			assert.doesNotMatch(JSON.stringify(out!.events.map(({raw: _, ...event}) => event)), /:(""|null|\[\]|\{\})/);
		});
	});
}
