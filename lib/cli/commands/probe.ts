import {filter, firstValueFrom, tap} from 'rxjs';
import type {Rate} from '../../http/limiter.ts';
import {Budget} from '../../model/budget.ts';
import {Meter, unsaidSpanMs} from '../../model/meter.ts';
import type {Page} from '../../model/page.ts';
import {freshStart} from '../../model/start.ts';
import {RateLimitError} from '../../model/errors.ts';
import {parseRate} from '../../options/options.ts';
import type {Source} from '../../source/define-source.ts';
import type {Probe} from '../../source/estimate.ts';

/** So many requests are sent at most. */
export const maxRequests = 20;
/** Left for attempts that fail. */
const maxProbes = 18;
/** Nobody waits for a plan until a quota is back. */
const longestWait = '10s';
/** A page with so much of the largest one may be cut, at the bounds that were asked for. */
const almostFull = 0.8;

class CountingMeter extends Meter {
	override requests = 0;
	readonly #full: () => void;

	constructor(full: () => void) {
		super();
		this.#full = full;
	}

	override answered(status: number | string, failing?: string): void {
		super.answered(status, failing);
		if (this.requests >= maxRequests) this.#full();
	}
}

/**
 * Asks for first pages of spans, one after the other, as a pull would ask for them; with `asksOnce` for one page, and
 * nothing more where that is empty or fails.
 */
export function openProber(
	source: Source,
	options: Readonly<Record<string, unknown>>,
	stop: AbortSignal,
	asksOnce = false,
) {
	const full = new AbortController();
	const meter = new CountingMeter(() => full.abort());
	const signal = AbortSignal.any([stop, full.signal]);
	const pages: {
		readonly rows: number;
		readonly bytes: number;
		readonly isWhole: boolean;
		readonly ms: number;
		readonly cpuMs: number;
	}[] = [];
	const rate = rateOf(source, options, meter);
	const most = Math.max(1, Math.min(maxProbes, (rate?.requests ?? Infinity) - 1));

	const isWanted = (page: Page) => asksOnce || hasRows(page);

	let isOut = false;

	async function probe(sinceMs: number, untilMs: number): Promise<Probe | undefined> {
		if (pages.length >= most || isOut || signal.aborted || meter.quota?.left === 0) return undefined;
		const span = source.order === 'none' ? {} : spanOf(sinceMs, untilMs);
		const start = {...freshStart(), budget: new Budget({maxPages: 1}), meter, signal, asksOnce};
		const began = performance.now();
		const cpu = process.cpuUsage();
		const [requests, waited] = [meter.requests, meter.waitedMs];
		// an empty page is that of a gap, or what a listing has in its middle
		const given = source({maxWait: longestWait, ...options, ...span} as never, start).pipe(
			tap(page => isWanted(page) || page.ack()),
			filter(isWanted),
		);
		const page: Page | undefined = await firstValueFrom(given, {defaultValue: undefined}).catch((error: unknown) => {
			if (error instanceof RateLimitError && pages.length > 0) isOut = true;
			else throw error;
			return undefined;
		});
		if (isOut) return undefined;
		if (signal.aborted && !page) return undefined;
		const ms = (performance.now() - began - (meter.waitedMs - waited)) / Math.max(1, meter.requests - requests);
		const {user, system} = process.cpuUsage(cpu);
		page?.ack();
		const timesMs = page?.records.map(({orderMs}) => orderMs) ?? [];
		const rows = timesMs.length + (page?.rejected.length ?? 0);
		const position = page?.position as {readonly scan?: unknown} | undefined;
		const largest = Math.max(0, ...pages.map(other => other.rows));
		// what a source knows to be the end, an empty page, or fewer than there have been
		const isWhole = (rows === 0 && !asksOnce) || position?.scan === undefined || rows < largest * almostFull;
		pages.push({rows, bytes: page?.bytes ?? 0, isWhole, ms, cpuMs: (user + system) / 1000});
		return {timesMs, isWhole};
	}

	return {
		probe,
		meter,
		pageRows: () => Math.max(1, ...pages.map(({rows}) => rows)),
		seen: () => ({
			events: pages.reduce((sum, {rows}) => sum + rows, 0),
			bytes: pages.reduce((sum, {bytes}) => sum + bytes, 0),
			pages: pages.length,
			isWhole: pages.every(page => page.isWhole),
		}),
		/** Of one with rows, as a rule. */
		latencyMs: () => median(pages.filter(({rows}) => rows > 0).map(({ms}) => ms)),
		/** Of the fastest one: the first ones warm the engine up. */
		cpuMsPerEvent: () => Math.min(...pages.map(({rows, cpuMs}) => cpuMs / Math.max(1, rows))),
	};
}

function hasRows({records, rejected}: Page): boolean {
	return records.length + rejected.length > 0;
}

function median(values: readonly number[]): number {
	return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

/** The limit that a pull would keep: the user's, the published one, or what the API says. */
export function rateOf(
	{rate, endpoint}: Source,
	options: Readonly<Record<string, unknown>>,
	{quota}: Meter,
): (Rate & {readonly isBound?: boolean}) | undefined {
	const given = options['rate'] as string | undefined;
	if (given !== undefined) return parseRate(given);
	const isVendor =
		endpoint !== undefined &&
		(options['endpoint'] === undefined || hostOf(options['endpoint'] as string) === hostOf(endpoint));
	if (isVendor && rate) return {...rate, isBound: true};
	return quota && {requests: quota.limit, perMs: quota.perMs ?? unsaidSpanMs};
}

/** A span as options say it; without a beginning where it is that of the log. */
function spanOf(sinceMs: number, untilMs: number) {
	const since = sinceMs > 0 ? {since: new Date(Math.round(sinceMs))} : {};
	return {...since, until: new Date(Math.round(untilMs)), concurrency: 1};
}

function hostOf(url: string): string | undefined {
	return URL.canParse(url) ? new URL(url).host : undefined;
}
