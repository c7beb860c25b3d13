import {dayMs, isoDay} from './counts.ts';
import {Html, markup, type Content} from './html.ts';

const maxBars = 100;
/** Fewer leave room, so that none is broad. */
const minBars = 30;
const spansOfDays = [1, 7, 30, 91, 365];
const width = 720;
const height = 120;

/** A count as people read it: `1,234,567`. */
export function number(value: number): string {
	return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `2026-08-01 12:34:56` in UTC. */
export function time(timeMs: number): string {
	return new Date(timeMs).toISOString().slice(0, -5).replace('T', ' ');
}

/** A table that scrolls by itself where it is wider than the page, by keyboard too. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly Content[])[]): Html {
	if (rows.length === 0) return markup`<p class="none">${caption}: none.</p>`;
	const cells = (row: readonly Content[]) =>
		row.map((cell, at) => (at === 0 ? markup`<th scope="row">${cell}</th>` : markup`<td>${cell}</td>`));
	const head = heads.map(text => markup`<th scope="col">${text}</th>`);
	const body = rows.map(row => markup`<tr>${cells(row)}</tr>\n`);
	return markup`<div class="scroll" tabindex="0" role="group" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>\n`;
}

export function details(summary: string, content: Content): Html {
	return markup`<details><summary>${summary}</summary>${content}</details>\n`;
}

/** A bar within a row of a table, for eyes only: its number stands beside it. */
export function share(value: number, most: number): Html {
	const length = Math.max(1, Math.round((100 * value) / Math.max(most, 1)));
	return markup`<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="bar" width="${length}" height="8"/></svg>`;
}

/** Counts over time as bars, with the same as a table beside it. `what` is what is counted, `join` makes one of several days. */
export function timeBars(
	what: string,
	days: ReadonlyMap<number, number>,
	join: (one: number, other: number) => number = (one, other) => one + other,
): Html {
	if (days.size === 0) return markup`<p class="none">${what}: none.</p>`;
	const {bars, span} = barsOf(days, join);
	const most = Math.max(...bars.map(({count}) => count));
	const step = width / Math.max(bars.length, minBars);
	const path = bars.flatMap(({count}, at) => {
		if (count === 0) return [];
		const tall = Math.max(1, Math.round((count / most) * height));
		return [`M${round(at * step)} ${height}v-${tall}h${round(Math.max(step - 1, 0.5))}v${tall}z`];
	});
	const per = span === 1 ? 'by day' : `by ${span} days`;
	const [first, last] = [bars[0]!, bars.at(-1)!];
	const label = `${what}, ${per}, from ${isoDay(first.from)} to ${isoDay(last.to)}; at most ${number(most)}`;
	const rows = bars
		.filter(({count}) => count > 0)
		.map(({from, to, count}) => [
			from === to ? isoDay(from) : `${isoDay(from)} to ${isoDay(to)}`,
			number(count),
			share(count, most),
		]);
	const drawing = markup`<path class="axis" d="M0 ${height + 0.5}h${width}"/><path class="bar" d="${new Html(path.join(''))}"/>`;
	return markup`<figure><svg class="chart" viewBox="0 0 ${width} ${height + 1}" preserveAspectRatio="none" role="img" aria-label="${label}">${drawing}</svg>
<figcaption>${label}</figcaption></figure>
${details(`${what} ${per}, as a table`, table(`${what} ${per}`, ['Days (UTC)', 'Count', 'Share'], rows))}`;
}

interface Bar {
	readonly from: number;
	readonly to: number;
	readonly count: number;
}

function barsOf(
	days: ReadonlyMap<number, number>,
	join: (one: number, other: number) => number,
): {bars: Bar[]; span: number} {
	let [first, last] = [Infinity, -Infinity];
	for (const day of days.keys()) [first, last] = [Math.min(first, day), Math.max(last, day)];
	const length = last - first + 1;
	const span = spansOfDays.find(days => length / days <= maxBars) ?? Math.ceil(length / maxBars);
	const counts = Array.from({length: Math.ceil(length / span)}, () => 0);
	for (const [day, count] of days) {
		const at = Math.floor((day - first) / span);
		counts[at] = join(counts[at]!, count);
	}
	return {
		span,
		bars: counts.map((count, at) => ({
			count,
			from: first + at * span,
			to: Math.min(first + at * span + span - 1, last),
		})),
	};
}

export function round(value: number): number {
	return Math.round(value * 100) / 100;
}

/** The day of a time, in days since 1970. */
export function dayOf(timeMs: number): number {
	return Math.floor(timeMs / dayMs);
}
