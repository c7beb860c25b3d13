import {hash} from '../data/random.ts';
import {listText, pageText} from '../data/json.ts';
import {createRecordLog, type RecordLog, type RecordLogOptions} from '../data/record-log.ts';
import type {TimelineOptions} from '../data/timeline.ts';
import {type Answer, type ErrorBody, jsonAnswer} from './answer.ts';
import type {EmulatorOptions} from './emulator.ts';
import type {EmulatorSwitches} from './switches.ts';

const SPACING_MS = 60_000;
const COUNT = 1000;
const TWIN_PERCENT = 50;
const MAX_LIMIT = 10_000;

/** The options of an emulator, with the defaults that APIs look at. */
export interface SettingOptions extends EmulatorOptions {
	readonly seed: number;
	readonly newestMs: number;
	readonly now: () => number;
	readonly username: string;
	/** The organization that records name. */
	readonly exampleOrgId: string;
}

/** What is particular to the records of one API; the rest is the same for all. */
export type LogParticulars<Facts> = Pick<RecordLogOptions<Facts>, 'factsOf' | 'recordOf' | 'fill'> &
	Partial<RecordLogOptions<Facts>>;

/** What an API is made in. */
export interface Setting {
	readonly options: SettingOptions;
	readonly switches: EmulatorSwitches;
	readonly errorBody: ErrorBody;
	/** What links begin with by default, known once the server listens. */
	readonly linkBase: () => string;
	/** The number of records that the API begins with. */
	readonly count: number;
	/** The records of the API, with a seed of their own. */
	log<Facts>(particulars: LogParticulars<Facts>): RecordLog<Facts>;
	/** A page: these records in place of the empty array that `envelope` holds as `member`. */
	page(envelope: object, member: string, records: readonly string[]): Answer;
	/** A page that is the list of these records itself. */
	list(records: readonly string[]): Answer;
	/** How many records a page has where so many were asked for; `max` is the API's own limit. */
	limit(asked: number, max?: number): number;
	/** The display name that a person goes by now, for where the id of the account stands beside it. */
	nameOf(name: string): string;
	/** What several APIs hold together: made by the first of them that asks. */
	shared<T>(make: (setting: Setting) => T): T;
}

/** The settings of an emulator's APIs, each by its name. */
export interface Settings {
	of(name: string): Setting;
	rename(from: string, to: string): void;
}

export function createSettings(options: SettingOptions, url: () => string): Settings {
	const {switches = {}, spacingMs = SPACING_MS} = options;
	const {prettyPrint = false} = switches;
	const renamed = new Map<string, string>();
	const logs: {forgetShapes(): void}[] = [];
	const made = new Map<unknown, unknown>();

	function of(name: string): Setting {
		const count = options.eventsOf?.[name] ?? options.events ?? COUNT;
		const setting: Setting = {
			options,
			switches,
			errorBody: switches.errorBody ?? 'object',
			linkBase: () => switches.linkOrigin ?? url(),
			count,
			log(particulars) {
				const seed = Array.from(name).reduce((mixed, letter) => hash(mixed, 0, letter.charCodeAt(0)), options.seed);
				const {newestMs} = options;
				const timeline: TimelineOptions = {events: count, seed, newestMs, spacingMs, bursts: switches.bursts ?? {}};
				const twinPercent = switches.twinPercent ?? TWIN_PERCENT;
				const log = createRecordLog({twinPercent, prettyPrint, timeline, ...particulars});
				logs.push(log);
				return log;
			},
			page: (envelope, member, records) => jsonAnswer(200, pageText(envelope, member, records, prettyPrint)),
			list: records => jsonAnswer(200, listText(records, prettyPrint)),
			limit: (asked, max = MAX_LIMIT) => Math.min(asked, max, switches.maxLimit ?? MAX_LIMIT),
			nameOf: person => renamed.get(person) ?? person,
			shared<T>(make: (setting: Setting) => T): T {
				if (!made.has(make)) made.set(make, make(setting));
				return made.get(make) as T;
			},
		};
		return setting;
	}

	return {
		of,
		rename(from, to) {
			for (const [original, current] of renamed) if (current === from) renamed.set(original, to);
			renamed.set(from, to);
			for (const log of logs) log.forgetShapes();
		},
	};
}

/** The whole number of a query parameter, `missing` without it, undefined when it is none or below `min`. */
export function wholeNumber(query: URLSearchParams, name: string, missing: number, min: number): number | undefined {
	const text = query.get(name);
	if (text === null) return missing;
	return /^\d{1,15}$/.test(text) && Number(text) >= min ? Number(text) : undefined;
}
