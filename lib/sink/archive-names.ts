/** The names of what an archive of objects holds: manifests and files of events. */

const manifestEntry = /^_rxaudit\.manifest\/(?:([0-9a-f]{8})\/)?(\d{12})\.entry$/;
const dataObject = /(?:^|\/)(\d{12})-([0-9a-f]{8})(?:~\d+)?(\.(?:ndjson(?:\.gz|\.zst)?|parquet))$/;

/** Below which the entries of the manifest are. */
export const manifestPrefix = '_rxaudit.manifest/';

/** A part of the manifest is the chain of one state. '' is that of an archive from before there were parts. */
export interface EntryPlace {
	readonly part: string;
	readonly entry: number;
}

export function entryName({part, entry}: EntryPlace): string {
	return `${manifestPrefix}${part === '' ? '' : `${part}/`}${twelveDigits(entry)}.entry`;
}

/** Which entry has this name; undefined for everything else. */
export function entryOf(name: string): EntryPlace | undefined {
	const [, part = '', digits] = manifestEntry.exec(name) ?? [];
	return digits === undefined ? undefined : {part, entry: Number(digits)};
}

interface ObjectPlace {
	readonly partition: string;
	/** The entry that is going to list it. */
	readonly entry: number;
	/** The mark of the part, 8 hex digits. */
	readonly run: string;
	readonly ending: string;
	/** How many objects of the same place cannot be had. */
	readonly attempt: number;
}

export function objectName({partition, entry, run, ending, attempt}: ObjectPlace): string {
	return `${partition}/${twelveDigits(entry)}-${run}${attempt === 0 ? '' : `~${attempt}`}${ending}`;
}

type NamedObject = Pick<ObjectPlace, 'entry' | 'run' | 'ending'>;

/** What the name of an object of events says; undefined for everything else. */
export function objectOf(name: string): NamedObject | undefined {
	const [, digits, run, ending] = dataObject.exec(name) ?? [];
	return digits === undefined ? undefined : {entry: Number(digits), run: run!, ending: ending!};
}

function twelveDigits(entry: number): string {
	return String(entry).padStart(12, '0');
}
