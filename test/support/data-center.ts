import assert from 'node:assert/strict';
import type {Observable} from 'rxjs';
import {type Emulator, type EmulatorOptions, startEmulator} from './emulator.ts';
import type {Page} from '../../lib/model/page.ts';
import type {Start} from '../../lib/model/start.ts';
import type {DataCenterEvent} from '../../sources/_data-center-event.ts';
import type bitbucket from '../../sources/bitbucket-data-center.ts';
import jira from '../../sources/jira-data-center.ts';
import {listen} from './pages.ts';

export type DataCenterOptions = Parameters<typeof jira>[0];
/** Of the three sources, which take the same options. */
export type DataCenterSource = typeof bitbucket;
export type DataCenterName = 'jira-data-center' | 'confluence-data-center' | 'bitbucket-data-center';

/** An emulator whose searches are audited only where `options` say so. */
export async function withEmulator(
	options: EmulatorOptions,
	use: (emulator: Emulator) => Promise<void>,
): Promise<void> {
	const switches = {
		...options.switches,
		dataCenter: {selfAudit: false, ...(options.switches?.['dataCenter'] as object | undefined)},
	};
	const emulator = await startEmulator({events: 300, spacingMs: 1500, ...options, switches});
	try {
		await use(emulator);
	} finally {
		await emulator.close();
	}
}

/** The pages of Jira, below its context path. */
export function jiraPages(
	{url, token}: Emulator,
	options: Partial<DataCenterOptions> = {},
	start?: Start,
): Observable<Page<DataCenterEvent>> {
	return jira({endpoint: `${url}/jira`, token, concurrency: 1, ...options}, start);
}

export async function collect<T>(pages$: Observable<Page<T>>): Promise<Page<T>[]> {
	const heard = listen(pages$, page => page.ack());
	await heard.over;
	if (heard.ended === 'error') throw heard.error;
	return heard.values;
}

export function textsOf(pages: readonly Page[]): string[] {
	return pages.flatMap(({records}) => records.map(({text}) => Buffer.from(text).toString()));
}

/** What a product holds, newest first. */
export function held(
	emulator: Emulator,
	bounds?: {from?: number; to?: number},
	name: DataCenterName = 'jira-data-center',
) {
	return Array.from(emulator.api(name).records(bounds), ({text}) => text);
}

/** What the three have in common: everything once, below a context path, with either kind of credential. */
export function itReadsItsLog(source: DataCenterSource, name: DataCenterName, context: string): void {
	it('gives all events, newest first, with a token or with user name and password', async () => {
		await withEmulator({switches: {dataCenter: {selfAudit: true}}}, async emulator => {
			const {url, token, username, password} = emulator;
			const all = held(emulator, {}, name);
			for (const credentials of [{token}, {username, password}, {token, username, password}]) {
				const pages = await collect(source({endpoint: `${url}${context}/`, ...credentials, pageSize: 70}));
				assert.deepEqual(textsOf(pages), all);
				assert.equal(new Set(pages.flatMap(({records}) => records.map(({id}) => id))).size, all.length);
				assert.deepEqual(pages.map(({source: {name, tenant, ids}}) => [name, tenant, ids])[0], [
					name,
					new URL(url).host + context,
					'tenant',
				]);
				const scheme = emulator.requests.at(-1)!.headers.authorization!.split(' ')[0];
				assert.equal(scheme, 'token' in credentials ? 'Bearer' : 'Basic');
				assert.ok(emulator.requests.every(({url}) => url.startsWith(`${context}/rest/auditing/1.0/events?`)));
			}
		});
	});
}
