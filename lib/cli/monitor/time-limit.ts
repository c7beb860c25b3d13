import {type Clock, systemClock} from '../../model/clock.ts';
import {AuditError} from '../../model/errors.ts';

export interface TimeLimit {
	/** Aborts when the run is asked to stop, or when its time is over. */
	readonly signal: AbortSignal;
	/** The time no longer runs. */
	release(): void;
}

/** The signal, and that a run has taken so long: it stops then as it does by a signal. */
export function limitTime(
	ms: number | undefined,
	stop: AbortSignal,
	onOver: () => void,
	clock: Clock = systemClock,
): TimeLimit {
	const either = new AbortController();
	const released = new AbortController();
	const onStop = () => either.abort(stop.reason);
	if (stop.aborted) onStop();
	stop.addEventListener('abort', onStop, {once: true, signal: released.signal});
	if (ms !== undefined) {
		const over = () => {
			if (either.signal.aborted) return;
			either.abort(overdue());
			onOver();
		};
		clock.sleep(ms, released.signal).then(over, () => {});
	}
	return {signal: either.signal, release: () => released.abort()};
}

/** What the run ends with when even its grace is over. */
function overdue(): AuditError {
	return new AuditError(
		'ABORTED',
		spell =>
			`${spell('maxDuration')} and ${spell('grace')} are over; what was not committed is read and written again by the next run`,
	);
}
