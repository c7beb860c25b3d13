const MINUTE_MS = 60_000;

/**
 * A header's value, where `date+5` stands for the HTTP date in 5 seconds, `date-60` for the one a minute ago,
 * `epoch+5` for epoch seconds and `minute+5` for the ISO minute that is not before; other values are as they are.
 */
export function headerValue(value: string, nowMs: number): string {
	const [, form, span] = /^(date|epoch|minute)([+-]\d+)$/.exec(value) ?? [];
	const timeMs = nowMs + Number(span) * 1000;
	if (form === 'date') return new Date(timeMs).toUTCString();
	if (form === 'epoch') return String(Math.ceil(timeMs / 1000));
	return form === 'minute' ? isoMinute(timeMs) : value;
}

/** The first whole minute that is not before a time, as `2026-11-21T20:41Z`. */
export function isoMinute(timeMs: number): string {
	return `${new Date(Math.ceil(timeMs / MINUTE_MS) * MINUTE_MS).toISOString().slice(0, 16)}Z`;
}
