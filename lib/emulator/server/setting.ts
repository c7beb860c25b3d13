import type {ErrorBody} from './answer.ts';
import type {Api, ApiName, EmulatedApi} from './api.ts';
import type {EmulatorOptions} from './emulator-options.ts';
import type {TimelineOptions} from '../data/timeline.ts';
import {hash} from '../data/random.ts';
import {createRecordLog, type RecordLog, type RecordLogOptions} from '../data/record-log.ts';
import {rename} from '../data/rename.ts';

const NEWEST_MS = Date.UTC(2026, 0, 31, 23, 59, 59, 987);
const SPACING_MS = 60_000;
const COUNT = 1000;
const TWIN_PERCENT = 50;
const MAX_LIMIT = 10_000;

export interface SettingOptions extends EmulatorOptions {
	readonly seed: number;
	readonly now: () => number;
	/** The organization that records name. */
	readonly orgId: string;
	/** The only one that there is; undefined for any. */
	readonly onlyOrgId: string | undefined;
	/** Who asks, for logs that note it. */
	readonly username: string;
}

/** An API, and what it holds. */
export interface Part {
	readonly api: Api;
	readonly held: EmulatedApi;
}

/** What is particular to the records of one API; the rest is the same for all. */
export type LogParticulars<Facts> = Pick<RecordLogOptions<Facts>, 'factsOf' | 'recordOf' | 'timeJson'> &
	Partial<RecordLogOptions<Facts>>;

/** What the APIs have in common. */
export interface Setting {
	readonly options: SettingOptions;
	readonly seed: number;
	readonly now: () => number;
	readonly errorBody: ErrorBody;
	readonly prettyPrint: boolean;
	readonly maxLimit: number;
	/** Whether links to next pages keep the filters of the request. */
	readonly linkFilters: boolean;
	/** Undefined: as the API does it. */
	readonly end: 'null' | 'absent' | 'empty-page' | undefined;
	/** What links begin with by default, known once the server listens. */
	readonly linkBase: () => string;
	countOf(name: ApiName): number;
	timelineOf(name: ApiName, seed: number): TimelineOptions;
	/** The records of an API, with a seed of their own. */
	logOf<Facts>(name: ApiName, particulars: (timeline: TimelineOptions) => LogParticulars<Facts>): RecordLog<Facts>;
	/** The display name that a person goes by now, for where the id of the account stands beside it. */
	nameOf(name: string): string;
	rename(from: string, to: string): void;
}

export function createSetting(options: SettingOptions, url: () => string): Setting {
	const {seed, now, switches = {}, newestMs = NEWEST_MS, spacingMs = SPACING_MS} = options;
	const {errorBody = 'object', prettyPrint = false, maxLimit = MAX_LIMIT, linkFilters = true, end} = switches;
	const renamed = new Map<string, string>();
	const logs: {forgetShapes(): void}[] = [];

	const countOf = (name: ApiName) => options.eventsOf?.[name] ?? options.events ?? COUNT;
	const timelineOf = (name: ApiName, own: number): TimelineOptions => ({
		events: countOf(name),
		seed: own,
		newestMs,
		spacingMs,
		bursts: switches.bursts ?? {},
	});

	return {
		options,
		seed,
		now,
		errorBody,
		prettyPrint,
		maxLimit,
		linkFilters,
		end,
		linkBase: () => switches.linkOrigin ?? url(),
		countOf,
		timelineOf,
		logOf(name, particulars) {
			const timeline = timelineOf(name, seedOf(name, seed));
			const own = particulars(timeline);
			const twinPercent = own.ids ? 0 : (switches.twinPercent ?? TWIN_PERCENT);
			const log = createRecordLog({ids: false, twinPercent, prettyPrint, timeline, ...own});
			logs.push(log);
			return log;
		},
		nameOf: name => renamed.get(name) ?? name,
		rename(from, to) {
			rename(renamed, from, to);
			for (const log of logs) log.forgetShapes();
		},
	};
}

function seedOf(name: string, seed: number): number {
	return Array.from(name).reduce((mixed, letter) => hash(mixed, 0, letter.charCodeAt(0)), seed);
}
