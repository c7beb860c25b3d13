import type {Emulator, EmulatorSwitches} from '../support/emulator.ts';

/** How to point a source at the emulator, and what its API can do there; all else follows from the source itself. */
export interface SourceEntry {
	/** Where its API begins, below the emulator's root. */
	readonly path?: string;
	/** The options that it cannot do without, besides endpoint and credentials. */
	readonly options?: (emulator: Emulator) => Readonly<Record<string, unknown>>;
	/** The page size, where the API does not let anybody choose it. */
	readonly pageSize?: number;
	/** Whether its API gives cursors, which it may refuse. */
	readonly cursor: boolean;
	/** The answers of its API that lead nowhere, so that paging must end with an error. */
	readonly stuck: readonly ('repeat-cursor' | 'cycle-cursor' | 'renew-cursor' | 'empty-pages')[];
	/** What keeps the emulator's records the same while they are read. */
	readonly switches?: EmulatorSwitches;
}

const inOrg = ({orgId}: Emulator) => ({orgId});
const cycles = ['repeat-cursor', 'cycle-cursor', 'renew-cursor'] as const;
const dataCenter: Omit<SourceEntry, 'path'> = {
	cursor: true,
	stuck: [...cycles, 'empty-pages'],
	switches: {dataCenter: {selfAudit: false}},
};

/** One entry for each source of the registry, by its name, which is the emulated API's name too. */
export const sourceTable: Readonly<Partial<Record<string, SourceEntry>>> = {
	'atlassian-org-events': {options: inOrg, cursor: true, stuck: [...cycles, 'empty-pages']},
	// an empty page is an end of the stream, whatever its cursor says
	'atlassian-org-events-stream': {options: inOrg, cursor: true, stuck: cycles},
	'atlassian-org-users': {options: inOrg, pageSize: 50, cursor: true, stuck: [...cycles, 'empty-pages']},
	'bitbucket-data-center': {path: '/bitbucket', ...dataCenter},
	'confluence-cloud': {cursor: false, stuck: ['empty-pages']},
	'confluence-data-center': {path: '/confluence', ...dataCenter},
	'crowd-data-center': {
		path: '/crowd',
		cursor: false,
		stuck: ['empty-pages'],
		switches: {crowd: {stableSets: true}},
	},
	// a short page is the end there, so that nothing can be told from it
	'jira-cloud': {cursor: false, stuck: []},
	'jira-data-center': {path: '/jira', ...dataCenter},
};
