import {type Activity, isCatchAll} from '../../model/activity.ts';
import type {AuditEvent, AuditPerson} from '../../model/event.ts';
import {recordTime} from '../../options/time.ts';
import {DayCounts, FirstSeen, hourMs, Latest, TopCounts} from './counts.ts';

/** So many of the latest events of a timeline are shown. */
export const maxRows = 250;
/** A longer archive is drawn by days. */
const maxHours = 200 * 24;
const maxText = 200;
/** So many targets of an event stand in a timeline, and so much of each. */
const maxTargets = 12;
const maxTargetText = 80;
/** So many sources and tenants are told apart. */
const maxParts = 500;

/** What of an event stands in a timeline. */
export interface TimelineRow {
	readonly timeMs: number;
	readonly action: string;
	readonly outcome: string;
	readonly source: string;
	readonly actor: string;
	/** Groups, roles and the like before the users. */
	readonly targets: readonly string[];
	readonly targetTypes: string;
	/** What was changed, and what else the API says. */
	readonly details: string;
}

/** Events of one kind. */
export interface Timeline {
	readonly title: string;
	/** Which events are in it, for people. */
	readonly what: string;
	readonly days: DayCounts;
	readonly latest: Latest<TimelineRow>;
	/** Who got what was given. */
	readonly receivers?: TopCounts;
	takes(event: AuditEvent): boolean;
}

/** Of one source and tenant. */
export interface PartDigest {
	events: number;
	firstMs: number;
	lastMs: number;
	readonly days: DayCounts;
	/** By the beginning of the hour; undefined for a long archive. */
	hours: Map<number, number> | undefined;
}

export interface DigestOptions {
	readonly sinceMs?: number | undefined;
	readonly untilMs?: number | undefined;
	/** What is shown of an event. Throws for one that cannot be shown. */
	readonly redact?: ((event: AuditEvent) => AuditEvent) | undefined;
}

/** What is said of the events of an archive, in bounded memory, however many there are. */
export class Digest {
	events = 0;
	/** Lines and files that are no common record. */
	notRead = 0;
	/** Outside of the times that were asked for. */
	outside = 0;
	/** By `name:tenant`. */
	readonly parts = new Map<string, PartDigest>();
	readonly actions = new TopCounts();
	readonly activities = new TopCounts();
	readonly failures = new TopCounts();
	/** Actions that no rule knows, or only one for all that is left. */
	readonly withoutRule = new TopCounts();
	readonly actors = new TopCounts();
	readonly targets = new TopCounts();
	readonly countries = new TopCounts();
	readonly logins = new DayCounts();
	readonly failedLogins = new DayCounts();
	readonly addresses = new FirstSeen<{readonly country: string; readonly actor: string}>();
	readonly newCountries = new FirstSeen<undefined>();
	readonly timelines = timelines();
	readonly sinceMs: number | undefined;
	readonly untilMs: number | undefined;
	readonly #redact: DigestOptions['redact'];

	constructor({sinceMs, untilMs, redact}: DigestOptions = {}) {
		this.sinceMs = sinceMs;
		this.untilMs = untilMs;
		this.#redact = redact;
	}

	add(record: unknown): void {
		const timeMs = timeOf(record);
		if (timeMs === undefined) {
			this.notRead++;
			return;
		}
		if (timeMs < (this.sinceMs ?? -Infinity) || timeMs >= (this.untilMs ?? Infinity)) {
			this.outside++;
			return;
		}
		try {
			this.#count(this.#redact ? this.#redact(record as AuditEvent) : (record as AuditEvent), timeMs);
		} catch {
			this.notRead++; // a record that is common by its name only: a text where a list is expected
		}
	}

	#count(event: AuditEvent, timeMs: number): void {
		const {outcome} = event;
		const activity = typeof event.activity === 'string' ? event.activity : undefined;
		const action = cut(event.action ?? '(no action)');
		const actor = actorOf(event);
		const targets = (event.targets ?? []).map(target => nameOf(target, target.type));
		const {ip, geo} = event.origin ?? {};
		const country = geo?.country;
		const taken = this.timelines.filter(({takes}) => takes(event));

		this.events++;
		this.#part(`${event.source}:${event.tenant ?? ''}`, timeMs);
		this.actions.add(action);
		if (outcome === 'failure') this.failures.add(action);
		if (activity) this.activities.add(activity);
		if (!activity || isCatchAll(activity)) this.withoutRule.add(action);
		if (actor !== '') this.actors.add(actor);
		for (const target of new Set(targets)) this.targets.add(target);
		if (country) {
			this.countries.add(cut(country));
			this.newCountries.add(cut(country), timeMs, () => undefined);
		}
		if (ip) this.addresses.add(cut(ip), timeMs, () => ({country: cut(country ?? ''), actor}));
		if (isLogin(activity)) (outcome === 'failure' ? this.failedLogins : this.logins).add(timeMs);
		for (const {days, latest, receivers} of taken) {
			days.add(timeMs);
			if (receivers) for (const name of new Set(receiversOf(event))) receivers.add(name);
			const types = new Set((event.targets ?? []).map(({type}) => type ?? 'other'));
			latest.add({
				timeMs,
				action,
				outcome: outcome ?? '',
				source: cut(event.tenant === undefined ? event.source : `${event.source}:${event.tenant}`),
				actor,
				targets: shownTargets(event),
				targetTypes: cut([...types].join(', ')),
				details: detailsOf(event),
			});
		}
	}

	#part(key: string, timeMs: number): void {
		const name = this.parts.size < maxParts || this.parts.has(key) ? key : '(others)';
		const part = this.parts.get(name) ?? {
			events: 0,
			firstMs: Infinity,
			lastMs: -Infinity,
			days: new DayCounts(),
			hours: new Map<number, number>(),
		};
		this.parts.set(name, part);
		part.events++;
		part.firstMs = Math.min(part.firstMs, timeMs);
		part.lastMs = Math.max(part.lastMs, timeMs);
		part.days.add(timeMs);
		const hour = timeMs - (timeMs % hourMs);
		part.hours?.set(hour, (part.hours.get(hour) ?? 0) + 1);
		if (part.hours && part.hours.size > maxHours) part.hours = undefined;
	}
}

/** When a common record occurred; undefined for anything else. */
function timeOf(record: unknown): number | undefined {
	if (typeof record !== 'object' || record === null) return undefined;
	const {id, time, source} = record as Record<string, unknown>;
	if (typeof id !== 'string' || typeof time !== 'string' || typeof source !== 'string') return undefined;
	return recordTime(time)?.timeMs;
}

function isLogin(activity: Activity | undefined): boolean {
	return activity === 'user-login' || activity === 'admin-session-started';
}

function timelines(): readonly Timeline[] {
	const of = (title: string, what: string, takes: Timeline['takes']): Timeline => ({
		title,
		what,
		takes,
		days: new DayCounts(),
		latest: new Latest(maxRows),
	});
	const by = (title: string, what: string, ...activities: readonly Activity[]) =>
		of(title, what, ({activity}) => activity !== undefined && activities.includes(activity));
	return [
		{
			...of(
				'Administration granted',
				'Roles, permissions and memberships of groups that were given, where a name says “admin”.',
				grantsAdministration,
			),
			receivers: new TopCounts(),
		},
		by('Tokens', 'Tokens and keys that were created, changed or revoked.', ...tokenActivities),
		by('Policies and settings', 'Policies and settings that were changed.', 'policy-changed', 'settings-changed'),
		by('Exports', 'Content that was exported.', 'resource-exported'),
	];
}

const tokenActivities = ['token-created', 'token-updated', 'token-revoked'] as const;
const grants: ReadonlySet<Activity> = new Set([
	'role-granted',
	'permission-granted',
	'permission-changed',
	'group-user-added',
]);
const administration = /admin/i;

/** Whether an event gives somebody a role, a permission or a group that is called after administration. */
function grantsAdministration({activity, action, targets = [], changes = [], attributes = []}: AuditEvent): boolean {
	if (!activity || !grants.has(activity)) return false;
	const texts = [
		action,
		...targets.filter(({type}) => type !== 'user').flatMap(({name, id}) => [name, id]),
		...changes.flatMap(({field, from, to}) => [field, ...added(from, to)]),
		...attributes.map(({value}) => value),
	];
	return texts.some(text => text !== undefined && administration.test(text));
}

/** What of a list in a text was not in it before. */
function added(from: string | undefined, to: string | undefined): string[] {
	const before = new Set(partsOf(from));
	return partsOf(to).filter(part => !before.has(part));
}

function partsOf(text: unknown): string[] {
	return typeof text === 'string' ? text.split(/[,;\n]/).map(part => part.trim()) : [];
}

/** The users among the targets, else all of them. */
function receiversOf({targets = []}: AuditEvent): string[] {
	const users = targets.filter(({type}) => type === 'user');
	return (users.length > 0 ? users : targets).map(target => nameOf(target, target.type));
}

function shownTargets({targets = []}: AuditEvent): string[] {
	const isUser = ({type}: {readonly type?: string}) => type === 'user';
	const ordered = [...targets.filter(target => !isUser(target)), ...targets.filter(isUser)];
	const names = [...new Set(ordered.map(target => nameOf(target, target.type).slice(0, maxTargetText)))];
	const more = names.length - maxTargets;
	return more > 0 ? [...names.slice(0, maxTargets), `and ${more} more`] : names;
}

function detailsOf({changes = [], attributes = []}: AuditEvent): string {
	const said = [
		...changes.map(({field, to}) => [field, to]),
		...attributes.map(({name, key, value}) => [name ?? key, value]),
	];
	return cut(
		said
			.slice(0, 6)
			.map(pair => pair.filter(Boolean).join(': '))
			.join(', '),
	);
}

function actorOf({actor}: AuditEvent): string {
	return actor ? nameOf(actor, actor.type) : '';
}

function nameOf({name, fullName, email, id}: AuditPerson, type: string | undefined): string {
	const called = name ?? fullName ?? email ?? id;
	const kind = type === undefined || type === 'user' ? '' : type;
	return cut([kind, called].filter(Boolean).join(' '));
}

function cut(text: string): string {
	return String(text).slice(0, maxText + 1); // one more, so that it is seen where it was cut
}
