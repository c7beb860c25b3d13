import {activities, type Activity} from '../../model/activity.ts';
import type {Findings} from '../output/verdict.ts';
import {verdict} from '../output/verdict.ts';
import {dayOf, number, share, table, time, timeBars} from './charts.ts';
import {type Counted, dayMs, isoDay, type TopCounts} from './counts.ts';
import {type Coverage, coverageChart} from './coverage-chart.ts';
import type {CoverageSpan} from './segments.ts';
import {type Digest, maxRows, type Timeline} from './digest.ts';
import {type Html, lines, markup} from './html.ts';
import {documentOf} from './document.ts';

/** One target, as it was found. */
export interface ReportedTarget {
	/** As it was given. */
	readonly name: string;
	/** What `verify` says of it, or why it cannot say anything. */
	readonly findings: Findings | {readonly unverified: string};
	/** Files that could not be read to their end, and why. */
	readonly unreadable: readonly string[];
	readonly notRead: number;
}

export interface ReportContent {
	readonly targets: readonly ReportedTarget[];
	readonly digest: Digest;
	/** What was read when, by `name:tenant`. */
	readonly spans: Readonly<Record<string, readonly CoverageSpan[]>>;
	/** Whether actors, targets and addresses are named. */
	readonly isNamed: boolean;
	/** The times that were asked for, for people. */
	readonly between: string;
	/** The fingerprint of the key that signatures were checked with. */
	readonly key: string | undefined;
}

const maxTop = 50;
const maxVerdictLines = 300;
const sections = {
	verdict: 'Verdict',
	coverage: 'Coverage',
	actions: 'Actions',
	people: 'Actors and targets',
	logins: 'Logins',
	places: 'Addresses and countries',
	changes: 'What changed',
	counting: 'How this was counted',
} as const;

/** The whole page: the same bytes for the same content. */
export function page(content: ReportContent): string {
	const body: Readonly<Record<keyof typeof sections, Html>> = {
		verdict: verdictPart(content),
		coverage: coverageChart(coverageOf(content)),
		actions: actionsPart(content.digest),
		people: peoplePart(content),
		logins: loginsPart(content.digest),
		places: placesPart(content),
		changes: markup`${content.digest.timelines.map(timeline => timelinePart(timeline, content.isNamed))}`,
		counting: countingPart(content),
	};
	const ids = Object.keys(sections) as (keyof typeof sections)[];
	const names = content.targets.map(({name}, at) => markup`${at > 0 && ', '}<code>${name}</code>`);
	const links = ids.map(id => markup`<li><a href="#${id}">${sections[id]}</a></li>`);
	const parts = ids.map(
		id => markup`<section aria-labelledby="${id}"><h2 id="${id}">${sections[id]}</h2>${body[id]}</section>\n`,
	);
	return documentOf(
		'Audit log report',
		markup`<p>${number(content.digest.events)} events${content.between}, of ${names}. All times are UTC.</p>
<nav aria-label="Sections"><ul>${links}</ul></nav>`,
		markup`${parts}`,
	);
}

function verdictPart({targets, digest, key}: ReportContent): Html {
	const parts = [...digest.parts].sort(([a], [b]) => (a < b ? -1 : 1));
	const rows = parts.map(([source, {events, firstMs, lastMs}]) => [
		source,
		number(events),
		time(firstMs),
		time(lastMs),
	]);
	return markup`${targets.map(target => targetPart(target, key))}${table('Events by source and tenant', ['Source', 'Events', 'First', 'Last'], rows)}`;
}

function targetPart({name, findings, unreadable, notRead}: ReportedTarget, key: string | undefined): Html {
	const more = [
		...(notRead > 0 ? [`${number(notRead)} records were not read: they are no common records.`] : []),
		...unreadable.map(one => `Not read to its end: ${one}`),
	].map(text => markup`<p class="note">${text}</p>`);
	if ('unverified' in findings) {
		return markup`<div class="verdict"><p><strong>Not verified</strong>: ${name}</p><p>${findings.unverified}</p> ${more}</div>\n`;
	}
	const {damage, coverage, openGaps} = findings;
	// what lies before the first time that was read is in the text
	const gaps =
		coverage.flatMap(({spans = []}) => spans.slice(1).filter(({read}) => read !== 'covered')).length + openGaps.length;
	const incomplete =
		gaps > 0 &&
		markup`<p class="bad"><strong>Not complete</strong>: ${number(gaps)} spans of time were never read, or not as a whole: see Coverage.</p>`;
	const found = damage.length === 1 ? '1 finding' : `${number(damage.length)} findings`;
	const all = verdict(findings).trimEnd().split('\n');
	const left = all.length - maxVerdictLines;
	const said = left > 0 ? [...all.slice(0, maxVerdictLines), `${number(left)} lines more: rxaudit verify`] : all;
	return markup`<div class="verdict ${damage.length === 0 ? 'good' : 'bad'}">
<p><strong>${damage.length === 0 ? 'Intact' : `Damaged: ${found}`}</strong>: ${name}${key && markup`. The key is <code>${key}</code>`}</p>
${incomplete}${more}<pre tabindex="0" role="group" aria-label="What rxaudit verify says of ${name}">${lines(said.join('\n'))}</pre></div>\n`;
}

function coverageOf({digest, spans, targets}: ReportContent): Coverage[] {
	const {sinceMs, untilMs} = digest;
	const listed = daysListed(targets);

	const sources = [...new Set([...digest.parts.keys(), ...Object.keys(spans)])].sort();
	return sources.map(source => {
		const part = digest.parts.get(source);
		const days = [...(part?.days.days ?? [])].map(([day, count]) => [isoDay(day), count] as const);
		return {
			source,
			spans: spans[source] ?? [],
			days: Object.fromEntries(days),
			hours: part?.hours ?? new Map<number, number>(),
			between: {fromMs: sinceMs, toMs: untilMs},
			...lagsOf(source, targets),
			unreadable: [...(listed.get(source) ?? [])]
				.filter(
					([day, count]) =>
						isWithin(day, sinceMs, untilMs) && count > (part?.days.days.get(dayOf(Date.parse(day))) ?? 0),
				)
				.map(([day]) => day)
				.sort(),
		};
	});
}

/** How far what was read of a source was behind, and for how long its API keeps events, as the manifests say. */
function lagsOf(source: string, targets: readonly ReportedTarget[]): Pick<Coverage, 'keptMs' | 'behindHours'> {
	const behindHours = new Map<number, number>();
	let keptMs: number | undefined;
	for (const {findings} of targets) {
		const found = 'coverage' in findings ? findings.coverage.find(one => one.source === source) : undefined;
		if (found?.keptSeconds !== undefined) keptMs = 1000 * found.keptSeconds;
		for (const [day, seconds] of Object.entries(found?.behindSeconds ?? {})) {
			const at = dayOf(Date.parse(day));
			behindHours.set(at, Math.max(behindHours.get(at) ?? 0, Math.ceil(seconds / 3600)));
		}
	}
	return {keptMs, behindHours};
}

/** How many events of each day the manifests list, by source; only of targets that say so. */
function daysListed(targets: readonly ReportedTarget[]): Map<string, Map<string, number>> {
	const listed = new Map<string, Map<string, number>>();
	for (const {findings} of targets) {
		if ('unverified' in findings) continue;
		for (const [source, {days}] of Object.entries(findings.sources)) {
			const sums = listed.get(source) ?? new Map<string, number>();
			listed.set(source, sums);
			for (const [day, count] of Object.entries(days)) sums.set(day, (sums.get(day) ?? 0) + count);
		}
	}
	return listed;
}

/** Of a day that lies half outside not all events are counted. */
function isWithin(day: string, sinceMs = -Infinity, untilMs = Infinity): boolean {
	const fromMs = Date.parse(day);
	return sinceMs <= fromMs && fromMs + dayMs <= untilMs;
}

function actionsPart({actions, activities: done, failures, withoutRule}: Digest): Html {
	const failed = new Map(failures.top(Infinity).map(({text, count}) => [text, count]));
	const top = actions.top(maxTop);
	const rows = top.map(({text, count}) => [
		text,
		number(count),
		share(count, top[0]!.count),
		number(failed.get(text) ?? 0),
	]);
	const known = done.top(Infinity);
	const meanings = known.map(({text, count}) => [
		text,
		number(count),
		share(count, known[0]!.count),
		Object.hasOwn(activities, text) ? activities[text as Activity] : '',
	]);
	return markup`${table(`Actions${ofAll(actions)}`, ['Action', 'Events', 'Share', 'Failed'], rows)}${errorOf(actions)}
${table('Activities: the same words for all APIs', ['Activity', 'Events', 'Share', 'What it means'], meanings)}
${topTable('Actions without a rule, or known by a rule for all that is left', 'Action', withoutRule)}`;
}

function ofAll({distinct}: TopCounts): string {
	if (distinct === undefined) return `: the ${maxTop} most frequent`;
	return distinct > maxTop ? `: the ${maxTop} most frequent of ${number(distinct)}` : '';
}

function errorOf({error}: TopCounts): Html | undefined {
	if (error === 0) return undefined;
	return markup`<p class="note">There are too many to count each of them: every count may be up to ${number(error)} too low.</p>`;
}

function topTable(title: string, head: string, counts: TopCounts): Html {
	const top = counts.top(maxTop);
	const row = ({text, count}: Counted) => [text, number(count), share(count, top[0]!.count)];
	return markup`${table(`${title}${ofAll(counts)}`, [head, 'Events', 'Share'], top.map(row))}${errorOf(counts)}`;
}

function peoplePart({digest: {actors, targets}, isNamed}: ReportContent): Html {
	if (isNamed) return markup`${topTable('Actors', 'Actor', actors)}${topTable('Targets', 'Target', targets)}`;
	const said = (counts: TopCounts) => (counts.distinct === undefined ? 'more than 50,000' : number(counts.distinct));
	return markup`<p>${said(actors)} actors, ${said(targets)} targets. They are not named: <code>--top</code> does.</p>`;
}

function loginsPart({logins, failedLogins}: Digest): Html {
	return markup`<h3>Failed logins</h3> ${timeBars('Failed logins', failedLogins.days)} <h3>Logins</h3> ${timeBars('Logins that did not fail', logins.days)}`;
}

function placesPart({digest: {countries, newCountries, addresses}, isNamed}: ReportContent): Html {
	const found = addresses.all();
	const days = new Map<number, number>();
	for (const {timeMs} of found) days.set(dayOf(timeMs), (days.get(dayOf(timeMs)) ?? 0) + 1);
	const named = found
		.slice(0, maxRows)
		.map(({text, timeMs, detail}) => [time(timeMs), text, detail.country, detail.actor]);
	return markup`${topTable('Countries, as the vendor believes', 'Country', countries)} ${table(
		'Countries that were first seen last',
		['First seen', 'Country'],
		newCountries
			.all()
			.slice(0, maxTop)
			.map(({text, timeMs}) => [time(timeMs), text]),
	)} <h3>Addresses</h3><p>${addresses.isFull ? 'More than ' : ''}${number(addresses.distinct)} addresses.${addresses.isFull && ' Those beyond are not looked at.'}</p> ${timeBars('Addresses that were first seen', days)} ${isNamed && table(`Addresses that were first seen last${found.length > maxRows ? `: the newest ${maxRows}` : ''}`, ['First seen', 'Address', 'Country', 'Actor'], named)}`;
}

function timelinePart({title, what, days, latest, receivers}: Timeline, isNamed: boolean): Html {
	const rows = latest
		.all()
		.map(({timeMs, action, outcome, source, actor, targets, targetTypes, details}) => [
			time(timeMs),
			action,
			...(isNamed ? [actor, targets.map(target => markup`${target}<br>`), details] : [targetTypes]),
			outcome,
			source,
		]);
	const heads = [
		'Time',
		'Action',
		...(isNamed ? ['Actor', 'Targets', 'Details'] : ['Kinds of targets']),
		'Outcome',
		'Source',
	];
	const shown = latest.count > rows.length ? `: the latest ${number(rows.length)} of ${number(latest.count)}` : '';
	return markup`<h3>${title}</h3><p class="note">${what}</p> ${timeBars(title, days.days)}${isNamed && receivers && topTable('Who got it', 'Receiver', receivers)}${rows.length > 0 && table(`${title}${shown}`, heads, rows)}`;
}

function countingPart({digest: {notRead, outside}, isNamed}: ReportContent): Html {
	const said = [
		'Times are those of the events. “First seen” means first in these targets: what came before them is not known.',
		'Texts are cut at 200 characters; controls, and what changes the direction of a text, are shown by their numbers.',
		`Of each list of events the latest ${maxRows} are shown; the bars count all. --since and --until show others.`,
		'The manifest covers whole targets; every other count is of the events that were read.',
		isNamed
			? 'Actors, targets and addresses are named, but for what was redacted, here or when it was pulled.'
			: 'Actors, targets and addresses are not named.',
		'An event that lies in two of the targets is counted twice.',
		...(notRead > 0 ? [`${number(notRead)} records were not read, since they are no common records.`] : []),
		...(outside > 0 ? [`${number(outside)} events are outside of the times that were asked for.`] : []),
	];
	return markup`<ul>${said.map(text => markup`<li>${text}</li>`)}</ul>`;
}
