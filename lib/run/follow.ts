import {type Clock, systemClock} from '../model/clock.ts';
import {AuditError, type ErrorCode, RateLimitError, reasonOf} from '../model/errors.ts';
import type {Meter} from '../model/meter.ts';

/** How a run goes on when its source is read to the end. */
export interface Follow {
	/** From the beginning of a round to that of the next, in milliseconds; a round that takes longer is followed at once. */
	readonly everyMs: number;
}

/** The longest wait behind rounds that failed, unless the time between two rounds is longer. */
const maxPauseMs = 5 * 60_000;

/** What does not get well by itself: it ends a follow whenever it comes. */
const lasting: ReadonlySet<ErrorCode> = new Set([
	'STATE_CONFLICT',
	'STATE_DAMAGED',
	'STATE_FOREIGN',
	'TARGET_CHANGED',
	'SOURCE_CHANGED',
	'POISON_EVENT',
	'READER_GONE',
	'ABORTED',
	'E_UNSETTLED_PAGES',
]);

/** What is a mistake of the user as long as nothing was ever read. */
const mistakes: ReadonlySet<ErrorCode> = new Set([
	'CONFIG',
	'TARGET_REFUSED',
	'UNAUTHORIZED',
	'FORBIDDEN',
	'STATE_LOCKED',
	'TARGET_LOCKED',
]);

interface Followed extends Follow {
	readonly meter: Meter;
	/** Asks to stop; between two rounds that is at once. */
	readonly stop: AbortSignal;
	next(): {make(): Promise<unknown>};
	/** Called behind each round that is not the last. */
	ended(failed: boolean): Promise<void>;
	readonly clock?: Clock;
}

/**
 * Makes one round after the other until it is asked to stop. A round that fails is told of, and tried again, later and
 * later up to five minutes; rejects with what cannot get well, and, as long as nothing was read, with a mistake.
 */
export async function follow({everyMs, meter, stop, next, ended, clock = systemClock}: Followed): Promise<void> {
	let failures = 0;
	let hasRead = false;
	while (!stop.aborted) {
		const beganMs = clock.monotonic();
		let pauseMs = everyMs;
		meter.beginRound();
		const round = next();
		const {readUpToMs} = meter;
		try {
			await round.make();
			await ended(false);
			hasRead = true;
			failures = 0;
			meter.endRound();
		} catch (error) {
			// where only a gap is left, what is new is read as often as ever
			const hasAdvanced = meter.readUpToMs !== readUpToMs;
			hasRead ||= hasAdvanced;
			if (stop.aborted || !getsWell(error, hasRead)) throw error;
			await ended(true);
			failures = hasAdvanced ? 0 : failures + 1;
			if (failures > 1) pauseMs = Math.min(everyMs * 2 ** (failures - 1), Math.max(everyMs, maxPauseMs));
			if (error instanceof RateLimitError) pauseMs = Math.max(pauseMs, error.waitMs);
			meter.endRound(reasonOf(error));
		}
		const leftMs = beganMs + pauseMs - clock.monotonic();
		if (leftMs > 0) await clock.sleep(leftMs, stop).catch(() => {});
	}
}

function getsWell(error: unknown, hasRead: boolean): boolean {
	if (!(error instanceof AuditError) || lasting.has(error.code)) return false;
	return hasRead || !mistakes.has(error.code);
}
