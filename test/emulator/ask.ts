import {get, request as startRequest, type IncomingHttpHeaders} from 'node:http';
import {buffer} from 'node:stream/consumers';
import {startEmulator, type Emulator, type EmulatorOptions} from '../../lib/emulator/index.ts';

export interface Reply {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
}

export interface EventPage {
	readonly data: readonly {readonly id: string; readonly attributes: {readonly time: string}}[];
	readonly links: {readonly next?: string};
	readonly meta: {readonly next?: string | null; readonly page_size: number; readonly total: number};
}

/** Lends a running emulator and closes it. */
export async function withEmulator(
	options: EmulatorOptions,
	use: (emulator: Emulator) => Promise<void>,
): Promise<void> {
	const emulator = await startEmulator(options);
	try {
		await use(emulator);
	} finally {
		await emulator.close();
	}
}

/** What the server says below an organization; rejects when the connection breaks. */
export function ask(
	{url, token, orgId}: Emulator,
	path: string,
	{method = 'GET', headers = {}}: {method?: string; headers?: Record<string, string>} = {},
): Promise<Reply> {
	return new Promise((resolve, reject) => {
		startRequest(
			`${url}/admin/v1/orgs/${orgId}${path}`,
			{method, headers: {authorization: `Bearer ${token}`, ...headers}},
			response => buffer(response).then(body =>
				resolve({status: response.statusCode ?? 0, headers: response.headers, body}), reject),
		).on('error', reject).end();
	});
}

/** The bytes that come before a connection falls silent or breaks: asks, waits for `bytes` of the body, hangs up. */
export function firstBytes({url, token, orgId}: Emulator, path: string, bytes: number): Promise<string> {
	const headers = {authorization: `Bearer ${token}`};
	return new Promise((resolve, reject) => {
		const request = get(`${url}/admin/v1/orgs/${orgId}${path}`, {headers}, response => {
			let text = '';
			response.setEncoding('latin1').on('data', (chunk: string) => {
				text += chunk;
				if (text.length < bytes) return;
				request.destroy();
				resolve(text);
			}).on('error', reject);
		}).on('error', reject);
	});
}

export async function askPage(emulator: Emulator, query: string): Promise<EventPage> {
	return pageOf(await ask(emulator, `/events?${query}`));
}

export function pageOf({body}: Reply): EventPage {
	return JSON.parse(body.toString()) as EventPage;
}

/** All pages, the filters sent again with every cursor. `between` runs after each page. */
export async function scan(emulator: Emulator, query: string, between = () => {}): Promise<EventPage[]> {
	const pages: EventPage[] = [];
	let next: string | null | undefined;
	do {
		const page = await askPage(emulator, query + (next ? `&cursor=${next}` : ''));
		pages.push(page);
		next = page.meta.next;
		between();
	} while (next);
	return pages;
}

export function idsOf(pages: readonly EventPage[]): string[] {
	return pages.flatMap(({data}) => data.map(({id}) => id));
}

export function idsHeld(emulator: Emulator, ...filter: Parameters<Emulator['events']>): string[] {
	return Array.from(emulator.events(...filter), ({id}) => id);
}
