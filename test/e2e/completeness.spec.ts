import assert from 'node:assert/strict';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {load} from '../../lib/registry.ts';
import type {CoveredSpan} from '../../lib/sink/asked.ts';
import {runCli} from '../support/cli.ts';
import {type Emulator, startEmulator} from '../support/emulator.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {killRunning, pull, startPull, token} from './pull.ts';

const dayMs = 86_400_000;
const days = 171;
const windowDays = 9;
/** Whole days, so that bounds that an API rounds stay where they are. */
const todayMs = Math.floor(Date.now() / dayMs) * dayMs;
const sinceMs = todayMs - days * dayMs;

/** How a window is read; `silent`: read while nothing is in it; `killed`: in the middle of it, and gone on with. */
type Way = 'whole' | 'killed' | 'windows' | 'never' | 'filtered';
const ways: Readonly<Record<string, readonly Way[]>> = {
	'atlassian-org-events': ['whole', 'never', 'whole', 'filtered', 'killed', 'windows'],
	'jira-cloud': ['windows', 'whole', 'filtered', 'killed', 'never', 'never', 'whole'],
	'confluence-cloud': ['never', 'whole', 'killed', 'whole', 'filtered'],
};
const filters: Readonly<Record<string, readonly string[]>> = {
	'jira-cloud': ['--filter', 'user'],
	'confluence-cloud': ['--search', 'user'],
};

describe('an archive that knows what it was asked', () => {
	const folder = temporaryFolder();
	let emulator: Emulator;
	before(async () => {
		// every other day or so is silent
		emulator = await startEmulator({events: 120, newestMs: todayMs - 1, spacingMs: 1.5 * dayMs, token, latencyMs: 5});
	});
	after(async () => {
		killRunning();
		await emulator.close();
	});

	/** One that leaves something in. */
	function actionIn(from: string, until: string): string {
		const [{text}] = emulator.events({from: Date.parse(from), to: Date.parse(until) - 1}) as [{text: string}];
		return (JSON.parse(text) as {attributes: {action: string}}).attributes.action;
	}

	for (const target of ['ndjson:archive/?mode=append', 'filesystem:archive']) {
		it(`names each gap, filter and purge of three sources in 180 days, and invents none: ${target}`, async () => {
			const [kind, place] = target.split(':') as [string, string];
			const to = `${kind}:${path.join(folder(), place)}`;
			const expected: Record<string, CoveredSpan[]> = {};
			for (const [source, cycle] of Object.entries(ways)) {
				const {auth} = await load('source', source);
				const credentials = auth.includes('basic')
					? {RXAUDIT_USERNAME: emulator.username, RXAUDIT_PASSWORD: emulator.password, RXAUDIT_TOKEN: ''}
					: {};
				const spans: CoveredSpan[] = [];
				const orgId = source.startsWith('atlassian-org') ? ['--org-id', 'e2e'] : [];
				const options = {
					source: [source, ...orgId],
					endpoint: emulator.endpoints[source]!,
					env: credentials,
				};
				for (let at = 0; at < days / windowDays; at++) {
					const way = cycle[at % cycle.length]!;
					const [from, until] = [at, at + 1].map(n => new Date(sinceMs + n * windowDays * dayMs).toISOString());
					const read = way === 'never' ? 'never' : way === 'filtered' ? 'filtered' : 'covered';
					const span = {from: from!, to: until!, read} as const;
					if (way === 'never') addSpan(spans, span);
					if (way === 'never') continue;
					// what lies behind the time that the API keeps is asked for too
					const since = at === 0 && orgId.length > 0 ? new Date(todayMs - 200 * dayMs).toISOString() : from!;
					const args = ['--to', to, '--since', since, '--until', until!, '--page-size', '3', '--rate', 'off'];
					// each of them its own, as a state would read back to where it ended
					args.push('--state', path.join(folder(), `${source}-${at}.state`));
					args.push('--concurrency', way === 'windows' ? '4' : '1');
					if (way === 'filtered') args.push(...(filters[source] ?? ['--action', actionIn(from!, until!)]));
					if (way === 'killed') {
						const running = startPull(emulator, args, options);
						const before = emulator.requestCount;
						while (emulator.requestCount < before + 2 && running.child.exitCode === null) await delay(1);
						running.child.kill('SIGKILL');
						await running.ended;
					}
					const {code, stderr} = await pull(emulator, args, options);
					assert.equal(code, 0, stderr);
					// a log that never gave anything covers nothing
					addSpan(spans, way === 'filtered' && / 0 events/.test(stderr) ? {...span, read: 'never'} : span);
				}
				while (spans[0]?.read === 'never') spans.shift();
				while (spans.at(-1)?.read === 'never') spans.pop();
				expected[source] = spans;
			}
			const {code, stdout, stderr} = await runCli(['verify', to, '--log-format', 'json', '--quiet']);
			assert.equal(code, 0, stderr + stdout);
			const {coverage} = JSON.parse(stdout) as {coverage: {source: string; spans: CoveredSpan[]}[]};
			const [purged] = coverage.find(({source}) => source.startsWith('atlassian-org-events'))!.spans;
			assert.deepEqual([purged!.from, purged!.read], [new Date(todayMs - 200 * dayMs).toISOString(), 'purged']);
			assert.ok(Math.abs(Date.parse(purged!.to) - (Date.now() - 180 * dayMs)) < dayMs, purged!.to);
			const first = expected['atlassian-org-events']!;
			first[0] = {...first[0]!, from: purged!.to};
			const found = coverage.map(({source, spans}) => [
				source.replace(/:.*/s, ''),
				spans.filter(one => one !== purged),
			]);
			assert.deepEqual(Object.fromEntries(found), expected);
		});
	}
});

/** Spans that touch and were read in the same way are one. */
function addSpan(spans: CoveredSpan[], span: CoveredSpan): void {
	const last = spans.at(-1);
	if (last?.read === span.read && last.to === span.from) spans[spans.length - 1] = {...last, to: span.to};
	else spans.push(span);
}
