import {get, request as startRequest, type IncomingHttpHeaders} from 'node:http';
import {buffer} from 'node:stream/consumers';
import {startEmulator, type Emulator, type EmulatorOptions, type RecordBounds} from '../support/emulator.ts';

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

export interface Question {
	readonly method?: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** Sent as JSON, or as it is when it is text. */
	readonly body?: unknown;
}

/** What the server says below an organization; rejects when the connection breaks. */
export function ask(emulator: Emulator, path: string, question: Question = {}): Promise<Reply> {
	const {url, token, orgId} = emulator;
	const headers = {authorization: `Bearer ${token}`, ...question.headers};
	return send(`${url}/admin/v1/orgs/${orgId}${path}`, {...question, headers});
}

/** What the server says at its root, to one who logs in with a password. */
export function call({url, username, password}: Emulator, path: string, question: Question = {}): Promise<Reply> {
	return send(url + path, {...question, headers: {...basic(username, password), ...question.headers}});
}

/** The JSON value of a `call` that has to succeed. */
export async function callJson<T>(emulator: Emulator, path: string, question: Question = {}): Promise<T> {
	const {status, body} = await call(emulator, path, question);
	if (status !== 200) throw new Error(`${path}: expected 200, got ${status}: ${body.toString()}`);
	return JSON.parse(body.toString()) as T;
}

export function basic(username: string, password: string): {authorization: string} {
	return {authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`};
}

export function bearer(token: string): {authorization: string} {
	return {authorization: `Bearer ${token}`};
}

function send(url: string, {method = 'GET', headers = {}, body}: Question): Promise<Reply> {
	return new Promise((resolve, reject) => {
		startRequest(url, {method, headers}, response => {
			buffer(response).then(
				content => resolve({status: response.statusCode ?? 0, headers: response.headers, body: content}),
				reject,
			);
		})
			.on('error', reject)
			.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
	});
}

/** The bytes that come before a connection falls silent or breaks: asks, waits for `bytes` of the body, hangs up. */
export function firstBytes({url, token, orgId}: Emulator, path: string, bytes: number): Promise<string> {
	const headers = {authorization: `Bearer ${token}`};
	return new Promise((resolve, reject) => {
		const request = get(`${url}/admin/v1/orgs/${orgId}${path}`, {headers}, response => {
			let text = '';
			response
				.setEncoding('latin1')
				.on('data', (chunk: string) => {
					text += chunk;
					if (text.length < bytes) return;
					request.destroy();
					resolve(text);
				})
				.on('error', reject);
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

/** The texts that an API holds, newest first. */
export function textsOf(emulator: Emulator, name: string, bounds: RecordBounds = {}): string[] {
	return Array.from(emulator.api(name).records(bounds), ({text}) => text);
}

/** The values of a list as they stand in it, for comparing with {@link textsOf}. */
export function written(records: readonly object[]): string[] {
	return records.map(record => JSON.stringify(record));
}

/** Whether an answer has the line breaks and the indentation of `JSON.stringify`; strings may be escaped otherwise. */
export function isIndented(body: Buffer): boolean {
	const layoutOf = (text: string) => text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
	return layoutOf(body.toString()) === layoutOf(JSON.stringify(JSON.parse(body.toString()), null, 2));
}
