// What the types promise. Compiled by `npm run check`, and by the package's consumer as somebody else's code; never run.
import {
	dedupe,
	ecs,
	fileState,
	filterEvents,
	fromWritable,
	mapEvents,
	normalize,
	rateLimit,
	redact,
	run,
} from 'rxaudit';
import {toAsyncIterable, toEvents, toReadable, toWebStream} from 'rxaudit';
import type {AuditEvent, Page, PulledPage, Sink, StateStore} from 'rxaudit';
import filesystem from 'rxaudit/sinks/filesystem';
import ndjson from 'rxaudit/sinks/ndjson';
import orgEvents from 'rxaudit/sources/atlassian-org-events';
import jiraCloud from 'rxaudit/sources/jira-cloud';
import {map, merge, type Observable, of, pairwise, toArray} from 'rxjs';
import type {ReadableStream} from 'node:stream/web';

/** True only for the very same type: `any` equals nothing but `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare function holds<Claim extends true>(claim?: Claim): void;

const state: StateStore = fileState('backup.state.json');
const sink: Sink = filesystem({dir: 'backup'});
const records = orgEvents({orgId: 'org', token: 'token', since: '24h', until: new Date(), pageSize: 500});
const pages = records.pipe(rateLimit({requests: 10}), normalize());

holds<Same<typeof pages, Observable<Page<AuditEvent>>>>();

// an operator keeps the page and changes its events
const shouted = pages.pipe(
	filterEvents(event => event.outcome === 'failure'),
	mapEvents(async event => event.id.length),
);
holds<Same<typeof shouted, Observable<Page<number>>>>();

const events = pages.pipe(toEvents());
holds<Same<typeof events, Observable<AuditEvent>>>();

export const runs = [
	run(records, sink),
	run(
		merge(records, jiraCloud({endpoint: 'https://acme.atlassian.net', username: 'me', password: 'token'})).pipe(
			dedupe(),
			normalize(),
		),
		sink,
		{
			state: undefined,
			signal: undefined as AbortSignal | undefined,
		},
	),
	run(
		start => orgEvents({orgId: 'org', token: 'token'}, start).pipe(dedupe(start), normalize()),
		[sink, ndjson({path: '-'})],
		{
			state,
			signal: AbortSignal.timeout(1000),
			onProgress: () => {},
		},
	),
];

const loop = toAsyncIterable(merge(pages, shouted), {state, follow: {everyMs: 1000}});
holds<Same<typeof loop, AsyncIterable<PulledPage<AuditEvent | number>>>>();
const web = toWebStream(start => orgEvents({orgId: 'org', token: 'token'}, start).pipe(normalize()));
holds<Same<typeof web, ReadableStream<AuditEvent>>>();
export const copied = run(records, [sink, fromWritable(process.stdout, {end: false})]);

export const mistakes = [
	// @ts-expect-error: an event is read-only
	(event: AuditEvent) => (event.id = 'x'),
	// @ts-expect-error: and so is a page
	(page: Page) => page.events.pop(),
	// @ts-expect-error: what a spread makes is no page
	run(records.pipe(map(page => ({...page, events: []}))), sink),
	// @ts-expect-error: a stream is no event
	pages.pipe(mapEvents(event => of(event))),
	// @ts-expect-error: it belongs in front of ecs()
	pages.pipe(ecs(), redact({members: ['actor']})),
	// @ts-expect-error: it belongs behind normalize()
	records.pipe(redact({members: ['actor']})),
	// @ts-expect-error: events are no pages
	run(pages.pipe(toEvents()), sink),
	// @ts-expect-error: a common record has no such member
	pages.pipe(filterEvents(event => event.nope)),
	// @ts-expect-error: absent is absent, so it may be undefined
	pages.pipe(mapEvents(event => event.action.length)),
	// @ts-expect-error: events are no pages
	pages.pipe(toEvents(), normalize()),
	// @ts-expect-error: nor for a stream, or a loop
	toReadable(pages.pipe(toEvents())),
	// @ts-expect-error: of what is made of a page no event can be taken
	toAsyncIterable(pages.pipe(map(page => page.events))),
	// @ts-expect-error: a list of pages is no page
	run(pages.pipe(toArray()), sink),
	// @ts-expect-error: nor is a pair of them
	run(pages.pipe(pairwise()), sink),
	// @ts-expect-error: what is read of a stream may be lost behind it
	toReadable(pages, {state}),
	// @ts-expect-error: each page is a commit
	toAsyncIterable(pages, {commitSize: {pages: 2}}),
	// @ts-expect-error: what can only be read is no target
	fromWritable(toReadable(pages)),
	// @ts-expect-error: an organization is needed
	orgEvents({token: 'token'}),
	// @ts-expect-error: the canonical name is token
	orgEvents({orgId: 'org', apiKey: 'token'}),
	// @ts-expect-error: a target is needed
	filesystem({}),
	// @ts-expect-error: this is no mode
	ndjson({path: 'events.ndjson', mode: 'overwrite'}),
	// @ts-expect-error: a path is no sink
	run(pages, './backup'),
	// @ts-expect-error: a path is no state
	run(pages, sink, {state: 'backup.state.json'}),
];
