/**
 * How much of a quota is used, in real time, by a client that is told no rate? `tsx <this file> [seconds]`; default 600.
 * Alone, and beside another one that takes half of the quota evenly, whatever is answered.
 */
import {lastValueFrom, type Observable, takeUntil, tap, timer} from 'rxjs';
import type {Page} from '../lib/index.ts';
import {startEmulator} from '../lib/emulator/index.ts';
import jiraEvents from '../sources/jira-data-center.ts';
import orgEvents from '../sources/atlassian-org-events.ts';

const spanMs = Number(process.argv[2] ?? 600) * 1000;
const rateLimit = {requests: 60, perMs: 60_000};

const clients: Readonly<
	Record<string, {readonly pages: (endpoint: string, token: string) => Observable<Page>; readonly path: string}>
> = {
	'atlassian-org-events (reset rounded to a minute)': {
		pages: (endpoint: string, token: string) => orgEvents({endpoint, orgId: 'any', token, pageSize: 1}),
		path: '/admin/v1/orgs/any/events?limit=1',
	},
	'jira-data-center (fill rate and Retry-After)': {
		pages: (endpoint: string, token: string) => jiraEvents({endpoint, token, pageSize: 1}),
		path: '/rest/auditing/1.0/events?limit=1',
	},
};

const runs = Object.entries(clients).flatMap(([name, client]) => [
	measure(name, client, true),
	measure(name, client, false),
]);
for (const line of await Promise.all(runs)) console.log(line);

async function measure(name: string, {pages, path}: (typeof clients)[string], isAlone: boolean): Promise<string> {
	const emulator = await startEmulator({events: 100_000, rateLimit, keepRequests: 100_000});
	const counts = {through: 0, refused: 0};
	const apartMs = (2 * rateLimit.perMs) / rateLimit.requests;
	const other = isAlone ? undefined : setInterval(() => void ask(emulator.url + path, counts), apartMs);
	const taken = pages(emulator.url, 'emulator').pipe(
		tap(page => page.ack()),
		takeUntil(timer(spanMs)),
	);
	await lastValueFrom(taken, {defaultValue: undefined});
	clearInterval(other);
	const through = emulator.requests.filter(({status}) => status === 200).length;
	const refused = emulator.requests.length - through - counts.refused;
	await emulator.close();
	const allowed = (rateLimit.requests * spanMs) / rateLimit.perMs;
	const share = ((through - counts.through) / allowed).toFixed(3);
	const beside = isAlone
		? 'alone'
		: `beside one with ${(counts.through / allowed).toFixed(3)}, ${counts.refused} refused`;
	return `${name}, ${beside}: ${share} of the quota, ${refused} refused`;
}

async function ask(url: string, counts: {through: number; refused: number}): Promise<void> {
	const {status} = await fetch(url, {headers: {authorization: 'Bearer emulator'}});
	if (status === 429) counts.refused++;
	else counts.through++;
}
