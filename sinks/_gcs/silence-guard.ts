export interface SilenceGuard {
	readonly signal: AbortSignal;
	/** Something was heard: the silence begins anew. */
	heard(): void;
	/** Whatever still goes on under the signal ends. */
	end(): void;
}

/** Aborts its signal after so long a silence, or with the signal that it is given. */
export function silenceGuard(timeoutMs: number, signal: AbortSignal): SilenceGuard {
	const silence = new AbortController();
	const abort = () => silence.abort(signal.reason);
	const timer = setTimeout(() => {
		silence.abort(Object.assign(new Error(`nothing was heard for ${timeoutMs} ms`), {code: 'ETIMEDOUT'}));
	}, timeoutMs);
	if (signal.aborted) abort();
	signal.addEventListener('abort', abort, {once: true});
	return {
		signal: silence.signal,
		heard: () => void timer.refresh(),
		end() {
			clearTimeout(timer);
			signal.removeEventListener('abort', abort);
			silence.abort();
		},
	};
}
