export interface StopOptions {
	/** Asks the run to stop: no new request; what was fetched is written and committed; the report says `stopped`. */
	readonly signal?: AbortSignal;
	/** Ends the run at once, without writing what was fetched. */
	readonly forceSignal?: AbortSignal;
	/** How long a run that was asked to stop may take to write what was fetched. Default: 30,000. */
	readonly graceMs?: number;
}

/** How a run ends before its time. */
export interface Stopping {
	/** No new request. */
	readonly stop: AbortSignal;
	/** Nothing at all any more: by force, when the grace is over, or because the run has failed. */
	readonly abort: AbortController;
	/** The caller's signals are no longer listened to. */
	release(): void;
}

/** What the caller's signals mean for a run: a stop first, an abort when it is forced or takes too long. */
export function listenForStop({signal, forceSignal, graceMs = 30_000}: StopOptions): Stopping {
	const stop = new AbortController();
	const abort = new AbortController();
	let grace: NodeJS.Timeout | undefined;
	const onForce = () => abort.abort(forceSignal?.aborted ? forceSignal.reason : signal?.reason);
	const onStop = () => {
		grace = setTimeout(onForce, graceMs);
		stop.abort(signal?.reason);
	};
	if (signal?.aborted) onStop();
	else signal?.addEventListener('abort', onStop, {once: true});
	if (forceSignal?.aborted) onForce();
	else forceSignal?.addEventListener('abort', onForce, {once: true});
	return {
		stop: stop.signal,
		abort,
		release() {
			clearTimeout(grace);
			signal?.removeEventListener('abort', onStop);
			forceSignal?.removeEventListener('abort', onForce);
		},
	};
}
