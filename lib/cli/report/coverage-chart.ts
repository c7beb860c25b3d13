import {dayOf, details, number, table, time, timeBars} from './charts.ts';
import {dayMs, hourMs, isoDay} from './counts.ts';
import {Html, markup, type Content} from './html.ts';
import {type Between, type CoverageSpan, type Segment, segmentsOf, type State, stateFinder} from './segments.ts';

/** What is known of one source and tenant. */
export interface Coverage {
	readonly source: string;
	/** Empty: nothing says what was read. */
	readonly spans: readonly CoverageSpan[];
	/** Events by day, in UTC, `YYYY-MM-DD`. */
	readonly days: Readonly<Record<string, number>>;
	/** Events by the beginning of the hour; needed for short archives alone. */
	readonly hours: ReadonlyMap<number, number>;
	/** The times that the page is about: what is outside is not drawn, what is inside and was never read is. */
	readonly between?: Between;
	/** For how long the API keeps an event, where that is known. */
	readonly keptMs?: number | undefined;
	/** How many hours what was read was behind before each run, at most, by day. */
	readonly behindHours?: ReadonlyMap<number, number>;
	/** Days of which the manifest lists more events than could be read. */
	readonly unreadable?: readonly string[];
}

/** An archive of so many days or fewer is drawn by the hour. */
const maxHourDays = 92;
/** So many calendars are drawn: of all sources together, or of the latest years of one. */
const maxCharts = 24;
/** A longer archive has a table by months. */
const maxDayRows = 400;
const maxGaps = 200;
const maxUnreadableDays = 20;
const cell = 11;
const left = 62;
const top = 14;

interface Cell {
	readonly x: number;
	readonly y: number;
	readonly fromMs: number;
	readonly toMs: number;
	readonly count: number;
}

const sayings: Readonly<Record<State, string>> = {
	covered: 'read',
	filtered: 'read with a filter',
	purged: 'purged by the API before it was read',
	never: 'never read',
	unknown: 'not recorded',
};

/** A calendar for each source and tenant, and a table of what is missing. */
export function coverageChart(all: readonly Coverage[]): Html {
	if (all.length === 0) return markup`<p class="none">No events.</p>`;
	const drawn = all.slice(0, maxCharts);
	const years = Math.max(1, Math.floor(maxCharts / drawn.length));
	return markup`${legend()}${drawn.map(one => chartOf(one, years))}${
		drawn.length < all.length && markup`<p>${number(all.length - drawn.length)} sources more are not drawn.</p>`
	}`;
}

function chartOf(coverage: Coverage, years: number): Html {
	const {source, spans, days, between = {}, unreadable = []} = coverage;
	const numbers = Object.keys(days).map(day => dayOf(Date.parse(day)));
	const segments = segmentsOf(spans, between);
	const ends = [...segments.flatMap(({fromMs, toMs}) => [dayOf(fromMs), dayOf(toMs - 1)]), ...numbers];
	if (ends.length === 0) return markup`<h3>${source}</h3><p class="none">No events.</p>`;
	const first = ends.reduce((a, b) => Math.min(a, b));
	const last = ends.reduce((a, b) => Math.max(a, b));
	const charts =
		last - first < maxHourDays
			? [hourChart(coverage, first, last)]
			: yearsOf(first, last, years).map(year => yearChart(coverage, first, last, year));
	const isLong = numbers.length > maxDayRows;
	const caption = `Events by ${isLong ? 'month' : 'day'} of ${source}`;
	const sums = new Map<string, number>();
	for (const [day, count] of Object.entries(days).sort(([a], [b]) => (a < b ? -1 : 1))) {
		const name = isLong ? day.slice(0, -3) : day;
		sums.set(name, (sums.get(name) ?? 0) + count);
	}
	const rows = [...sums].map(([name, count]) => [name, number(count)]);
	const named = unreadable.slice(0, maxUnreadableDays).join(', ');
	const more =
		unreadable.length > maxUnreadableDays ? ` and ${number(unreadable.length - maxUnreadableDays)} more` : '';
	const lost =
		unreadable.length > 0 &&
		markup`<p><strong class="bad">Damaged</strong>: the manifest lists more events than could be read of ${named}${more}.</p>`;
	const {behindHours = new Map<number, number>()} = coverage;
	const behind =
		behindHours.size > 0 && timeBars(`Hours that ${source} was behind before a run`, behindHours, Math.max);
	return markup`<h3>${source}</h3>${lost}${gapTable(coverage)}${charts}${behind}${details(
		`${caption}, as a table`,
		table(caption, [isLong ? 'Month (UTC)' : 'Day (UTC)', 'Events'], rows),
	)}`;
}

function gapTable({source, spans, between = {}, keptMs}: Coverage): Html {
	if (spans.length === 0) {
		return markup`<p>What was read is not recorded: a day without events may be empty, or never read.</p>`;
	}
	const segments = segmentsOf(spans, between);
	if (segments.length === 0) return markup`<p>Nothing of it lies in the times that the page is about.</p>`;
	const gaps = segments.filter(({state}) => state !== 'covered');
	const [from, to] = [time(segments[0]!.fromMs), time(segments.at(-1)!.toMs)];
	const clock = purgeClock(spans, keptMs);
	if (gaps.length === 0) return markup`<p>All from ${from} to ${to} was read.${clock}</p>`;
	const more = gaps.length > maxGaps ? `: the first ${maxGaps} of ${number(gaps.length)}` : '';
	const rows = gaps.slice(0, maxGaps).map(({fromMs, toMs, state}) => {
		const row = [time(fromMs), time(toMs), sayings[state]];
		return keptMs === undefined ? row : [...row, state === 'purged' ? '' : time(fromMs + keptMs)];
	});
	const heads = ['From (UTC)', 'To', 'Why', ...(keptMs === undefined ? [] : ['The API deletes it from'])];
	return markup`<p>What was read from ${from} to ${to} has gaps.${clock}</p>${table(`Gaps of ${source}${more}`, heads, rows)}`;
}

/** When the API deletes the first of what came since, by its document. */
function purgeClock(spans: readonly CoverageSpan[], keptMs: number | undefined): string {
	if (keptMs === undefined) return '';
	const endMs = spans.reduce((end, {toMs}) => Math.max(end, toMs), -Infinity);
	return ` By its document the API deletes what came since from ${time(endMs + keptMs)} on.`;
}

function hourChart({source, spans, hours, between}: Coverage, first: number, last: number): Html {
	const cells: Cell[] = [];
	for (let day = first; day <= last; day++) {
		for (let hour = 0; hour < 24; hour++) {
			const fromMs = day * dayMs + hour * hourMs;
			const [x, y] = [left + hour * cell, top + (day - first) * cell];
			cells.push({x, y, fromMs, toMs: fromMs + hourMs, count: hours.get(fromMs) ?? 0});
		}
	}
	const labels: Content[] = [0, 6, 12, 18].map(hour => label(left + hour * cell, top - 4, `${hour}:00`));
	for (let day = first; day <= last; day += last - first > 21 ? 7 : 1) {
		labels.push(label(0, top + (day - first + 1) * cell - 2, isoDay(day)));
	}
	return drawn(
		`${source} by day and hour, from ${isoDay(first)} to ${isoDay(last)}`,
		cells,
		segmentsOf(spans, between),
		labels,
	);
}

function yearChart({source, spans, days, between}: Coverage, first: number, last: number, year: number): Html {
	const [begin, end] = [dayOf(Date.UTC(year, 0, 1)), dayOf(Date.UTC(year + 1, 0, 1)) - 1];
	const monday = (day: number) => (day + 3) % 7; // 1970 began on a Thursday
	const cells: Cell[] = [];
	for (let day = Math.max(begin, first); day <= Math.min(end, last); day++) {
		const x = left + Math.floor((day - begin + monday(begin)) / 7) * cell;
		const fromMs = day * dayMs;
		cells.push({x, y: top + monday(day) * cell, fromMs, toMs: fromMs + dayMs, count: days[isoDay(day)] ?? 0});
	}
	const weekdays = ['Mon', 'Wed', 'Fri'].map((name, at) => label(0, top + (at * 2 + 1) * cell - 2, name));
	const months = Array.from({length: 12}, (_, month) => {
		const column = Math.floor((dayOf(Date.UTC(year, month, 1)) - begin + monday(begin)) / 7);
		return label(left + column * cell, top - 4, String(month + 1).padStart(2, '0'));
	});
	return drawn(
		`${source} by day in ${year}`,
		cells,
		segmentsOf(spans, between),
		[...weekdays, ...months],
		String(year),
	);
}

function drawn(
	title: string,
	cells: readonly Cell[],
	segments: readonly Segment[],
	labels: readonly Content[],
	year?: string,
): Html {
	const counts = cells
		.map(({count}) => count)
		.filter(count => count > 0)
		.sort((a, b) => a - b);
	const most = counts[Math.floor(counts.length * 0.95)] ?? 1; // one day of an import leaves the others their shades
	const paths = new Map<string, string>();
	const add = (name: string, path: string) => paths.set(name, (paths.get(name) ?? '') + path);
	const sums: Record<string, number> = {};
	const stateOf = stateFinder(segments);
	for (const {x, y, fromMs, toMs, count} of cells) {
		const state = stateOf(fromMs, toMs);
		sums[sayings[state]] = (sums[sayings[state]] ?? 0) + 1;
		const shade = count === 0 ? 0 : Math.min(4, Math.ceil((4 * count) / most));
		add(state === 'unknown' && shade === 0 ? 'plain' : `shade${shade}`, square(x, y));
		if (marks[state]) add(`mark ${state}`, marks[state](x, y));
	}
	const [right, bottom] = cells.reduce(([r, b], {x, y}) => [Math.max(r, x), Math.max(b, y)], [0, 0]);
	const said = Object.entries(sums).map(([state, cells]) => `${number(cells)} ${state}`);
	const text = `${title}: ${year === undefined ? 'hours' : 'days'}: ${said.join(', ')}`;
	// What is beneath comes first: shades, then marks.
	const drawing = [...paths]
		.sort(([a], [b]) => (a < b ? 1 : -1))
		.map(([name, path]) => markup`<path class="${name}" d="${new Html(path)}"/>`);
	const [wide, high] = [right + cell + 2, bottom + cell + 2];
	return markup`<figure>${year !== undefined && markup`<h4>${year}</h4>`}<div class="scroll" tabindex="0" role="group" aria-label="${title}">
<svg class="calendar" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}" role="img" aria-label="${text}">${labels}${drawing}</svg></div>
<figcaption>${text}</figcaption></figure>\n`;
}

function square(x: number, y: number): string {
	return `M${x} ${y}h${cell - 2}v${cell - 2}h-${cell - 2}z`;
}

/** What tells states apart without colour: lines across, a cross, a dot. */
const marks: Readonly<Partial<Record<State, (x: number, y: number) => string>>> = {
	never: (x, y) => `M${x} ${y + 5}l5-5M${x} ${y + 9}l9-9M${x + 4} ${y + 9}l5-5`,
	purged: (x, y) => `M${x + 1} ${y + 1}l7 7M${x + 1} ${y + 8}l7-7`,
	filtered: (x, y) => `M${x + 3} ${y + 4.5}h3`,
};

function label(x: number, y: number, text: string): Html {
	return markup`<text x="${x}" y="${y}">${text}</text>`;
}

function legend(): Html {
	const sample = (name: string, path: string, mark: State | '', text: string) => {
		const marked = mark !== '' && marks[mark] && markup`<path class="mark ${mark}" d="${marks[mark](1, 1)}"/>`;
		return markup`<li><svg width="11" height="11" viewBox="0 0 11 11" aria-hidden="true"><path class="${name}" d="${path}"/>${marked}</svg> ${text}</li>`;
	};
	const box = square(1, 1);
	return markup`<ul class="legend" aria-label="What the squares mean">${[
		sample('shade1', box, '', 'few events'),
		sample('shade4', box, '', 'many events'),
		sample('shade0', box, '', 'read, no event'),
		sample('shade0', box, 'filtered', sayings.filtered),
		sample('shade0', box, 'never', sayings.never),
		sample('shade0', box, 'purged', sayings.purged),
		sample('plain', box, '', 'no event; whether it was read is not recorded'),
	]}</ul>\n`;
}

function yearsOf(first: number, last: number, most: number): number[] {
	const [from, to] = [first, last].map(day => new Date(day * dayMs).getUTCFullYear()) as [number, number];
	return Array.from({length: to - from + 1}, (_, at) => from + at).slice(-most);
}
