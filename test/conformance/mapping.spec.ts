import assert from 'node:assert/strict';
import fc from 'fast-check';
import {of} from 'rxjs';
import {actionRules, activities} from '../../lib/model/activity.ts';
import type {EmulatorSwitches} from '../support/emulator.ts';
import {type AuditEvent, auditEvent} from '../../lib/model/event.ts';
import {mappingFacts} from '../../lib/source/common-record.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {Page} from '../../lib/model/page.ts';
import {run} from '../../lib/run/run.ts';
import {parseAnswer, readRecords} from '../../lib/source/records.ts';
import {toEcs} from '../../lib/schemas/ecs.ts';
import {toOcsf} from '../../lib/schemas/ocsf.ts';
import {catalogue, catalogueName} from '../support/action-catalogue.ts';
import {ecsProblems} from '../support/ecs-validator.ts';
import {ocsfMistakes} from '../support/ocsf-validator.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {factsOf, listen} from '../support/pages.ts';
import {handmadeRecords} from './handmade-records.ts';
import {deepText, hostileText, placesOf, withTexts} from './hostile-values.ts';
import {isBelow, pathsOf, textsAt, without} from './record-paths.ts';
import {type Subject, withSource} from '../../lib/testing/source-under-test.ts';
import {describeEachSource, subjects} from './subjects.ts';
import {assertSame} from '../../lib/testing/tally.ts';

/** Everything that changes the records themselves. */
const variants: readonly EmulatorSwitches[] = [
	{},
	{missing: 'absent', oddRecords: true, hiddenFractions: true, twinPercent: 100},
	{missing: 'null', hostileIds: true, crowd: {timeZone: 'Asia/Kolkata', stableSets: true}},
	{missing: 'empty', oddRecords: true, hostileIds: true, dataCenter: {selfAudit: true}},
];
const eventsPerVariant = 100;

/** With U+FFFD for half of a surrogate pair. */
function wellFormed(text: string): string {
	return Buffer.from(text).toString();
}

function normalized(page: Page): Page<AuditEvent> {
	return listen(of(page).pipe(normalize())).values[0]!;
}

/** A page as the source makes it of an answer that holds these records. */
function pageOf({source, name}: Subject, texts: readonly string[]): Page {
	const facts = source.records;
	const answer = parseAnswer(Buffer.from(`{"${facts.records}":[${texts.join()}]}`), facts.records);
	const read = readRecords(facts, answer.records, source.order === 'none' ? 0 : undefined);
	const context = {source: factsOf({name, ...mappingFacts(facts)}), sequence: 0, position: null, bytes: 1};
	return Page.of({...read, ...context}, {taken() {}, nacked() {}});
}

/**
 * Fails unless it is a common record that says something with each of its members, and an event of ECS and of OCSF by
 * their official definitions.
 */
function assertCommon(event: AuditEvent, {source}: Subject): void {
	const facts = mappingFacts(source.records);
	assert.deepEqual(ecsProblems(toEcs(event, facts)), []);
	assert.deepEqual(ocsfMistakes(toOcsf(event, facts)), []);
	auditEvent.parse(event);
	const {raw, ...members} = event;
	assert.ok(raw);
	assert.doesNotMatch(JSON.stringify(members), /[^\\]":\{\}/, 'an object without members');
	const texts = pathsOf(members, 'leaves').flatMap(path => textsAt(members, path.replaceAll('[]', '')));
	assert.doesNotMatch(texts.join('\n'), /\p{Surrogate}/u, 'half of a pair');
}

const corpora = new Map<Subject, Promise<string[]>>();

/** Records of the emulator, some of each variant, those that it makes of itself among them, and some made by hand. */
function corpusOf(subject: Subject): Promise<string[]> {
	const known = corpora.get(subject) ?? collectCorpus(subject);
	corpora.set(subject, known);
	return known;
}

async function collectCorpus(subject: Subject): Promise<string[]> {
	const texts: string[] = (handmadeRecords[subject.name] ?? []).map(record => JSON.stringify(record));
	for (const switches of variants) {
		await withSource(subject, {events: 50, switches}, async ({api, pull}) => {
			await pull({pageSize: 50});
			texts.push(...Array.from(api.records(), ({text}) => text));
		});
	}
	return texts;
}

function membersOf({source}: Subject, record: unknown): object {
	return source.records.normalize(record);
}

/** The members of common records, `targets.type` for each of a list; without those that are the same for all. */
function memberPaths(event: object): string[] {
	return [...new Set(pathsOf(event, 'leaves').map(path => path.replaceAll('[]', '')))];
}

describeEachSource('the mapping to the common record', subject => {
	const {source, name} = subject;
	const {origins, actions} = source.records;

	it('makes one common record of each record, in all forms that the emulator knows', async () => {
		for (const switches of variants) {
			await withSource(subject, {events: eventsPerVariant, switches}, async ({api, pull, held}) => {
				const texts = held();
				const pages = await pull(subject.reading.pageSize === undefined ? {pageSize: 400} : {});
				const events = pages.flatMap(page => {
					const out = normalized(page);
					assert.deepEqual(out.rejected, []);
					for (const [index, event] of out.events.entries()) {
						const {id, timeMs} = page.records[index]!;
						const time = new Date(timeMs).toISOString();
						assert.deepEqual(
							[event.id, event.time, event.source, event.tenant],
							[wellFormed(id), time, name, page.source.tenant],
						);
						assertCommon(event, subject);
					}
					return out.events;
				});
				assertSame(
					events.map(({raw}) => raw!),
					texts,
				);
				const all = Array.from(api.records(), ({text}) => text);
				const again = normalized(pageOf(subject, all));
				assert.equal(again.events.length, all.length, 'with those that the server has made meanwhile');
				again.events.forEach(event => assertCommon(event, subject));
			});
		}
	});

	it('makes a common record of whatever the members are, and throws for nothing', async () => {
		const records = (await corpusOf(subject)).map(text => JSON.parse(text) as unknown);
		/** What identifies a record and places it; of a record without an id, that is nearly all. */
		const needed = (record: unknown) =>
			placesOf(record).filter(place => pageOf(subject, [withTexts(record, new Map([[place, '{}']]))]).rejected.length);
		const change = fc.tuple(fc.nat(), hostileText);
		fc.assert(
			fc.property(fc.nat(records.length - 1), fc.array(change, {minLength: 1, maxLength: 6}), (chosen, changes) => {
				const record = records[chosen];
				const places = placesOf(record);
				const texts = new Map(changes.map(([place, text]) => [places[place % places.length]!, text]));
				const text = withTexts(record, texts);
				const page = normalized(pageOf(subject, [text]));
				assert.equal(page.events.length + page.rejected.length, 1);
				for (const event of page.events) {
					assertCommon(event, subject);
					assert.equal(event.raw, text.replace(/[\r\n]/g, ''));
				}
				for (const {reason} of page.rejected) {
					assert.match(reason, /^the record|: expected a time in the years 0 to 9999/);
					assert.ok(
						needed(record).some(place => [...texts.keys()].some(given => place.startsWith(given))),
						text,
					);
				}
			}),
			{numRuns: 200},
		);
		assert.equal(({} as {polluted?: true}).polluted, undefined);
	});

	it('takes nesting without end for a member that says nothing', async () => {
		const corpus = await corpusOf(subject);
		for (const text of [corpus[0]!, corpus.at(-1)!]) {
			const record = JSON.parse(text) as unknown;
			for (const place of placesOf(record)) {
				const page = normalized(pageOf(subject, [withTexts(record, new Map([[place, deepText]]))]));
				page.events.forEach(event => assertCommon(event, subject));
				assert.equal(page.events.length + page.rejected.length, 1);
				for (const {reason} of page.rejected) assert.doesNotMatch(reason, /cannot be normalized/);
			}
		}
	});

	it('names every member that there is, and none that there is not', async () => {
		const records = (await corpusOf(subject)).map(text => JSON.parse(text) as unknown);
		const made = new Set(records.flatMap(record => memberPaths(membersOf(subject, record))));
		assert.deepEqual([...made].sort(), Object.keys(origins).sort());
	});

	it('names the paths of the record that each member comes from, and no others', async () => {
		const records = (await corpusOf(subject)).map(text => JSON.parse(text) as unknown);
		const named = Object.entries(origins).map(([member, {paths}]) => ({member, paths}));
		const moved = (record: unknown, member: string, path: string, others: readonly string[] = []) =>
			String(textsAt(membersOf(subject, without(record, others)), member)) !==
			String(textsAt(membersOf(subject, without(record, [...others, path])), member));
		for (const record of records) {
			for (const path of new Set(pathsOf(record, 'leaves'))) {
				const before = membersOf(subject, record);
				const after = membersOf(subject, without(record, [path]));
				for (const {member, paths} of named) {
					if (String(textsAt(before, member)) === String(textsAt(after, member))) continue;
					assert.ok(
						paths.some(above => isBelow(path, above)),
						`${member} depends on ${path} too: ${JSON.stringify(record)}`,
					);
				}
			}
		}
		for (const {member, paths} of named) {
			assert.ok(paths.length > 0, member);
			for (const path of paths) {
				const others = paths.filter(other => other !== path);
				assert.ok(
					records.some(record => moved(record, member, path) || moved(record, member, path, others)),
					`${member} does not depend on ${path}`,
				);
			}
		}
	});

	it('counts each action that no rule knows, and gives it no activity', async () => {
		const [path = ''] = origins['action']?.paths ?? [];
		const action = 'no rule knows this: __proto__';
		await withSource(subject, {events: 1}, async ({api, held, options}) => {
			const [text = ''] = held();
			const place = `/${path.replaceAll('.', '/')}`;
			const unknown = withTexts(JSON.parse(text), new Map([[place, JSON.stringify(action)]]));
			const [{timeMs} = {timeMs: 0}] = api.remove(() => true);
			api.insert([{timeMs, text: unknown}]);
			const sink = memorySink();
			const report = await run(start => source(options(), start).pipe(normalize()), sink);
			const [event] = sink.lines.map(line => JSON.parse(line) as AuditEvent);
			assert.equal(event!.activity, undefined);
			assert.equal(event!.action, actions && action);
			assert.deepEqual(report.unknownActions, actions ? {[action]: 1} : {});
		});
	});

	if (!actions) return;
	const ruleOf = actionRules(actions, source.records.actionWords);

	it('has a rule for each action of the catalogue and of the emulator', async () => {
		const listed = catalogue.actions[catalogueName(name)];
		assert.ok(listed, 'expected its actions in test/fixtures/action-catalogue.json, got none');
		const events = normalized(pageOf(subject, await corpusOf(subject))).events;
		const handmade = handmadeRecords[name]?.length ?? 0;
		const emulated = events.slice(handmade).map(({action}) => action!);
		assert.deepEqual(
			[...listed.flatMap(spellingsOf), ...new Set(emulated)].filter(action => !ruleOf(action)),
			[],
		);
	});

	it('has no rule that another one hides', () => {
		assert.deepEqual(
			Object.keys(actions).filter(rule => !spellingsOf(rule).some(action => ruleOf(action)?.rule === rule)),
			[],
		);
	});
});

/** What a pattern stands for: nothing and some text in the place of each star. */
function spellingsOf(pattern: string): string[] {
	return [...new Set(['', 'x', 'ed by_some.one else'].map(text => pattern.replaceAll('*', text)))];
}

describe('conformance of sources: the catalogue of actions', () => {
	const withRules = subjects.filter(({source}) => source.records.actions);

	it('counts its actions, each of them once, and knows no API without a source', () => {
		const lists = Object.values(catalogue.actions);
		assert.equal(catalogue.count, lists.flat().length);
		for (const list of lists) assert.equal(new Set(list).size, list.length);
		const names = new Set(withRules.map(({name}) => catalogueName(name)));
		assert.deepEqual(Object.keys(catalogue.actions).sort(), [...names].sort());
	});

	it('is why each activity is there: a rule of some source uses it', () => {
		const used = new Set(withRules.flatMap(({source}) => Object.values(source.records.actions!)));
		assert.deepEqual([...used].sort(), Object.keys(activities).sort());
	});
});
