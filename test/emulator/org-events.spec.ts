import assert from 'node:assert/strict';
import fc from 'fast-check';
import {createByteWriter} from '../../lib/emulator/data/byte-writer.ts';
import {createOrgEvents, type OrgEventsOptions, type Position} from '../../lib/emulator/apis/org-events.ts';

const newestMs = Date.UTC(2026, 0, 31);
const options: OrgEventsOptions = {
	timeline: {events: 300, seed: 1, newestMs, spacingMs: 3, bursts: {longSize: 40, longEvery: 150}},
	records: {seed: 1, orgId: 'org', prettyPrint: false, missing: 'mixed', odd: false},
	hiddenFractions: false,
	hostileIds: false,
};

describe('emulator/org-events', () => {
	it('lists newest first, with the true time of each', () => {
		const listed = [...createOrgEvents(options).list()];
		assert.equal(listed.length, 300);
		assert.equal(new Set(listed.map(({id}) => id)).size, 300);
		assert.deepEqual(
			listed.map(({timeMs}) => timeMs),
			listed.map(({timeMs}) => timeMs).sort((a, b) => b - a),
		);
		for (const {id, time, timeMs, text} of listed) {
			const record = JSON.parse(text) as {id: string; attributes: {time: string}};
			assert.deepEqual([record.id, record.attributes.time, Date.parse(time)], [id, time, timeMs]);
			assert.equal(time.includes('.'), timeMs % 1000 !== 0);
		}
	});

	it('goes on strictly behind any position, whatever was inserted, filters included', () => {
		fc.assert(
			fc.property(
				fc.array(fc.integer({min: newestMs - 20, max: newestMs + 2}), {maxLength: 30}),
				fc.option(fc.integer({min: newestMs - 40, max: newestMs}), {nil: undefined}),
				fc.option(fc.integer({min: newestMs - 40, max: newestMs}), {nil: undefined}),
				(times, from, to) => {
					const events = createOrgEvents({...options, timeline: {...options.timeline, events: 30}});
					events.insert(times.map(timeMs => ({timeMs})));
					const all = [...events.rows({})];
					assert.equal(all.length, 30 + times.length);
					const inside = all.filter(({timeMs}) => timeMs >= (from ?? -Infinity) && timeMs <= (to ?? Infinity));
					assert.deepEqual([...events.rows({from, to})], inside);
					for (const [index, position] of all.entries()) {
						const behind = all.slice(index + 1).filter(row => inside.includes(row));
						assert.deepEqual([...events.rows({from, to}, position)], behind, String(index));
					}
				},
			),
			{numRuns: 30},
		);
	});

	it('puts inserted events into their time, before their equals, and finds them', () => {
		const events = createOrgEvents(options);
		const mine = {timeMs: newestMs - 100, id: 'mine', text: '{"id":"mine"}'};
		const [late, given] = events.insert([{timeMs: newestMs}, mine]);
		assert.equal([...events.list()][0]?.id, late);
		assert.equal(given, 'mine');
		const writer = createByteWriter();
		events.write(writer, events.find('mine') as Position);
		assert.equal(writer.take().toString(), '{"id":"mine"}');
		assert.equal(events.find('nobody'), undefined);
	});

	it('filters like its own records say', () => {
		const events = createOrgEvents(options);
		const parsed = Array.from(events.list(), ({id, text}) => ({
			id,
			text,
			...(JSON.parse(text) as {attributes: {action: string; actor: {id: string}}}).attributes,
		}));
		const {action, actor} = parsed[5] as (typeof parsed)[0];
		const idsOf = (filter: Parameters<typeof events.list>[0]) => Array.from(events.list(filter), ({id}) => id);
		assert.deepEqual(
			idsOf({action}),
			parsed.filter(one => one.action === action).map(({id}) => id),
		);
		assert.deepEqual(
			idsOf({actor: [actor.id]}),
			parsed.filter(one => one.actor.id === actor.id).map(({id}) => id),
		);
		assert.deepEqual(
			idsOf({q: 'BAVARIA'}),
			parsed.filter(({text}) => text.includes('Bavaria')).map(({id}) => id),
		);
		assert.ok(idsOf({q: 'BAVARIA'}).length > 0);
	});

	it('can hide fractions that the order follows', () => {
		const listed = [...createOrgEvents({...options, hiddenFractions: true}).list()];
		const hidden = listed.filter(({time, timeMs}) => Date.parse(time) !== timeMs);
		assert.ok(hidden.length > 60 && hidden.length < 140, String(hidden.length));
		for (const {time, timeMs} of hidden) assert.equal(Date.parse(time), Math.floor(timeMs / 1000) * 1000);
	});

	it('renames an actor more than once', () => {
		const events = createOrgEvents(options);
		const before = [...events.list()];
		events.renameActor('Lila Smalls', 'Lila Large');
		events.renameActor('Lila Large', 'Lila Huge');
		const after = [...events.list()];
		assert.deepEqual(
			after.map(({text}) => text.replaceAll('Lila Huge', 'Lila Smalls')),
			before.map(({text}) => text),
		);
		assert.notDeepEqual(after, before);
	});

	it('gives hostile ids when asked to', () => {
		const listed = [...createOrgEvents({...options, hostileIds: true}).list()];
		assert.equal(new Set(listed.map(({id}) => id)).size, 300);
		assert.ok(listed.some(({id}) => id === '..'));
		for (const {id, text} of listed) assert.equal((JSON.parse(text) as {id: string}).id, id);
	});
});
