import assert from 'node:assert/strict';
import {compareWithSource} from '../../../lib/cli/commands/against.ts';
import {type Emulator, startEmulator} from '../../support/emulator.ts';
import type {SourceTally} from '../../../lib/sink/manifest.ts';
import {load} from '../../../lib/registry.ts';
import type {Source} from '../../../lib/source/define-source.ts';

const hourMs = 3_600_000;

describe('compareWithSource', () => {
	let emulator: Emulator;
	let source: Source;
	beforeEach(async () => {
		emulator = await startEmulator({events: 150, spacingMs: hourMs});
		source = await load('source', 'atlassian-org-events');
	});
	afterEach(() => emulator.close());

	/** What an archive of all events up to now would hold. */
	const archive = (): Record<string, SourceTally> => {
		const times = Array.from(emulator.events(), ({timeMs}) => new Date(timeMs).toISOString()).sort();
		const days: Record<string, number> = {};
		for (const time of times) days[time.slice(0, 10)] = (days[time.slice(0, 10)] ?? 0) + 1;
		return {'atlassian-org-events:acme': {events: times.length, first: times[0]!, last: times.at(-1)!, days}};
	};
	const compare = (held: Record<string, SourceTally>, more: object = {}) =>
		compareWithSource(source, {endpoint: emulator.url, token: emulator.token, orgId: 'acme', ...more}, held);
	const daysOf = (held: Record<string, SourceTally>) => Object.keys(Object.values(held)[0]!.days).sort();

	it('says what was compared where both have the same, and that more came behind the archive', async () => {
		const held = archive();
		const [[key, {events, first, last}]] = Object.entries(held) as [[string, SourceTally]];
		const compared = [{source: key, from: first, to: last, events}];
		assert.deepEqual(await compare(held), {compared, damage: [], notes: []});
		const newer = Date.parse(last) + 1;
		emulator.insert([{timeMs: newer}]);
		const notes = [`${key}: the API has 1 event after that, up to ${new Date(newer).toISOString()}`];
		assert.deepEqual(await compare(held), {compared, damage: [], notes});
	});

	it('finds an end that was cut off: by a note on its day, as damage between bounds', async () => {
		const held = archive();
		const [[key, tally]] = Object.entries(held) as [[string, SourceTally]];
		const times = Array.from(emulator.events(), ({timeMs}) => timeMs).sort((a, b) => a - b);
		const [day, lastDay] = [daysOf(held)[1]!, tally.last.slice(0, 10)];
		const cut = times.filter(timeMs => timeMs < Date.parse(`${day}T02:30:00Z`));
		const lost = cut.filter(timeMs => timeMs >= Date.parse(day)).length;
		const {[daysOf(held)[0]!]: _, ...days} = tally.days;
		const first = new Date(times[cut.length]!).toISOString();
		const rest = {[key]: {...tally, first, days: {...days, [day]: days[day]! - lost}}};
		const from = new Date(cut.at(-lost)!).toISOString();
		const plain = await compare(rest);
		assert.deepEqual(plain.damage, []);
		assert.deepEqual(plain.notes, [`${key}: the API has ${lost} events before that, from ${from} on`]);
		const {damage} = await compare(rest, {since: day, until: lastDay});
		assert.deepEqual(
			damage.map(({what, detail}) => `${what}: ${detail}`),
			[`${key} on ${day}: the API has ${days[day]} events, the archive ${days[day]! - lost}`],
		);
	});

	it('counts every day between bounds, also those that the archive has nothing of', async () => {
		const held = archive();
		const [[key, tally]] = Object.entries(held) as [[string, SourceTally]];
		const [, , third, fourth] = daysOf(held) as [string, string, string, string];
		const days = Object.fromEntries(Object.entries(tally.days).filter(([day]) => day < third));
		const until = `${fourth}T00:00:00Z`;
		const early = {[key]: {...tally, last: `${third}T00:00:00.000Z`, days}};
		const {damage} = await compare(early, {until});
		assert.deepEqual(
			damage.map(({what, detail}) => `${what}: ${detail}`),
			[`${key} on ${third}: the API has ${tally.days[third]} events, the archive 0`],
		);
	});

	it('names the days of which the API has more, and those of which it has less', async () => {
		const held = archive();
		const [, one, two, three] = daysOf(held) as [string, string, string, string];
		emulator.insert([{timeMs: Date.parse(one) + 1}, {timeMs: Date.parse(one) + 2}]);
		const [[key, tally]] = Object.entries(held) as [[string, SourceTally]];
		const {[two]: _, ...days} = tally.days;
		const changed = {[key]: {...tally, days: {...days, [three]: days[three]! + 1}}};
		const {damage, notes} = await compare(changed);
		assert.deepEqual(
			damage.map(({kind, what, detail}) => `${kind} ${what}: ${detail}`),
			[
				`missing ${key} on ${one}: the API has ${days[one]! + 2} events, the archive ${days[one]}`,
				`missing ${key} on ${two}: the API has ${tally.days[two]} events, the archive 0`,
			],
		);
		assert.deepEqual(notes, [
			`${key} on ${three}: the archive has ${days[three]! + 1} events, the API still ${days[three]}`,
		]);
	});

	it('counts only whole days between bounds that are given', async () => {
		const held = archive();
		const days = daysOf(held);
		for (const day of days.slice(1, 5)) emulator.insert([{timeMs: Date.parse(day) + 1}]);
		const bounds = {since: `${days[2]}T00:00:00Z`, until: `${days[4]}T12:00:00Z`};
		const {damage} = await compare(held, bounds);
		assert.deepEqual(
			damage.map(({what}) => what.slice(-10)),
			[days[2], days[3]],
		);
	});

	it('says so when the API has nothing any more', async () => {
		const held = archive();
		const until = Object.values(held)[0]!.first;
		const {damage, notes} = await compare(held, {since: '2020-01-01', until});
		assert.deepEqual([damage, notes], [[], ['atlassian-org-events: the API has no events of that time']]);
	});

	it('refuses what cannot be compared', async () => {
		await assert.rejects(compare(archive(), {since: '2030-01-01'}), /around a part of the archive, which is from 20/);
		await assert.rejects(compare({}), /ConfigError: .*holds nothing of it/);
		const [[, tally]] = Object.entries(archive()) as [[string, SourceTally]];
		await assert.rejects(compare({'jira-cloud:x': tally}), /holds nothing of it, but of jira-cloud:x/);
		const other = {'atlassian-org-events:other': tally};
		await assert.rejects(compare(other), /nothing of atlassian-org-events:acme, but of atlassian-org-events:other/);
		source = await load('source', 'atlassian-org-users');
		await assert.rejects(compare({'atlassian-org-users:acme': tally}), /got a listing, which has no days/);
	});
});
