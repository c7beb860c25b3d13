import assert from 'node:assert/strict';
import path from 'node:path';
import {type EmulatedEvent, type Emulator, startEmulator} from '../support/emulator.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {compare, exact, filesBelow, linesOf} from './holdings.ts';
import {type KillAt, pull, token} from './pull.ts';

const hourMs = 3_600_000;

/** The times that so many events share, newest first. */
function burstsOf(emulator: Emulator, size: number): number[] {
	const counts = new Map<number, number>();
	for (const {timeMs} of emulator.events()) counts.set(timeMs, (counts.get(timeMs) ?? 0) + 1);
	return [...counts].filter(([, count]) => count >= size).map(([timeMs]) => timeMs);
}

/** The same record under another id. */
function twinOf({id, text, timeMs}: EmulatedEvent, newId: string) {
	return {id: newId, text: text.replaceAll(id, newId), timeMs};
}

/** What arrives between two runs: rows as late as the overlap allows, and another name for a user. */
function arriveLate(emulator: Emulator, untilMs: number, night: number): void {
	const [newest] = emulator.events({to: untilMs - 1});
	const times = [newest!.timeMs, newest!.timeMs - 1, newest!.timeMs - hourMs / 2, newest!.timeMs - hourMs];
	emulator.insert([...times.map(timeMs => ({timeMs})), twinOf(newest!, `twin-${night}`)]);
	const names = emulator.events({to: untilMs - 1});
	for (const {text} of names) {
		const {actor} = (JSON.parse(text) as {attributes: {actor?: {name?: string}}}).attributes;
		if (actor?.name) return emulator.renameActor(actor.name, `Renamed ${night}`);
	}
}

describe('nightly runs on one state', () => {
	const folder = temporaryFolder();
	const target = (name: string) => path.join(folder(), name);

	for (const hiddenFractions of [false, true]) {
		for (const sink of ['ndjson:lines.ndjson', 'ndjson:lines.ndjson.gz', 'filesystem:events']) {
			it(`make up for late rows and missed nights: ${sink}${hiddenFractions ? ', whole seconds' : ''}`, async () => {
				const bursts = {perThousand: 20, longSize: 130, longEvery: 700};
				const emulator = await startEmulator({events: 3500, token, switches: {hiddenFractions, bursts}});
				const [third, second, , first] = burstsOf(emulator, 130) as [number, number, number, number];
				// Behind the burst, which shares the watermark; before one, whose records come the night after (and before all
				// of its second, since a time without its fraction is taken at its word); at the end.
				const nights = [first + 1, second - (second % 1000), third + 1, Date.UTC(2026, 1, 1)];
				const [kind, file] = sink.split(':') as [string, string];
				const args = ['--page-size', '50', '--to', `${kind}:${target(file)}`, '--state', target('pull.state')];
				try {
					for (const [night, untilMs] of nights.entries()) {
						const overlap = night === 2 ? ['--overlap', '6h'] : [];
						const {code, stderr} = await pull(emulator, [...args, '--until', `${untilMs}`, ...overlap]);
						assert.equal(code, 0, stderr);
						const texts = kind === 'ndjson' ? linesOf(target(file)) : filesBelow(target(file));
						assert.deepEqual(compare(texts, emulator, {to: untilMs - 1}), exact, `night ${night}`);
						arriveLate(emulator, untilMs, night);
					}
					const {code, stderr} = await pull(emulator, [...args, '--until', '2026-02-02']);
					assert.equal(code, 0, stderr);
					const texts = kind === 'ndjson' ? linesOf(target(file)) : filesBelow(target(file));
					assert.deepEqual(compare(texts, emulator), exact, 'the night after');
				} finally {
					await emulator.close();
				}
			});
		}
	}

	it('double nothing behind more new records than are remembered', async function () {
		this.timeout(300_000);
		const spacingMs = 1000;
		const emulator = await startEmulator({events: 110_000, spacingMs, token});
		const [newest] = emulator.events();
		const args = ['--page-size', '1000', '--format', 'raw', '--to', `ndjson:${target('lines.ndjson')}`];
		args.push('--state', target('pull.state'));
		const kill: KillAt = {call: 'renameSync', path: 'pull.state', at: 4, when: 'after'};
		try {
			const first = await pull(emulator, [...args, '--until', `${newest!.timeMs - 90_000 * spacingMs}`]);
			assert.equal(first.code, 0, first.stderr);
			assert.equal((await pull(emulator, args, {kill})).code, 'SIGKILL');
			const last = await pull(emulator, args);
			assert.equal(last.code, 0, last.stderr);
			assert.deepEqual(compare(linesOf(target('lines.ndjson')), emulator), exact);
		} finally {
			await emulator.close();
		}
	});
});
