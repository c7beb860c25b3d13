import assert from 'node:assert/strict';
import {normalize} from '../../lib/operators/normalize.ts';
import {run} from '../../lib/run/run.ts';
import type {Source} from '../../lib/source/define-source.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import crowd from '../../sources/crowd-data-center.ts';
import orgEvents from '../../sources/atlassian-org-events.ts';
import orgEventsStream from '../../sources/atlassian-org-events-stream.ts';
import {type Emulator, startEmulator} from '../support/emulator.ts';
import {recordsBetween, seeded, SleptTime} from '../support/slept-time.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A life of a follow, in which things happen so long after its beginning. */
interface Life {
	readonly time: SleptTime;
	readonly emulator: Emulator;
	/** What its credential is, each time it is asked for; the last one for ever. */
	readonly secrets: string[];
	at(ms: number, happen: () => void): void;
	/** Stops it and starts it again. */
	restart(): void;
	/** The API deletes what is older. */
	purge(olderThanMs: number): void;
}

/** Follows a log for 30 days, and says how what arrived differs from what there was. */
async function live(source: Source, beganMs: number, happens: (life: Life) => void) {
	const time = new SleptTime(beganMs);
	const emulator = await startEmulator({
		events: 100,
		newestMs: beganMs - hourMs,
		now: time.now,
		switches: {cursorTtlRequests: 3, crowd: {timeZone: 'Europe/Berlin'}},
	});
	const restore = time.install();
	const api = emulator.api(source.name);
	const sink = memorySink();
	const state = memoryStore();
	const secrets = ['emulator'];
	const secret = () => (secrets.length > 1 ? secrets.shift()! : secrets[0]!);
	const options = {
		orgId: emulator.orgId,
		token: secret,
		username: emulator.username,
		password: secret,
		endpoint: emulator.endpoints[source.name],
		pageSize: 12,
		retryBaseMs: 1000,
		// half of it is longer than some rounds, so that it goes on by its cursor
		...(source.name === orgEventsStream.name ? {overlap: '12h'} : {}),
	};
	const known = Object.entries(options).filter(([option]) => Object.hasOwn(source.options.shape, option));
	const pages = source(Object.fromEntries(known) as never).pipe(normalize());
	const untilMs = beganMs + 30 * dayMs;
	const held = new Set<string>();
	let stop = new AbortController();
	let isOver = false;
	const end = () => {
		isOver = true;
		stop.abort();
	};
	const troubles = new Set<string>();
	let rounds = 0;
	try {
		time.plan(...recordsBetween(api.insert, beganMs, untilMs, {perHour: 3, latestMs: hourMs, random: seeded(7)}));
		happens({
			time,
			emulator,
			secrets,
			at: (ms, happen) => time.plan({atMs: beganMs + ms, happen}),
			restart: () => stop.abort(),
			purge(olderThanMs) {
				for (const {id} of api.remove(({timeMs}) => timeMs < olderThanMs)) held.add(id!);
			},
		});
		// what came last is read, too
		time.plan({atMs: untilMs + 5 * hourMs, happen: end});
		while (!isOver) {
			stop = new AbortController();
			const report = await run(pages, sink, {
				state,
				follow: {everyMs: 2 * hourMs},
				signal: stop.signal,
				onProgress({trouble}) {
					if (trouble !== undefined) troubles.add(trouble);
				},
			});
			rounds += report.rounds;
		}
	} finally {
		restore();
		await emulator.close();
	}
	for (const {id} of api.records()) held.add(id!);
	const ids = sink.lines.map(line => (JSON.parse(line) as {id: string}).id);
	const arrived = new Set(ids);
	return {
		missing: [...held].filter(id => !arrived.has(id)).length,
		doubled: ids.length - arrived.size,
		strange: [...arrived].filter(id => !held.has(id)).length,
		records: held.size,
		rounds,
		troubles: [...troubles].join('\n'),
	};
}

describe('a follow of 30 days', () => {
	/** Late records and some of one millisecond, outages, restarts, other credentials, deleted records, false clocks. */
	function hardLife({time, emulator, secrets, at, restart, purge}: Life): void {
		at(1 * dayMs, () => emulator.setFaults([{kind: 'status', status: 503, at: 'all'}]));
		at(2.2 * dayMs, () => emulator.clearFaults());
		at(5 * dayMs, () => emulator.setFaults([{kind: 'reset', at: 'all'}]));
		at(5.1 * dayMs, restart);
		at(5.2 * dayMs, () => emulator.clearFaults());
		at(7 * dayMs, () => secrets.unshift('rotated'));
		at(8 * dayMs, () => secrets.unshift(...Array<string>(10).fill('withdrawn')));
		at(9 * dayMs, () => purge(time.now() - 5 * dayMs));
		at(10 * dayMs, () => emulator.setFaults([{kind: 'status', status: 500, at: 'all', probability: 0.2}]));
		at(11 * dayMs, () => emulator.clearFaults());
		at(16 * dayMs, () => (time.offsetMs = dayMs));
		at(16.3 * dayMs, restart);
		at(16.5 * dayMs, () => (time.offsetMs = 0));
		at(18 * dayMs, () => (time.offsetMs = -3 * hourMs));
		at(18.5 * dayMs, () => (time.offsetMs = 90 * dayMs));
		at(19 * dayMs, () => (time.offsetMs = 0));
		at(25 * dayMs, () => purge(time.now() - 2 * dayMs));
	}

	for (const [source, beganMs] of [
		[orgEvents, Date.UTC(2026, 2, 14)],
		[orgEventsStream, Date.UTC(2026, 2, 14)],
		// the server writes times of its zone, whose clock changes in each of the two
		[crowd, Date.UTC(2026, 2, 14)],
		[crowd, Date.UTC(2026, 9, 11)],
	] as const) {
		const began = new Date(beganMs).toISOString().slice(0, 10);
		it(`has each record of ${source.name} once, whatever happens from ${began} on`, async () => {
			const {records, rounds, troubles, ...difference} = await live(source as unknown as Source, beganMs, hardLife);
			assert.deepEqual(difference, {missing: 0, doubled: 0, strange: 0});
			assert.ok(records > 2000 && rounds > 250, `${records} records in ${rounds} rounds`);
			assert.match(troubles, /answered 503/);
			assert.match(troubles, /401/);
		});
	}
});
