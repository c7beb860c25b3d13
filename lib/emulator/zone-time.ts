import {isoTimeBytes} from './iso-time.ts';

const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const SEARCHED_MS = 400 * DAY_MS;

/** Times as a server of one zone writes and reads them: `2017-04-26T00:00:00.000+0300`. */
export interface ZoneTime {
	format(timeMs: number): string;
	/** Undefined for anything else, `Z` and `+03:00` included. */
	parse(value: unknown): number | undefined;
	/** The last instant before a time when the clocks were put back, so that an hour came twice; if there is one. */
	lastRepeat(beforeMs: number): number | undefined;
}

export function createZoneTime(timeZone: string): ZoneTime {
	const local = new Intl.DateTimeFormat('en-US', {timeZone, timeZoneName: 'longOffset'});
	const offsets = new Map<number, number>();

	// clocks change at whole quarters only, and a formatter is slow
	function offsetMinutes(timeMs: number): number {
		const quarter = Math.floor(timeMs / QUARTER_MS);
		const known = offsets.get(quarter);
		if (known !== undefined) return known;
		const name = local.formatToParts(quarter * QUARTER_MS).find(({type}) => type === 'timeZoneName')?.value ?? '';
		const [, sign, hours = 0, minutes = 0] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
		const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
		offsets.set(quarter, offset);
		return offset;
	}

	return {
		format(timeMs) {
			const offset = offsetMinutes(timeMs);
			const text = Buffer.from(isoTimeBytes(timeMs + offset * 60_000, true)).toString('latin1', 0, 23);
			const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
			return `${text}${offset < 0 ? '-' : '+'}${digits(hours)}${digits(minutes)}`;
		},
		parse(value) {
			const text = typeof value === 'string' ? value : '';
			if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$/.test(text)) return undefined;
			const timeMs = Date.parse(`${text.slice(0, -2)}:${text.slice(-2)}`);
			return Number.isNaN(timeMs) ? undefined : timeMs;
		},
		lastRepeat(beforeMs) {
			// by days first, since asking for an offset is slow
			const fell = (later: number, stepMs: number) => offsetMinutes(later) < offsetMinutes(later - stepMs);
			const newest = Math.floor(beforeMs / HOUR_MS) * HOUR_MS;
			for (let day = newest; day > newest - SEARCHED_MS; day -= DAY_MS) {
				if (!fell(day, DAY_MS)) continue;
				let hour = day;
				while (!fell(hour, HOUR_MS)) hour -= HOUR_MS;
				return hour;
			}
			return undefined;
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

function digits(value: number): string {
	return String(value).padStart(2, '0');
}
