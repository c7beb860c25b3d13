/** The time, as waits and windows need it; tests put their own in its place. */
export interface Clock {
	/** Epoch milliseconds. May jump with the host's clock: for comparing with the times of servers and events only. */
	now(): number;
	/** Milliseconds that never run backwards: for time-outs, waits and windows. */
	monotonic(): number;
	/** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The longest delay that setTimeout() takes: 2^31 - 1 ms. */
const maxTimerMs = 2_147_483_647;

export const systemClock: Clock = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
	async sleep(ms, signal) {
		signal?.throwIfAborted();
		const until = performance.now() + ms;
		for (let left = ms; left > 0; left = until - performance.now()) await timer(Math.min(left, maxTimerMs), signal);
	},
};

function timer(ms: number, signal?: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		if (signal?.aborted) return reject(signal.reason);
		const onAbort = () => {
			clearTimeout(handle);
			reject(signal?.reason);
		};
		const handle = setTimeout(() => {
			signal?.removeEventListener('abort', onAbort);
			resolve();
		}, ms);
		signal?.addEventListener('abort', onAbort, {once: true});
	});
}
