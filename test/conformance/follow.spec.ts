import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {normalize} from '../../lib/operators/normalize.ts';
import {type Run, run} from '../../lib/run/run.ts';
import {fileState} from '../../lib/state/file-state.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import ndjson from '../../sinks/ndjson.ts';
import orgEvents from '../../sources/atlassian-org-events.ts';
import orgEventsStream from '../../sources/atlassian-org-events-stream.ts';
import {type Emulator, startEmulator} from '../support/emulator.ts';
import {eventsBetween, seeded, SleptTime} from '../support/following.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What a follow over so many days has seen. */
interface Life {
	readonly missing: number;
	readonly doubled: number;
	readonly strange: number;
	readonly troubles: readonly string[];
	readonly rounds: number;
}

const exact = {missing: 0, doubled: 0, strange: 0};

interface Plan {
	readonly source?: typeof orgEvents | typeof orgEventsStream;
	readonly days?: number;
	readonly beganMs?: number;
	readonly everyMs?: number;
	/** Says what happens on the way: `at` counts from the beginning. */
	happens?(world: World, at: (ms: number, happen: () => void) => void): void;
}

interface World {
	readonly time: SleptTime;
	readonly emulator: Emulator;
	/** The credential that the next questions get, the last one for ever. */
	tokens: string[];
	/** Stops the follow and starts it again. */
	restart(): void;
	/** Removed by the API; they were there. */
	readonly purged: Set<string>;
}

describe('a follow', () => {
	const folder = temporaryFolder();

	/** Follows a log in slept time, and compares what arrived with what the API had. */
	async function live({
		source = orgEvents,
		days = 5,
		beganMs = Date.UTC(2026, 2, 14),
		everyMs = hourMs / 2,
		happens,
	}: Plan): Promise<Life> {
		const time = new SleptTime(beganMs);
		const emulator = await startEmulator({
			events: 100,
			newestMs: beganMs - hourMs,
			now: time.now,
			switches: {cursorTtlRequests: 3},
		});
		const restore = time.install();
		const file = path.join(folder(), 'events.ndjson');
		const state = path.join(folder(), 'state');
		const untilMs = beganMs + days * dayMs;
		let stop = new AbortController();
		let isOver = false;
		let running: Run | undefined;
		let rounds = 0;
		const troubles: string[] = [];
		const world: World = {
			time,
			emulator,
			tokens: [emulator.token],
			purged: new Set(),
			restart: () => stop.abort(),
		};
		const token = () => (world.tokens.length > 1 ? world.tokens.shift()! : world.tokens[0]!);
		try {
			time.plan(...eventsBetween(emulator.insert, beganMs, untilMs, {perHour: 3, latestMs: hourMs, random: seeded(7)}));
			happens?.(world, (ms, happen) => time.plan({atMs: beganMs + ms, happen}));
			// what came last is read, too
			time.plan({
				atMs: untilMs + 4 * hourMs,
				happen() {
					isOver = true;
					stop.abort();
				},
			});
			while (!isOver) {
				stop = new AbortController();
				const {orgId, url: endpoint} = emulator;
				const pages = source({orgId, endpoint, token, pageSize: 4, retryBaseMs: 1000}).pipe(normalize());
				running = run(pages, ndjson({path: file}), {
					state: fileState(state),
					follow: {everyMs},
					signal: stop.signal,
					onProgress({trouble}) {
						if (trouble !== undefined && trouble !== troubles.at(-1)) troubles.push(trouble);
					},
				});
				const report = await running;
				assert.equal(report.stopped, true);
				rounds += report.rounds;
			}
			const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n');
			const ids = lines.map(line => (JSON.parse(line) as {id: string}).id);
			const held = new Set([...world.purged, ...Array.from(emulator.events(), ({id}) => id)]);
			const arrived = new Set(ids);
			assert.ok(held.size > 100 + days * 24, 'something happened');
			return {
				missing: [...held].filter(id => !arrived.has(id)).length,
				doubled: ids.length - arrived.size,
				strange: [...arrived].filter(id => !held.has(id)).length,
				troubles,
				rounds,
			};
		} finally {
			restore();
			await emulator.close();
		}
	}

	const difference = ({missing, doubled, strange}: Life) => ({missing, doubled, strange});

	for (const source of [orgEvents, orgEventsStream]) {
		it(`of ${source.name} has every event once, late ones and those of one millisecond too`, async () => {
			const life = await live({source});
			assert.deepEqual(difference(life), exact);
			assert.deepEqual(life.troubles, []);
			assert.ok(life.rounds > 200, `${life.rounds}`);
		});

		it(`of ${source.name} makes up for what it could not read`, async () => {
			const life = await live({
				source,
				happens({emulator, tokens, restart}, at) {
					at(10 * hourMs, () => emulator.setFaults([{kind: 'status', status: 503, at: 'all'}]));
					at(60 * hourMs, () => emulator.clearFaults());
					at(61 * hourMs, () => emulator.setFaults([{kind: 'reset', at: 'all'}]));
					at(62 * hourMs, restart);
					at(65 * hourMs, () => emulator.clearFaults());
					at(70 * hourMs, () => tokens.unshift('stale'));
					at(75 * hourMs, () => tokens.unshift('stale', 'stale', 'stale', 'stale', 'stale'));
					at(80 * hourMs, restart);
				},
			});
			assert.deepEqual(difference(life), exact);
			assert.match(life.troubles.join('\n'), /answered 503[^]*401/);
		});

		it(`of ${source.name} is not led astray by a clock that jumps`, async () => {
			const life = await live({
				source,
				happens({time, restart}, at) {
					at(10 * hourMs, () => (time.offsetMs = dayMs));
					at(15 * hourMs, () => (time.offsetMs = 0));
					at(30 * hourMs, () => (time.offsetMs = -3 * hourMs));
					at(40 * hourMs, () => (time.offsetMs = 90 * dayMs));
					at(41 * hourMs, restart);
					at(50 * hourMs, () => (time.offsetMs = 0));
				},
			});
			assert.deepEqual(difference(life), exact);
		});
	}
});
