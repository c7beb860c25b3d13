const QUARTER_MS = 900_000;

/** Times as a server of one zone writes and reads them: `2017-04-26T00:00:00.000+0300`. */
export interface ZoneTime {
	format(timeMs: number): string;
	/** Undefined for anything else, `Z` and `+03:00` included. */
	parse(value: unknown): number | undefined;
}

export function createZoneTime(timeZone: string): ZoneTime {
	const local = new Intl.DateTimeFormat('en-US', {timeZone, timeZoneName: 'longOffset'});
	const offsets = new Map<number, string>();

	// clocks change at whole quarters only, and a formatter is slow
	function offsetOf(timeMs: number): string {
		const quarter = Math.floor(timeMs / QUARTER_MS);
		const known = offsets.get(quarter);
		if (known !== undefined) return known;
		const name = local.formatToParts(quarter * QUARTER_MS).find(({type}) => type === 'timeZoneName')?.value ?? '';
		const offset = /[+-]\d\d:\d\d/.exec(name)?.[0].replace(':', '') ?? '+0000';
		offsets.set(quarter, offset);
		return offset;
	}

	return {
		format(timeMs) {
			const offset = offsetOf(timeMs);
			const minutes = Number(offset.slice(0, 3)) * 60 + Number(offset[0] + offset.slice(3));
			return new Date(timeMs + minutes * 60_000).toISOString().replace('Z', offset);
		},
		parse(value) {
			const text = typeof value === 'string' ? value : '';
			if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$/.test(text)) return undefined;
			const timeMs = Date.parse(`${text.slice(0, -2)}:${text.slice(-2)}`);
			return Number.isNaN(timeMs) ? undefined : timeMs;
		},
	};
}

/** Whether there is a zone of this name. */
export function isTimeZone(name: string): boolean {
	try {
		return Boolean(new Intl.DateTimeFormat('en-US', {timeZone: name}));
	} catch {
		return false;
	}
}
