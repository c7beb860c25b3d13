import {AuditError} from '../model/errors.ts';

export interface StopOptions {
	/** Asks the run to stop: no new request; what was fetched is written and committed; the report says `stopped`. */
	readonly signal?: AbortSignal | undefined;
	/** Ends the run at once, without writing what was fetched. */
	readonly forceSignal?: AbortSignal | undefined;
	/** How long a run that was asked to stop may take to write what was fetched. Default: 7,500. */
	readonly graceMs?: number | undefined;
}

/** How a run ends before its time. */
export interface Stopping {
	/** No new request. */
	readonly stop: AbortSignal;
	/** Nothing at all any more: by force, when the grace is over, or because the run has failed. */
	readonly abort: AbortController;
	/** Ends it with this error. */
	fail(error: unknown): void;
	/** The result of the work; rejects with the reason for stopping when the work does not end soon after it. */
	atMost<T>(work: Promise<T>): Promise<T>;
	/** The caller's signals are no longer listened to. */
	release(): void;
}

/** What the user is told of a stop that takes time. */
interface StopNotice {
	/** What the run waits for, in words. */
	waitingFor(): string;
	warn(message: string): void;
}

/** With the second that closing may take it is less than 10 s, which is what an orchestrator gives at least. */
export const defaultGraceMs = 7_500;
const closingMs = 1_000;
const silentMs = 1_000;
/** The longest delay that setTimeout() takes. */
const maxTimerMs = 2_147_483_647;

/** What the caller's signals mean for a run: a stop first, an abort when it is forced or takes too long. */
export function listenForStop(
	{signal, forceSignal, graceMs = defaultGraceMs}: StopOptions,
	notice?: StopNotice,
): Stopping {
	const stop = new AbortController();
	const abort = new AbortController();
	const timers: NodeJS.Timeout[] = [];
	const after = (ms: number, action: () => void) => void timers.push(setTimeout(action, Math.min(ms, maxTimerMs)));
	let giveUp!: (reason: unknown) => void;
	const overdue = new Promise<never>((_, reject) => (giveUp = reject));
	overdue.catch(() => {});
	const fail = (error: unknown) => {
		abort.abort(error);
		after(closingMs, () => giveUp(error));
	};
	const onForce = () => fail(abortedBy(forceSignal?.aborted ? forceSignal.reason : signal?.reason));
	const onStop = () => {
		after(silentMs, () => {
			const limit = graceMs <= silentMs ? '' : `, ${seconds(graceMs - silentMs)} at most`;
			if (!abort.signal.aborted) notice?.warn(`stopping: waiting for ${notice.waitingFor()}${limit}`);
		});
		after(graceMs, () => {
			if (!abort.signal.aborted)
				notice?.warn(
					`stopped without waiting any longer for ${notice.waitingFor()}; ` +
						'what was not committed is read and written again by the next run',
				);
			onForce();
		});
		stop.abort(signal?.reason);
	};
	const released = new AbortController();
	const listen = (to: AbortSignal | undefined, action: () => void) => {
		if (to?.aborted) return action();
		// a signal of one's own, since Node warns of more than ten listeners on the caller's
		if (to) AbortSignal.any([to]).addEventListener('abort', action, {once: true, signal: released.signal});
	};
	listen(signal, onStop);
	listen(forceSignal, onForce);
	return {
		stop: stop.signal,
		abort,
		fail,
		atMost: work => Promise.race([work, overdue]),
		release() {
			for (const timer of timers) clearTimeout(timer);
			released.abort();
		},
	};
}

/** The caller's own error is the reason; what AbortController makes of none says nothing of the run. */
function abortedBy(reason: unknown): unknown {
	if (reason instanceof Error && !(reason instanceof DOMException)) return reason;
	return new AuditError(
		'ABORTED',
		'the run was aborted; what was not committed is read and written again by the next run',
		{
			cause: reason,
		},
	);
}

function seconds(ms: number): string {
	return `${Math.ceil(ms / 100) / 10} s`;
}
