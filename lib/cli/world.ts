const codes = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const;

export interface StopSignals {
	readonly stop: AbortSignal;
	readonly force: AbortSignal;
	/** 128 and the number of the first signal; undefined when none came. */
	exitCode(): number | undefined;
	/** Signals end the process again, as they do by default. */
	release(): void;
	/**
	 * Ends the process by the first signal, output that nobody takes and all; a shell sees the same exit code. After
	 * `ms` only if it has not ended by itself, now that nothing is to be done any more.
	 */
	endNow(ms?: number): void;
}

/** The first signal asks to stop, the second one forces it. */
export function stopSignals(): StopSignals {
	const stop = new AbortController();
	const force = new AbortController();
	let first: keyof typeof codes | undefined;
	const listeners = (Object.keys(codes) as (keyof typeof codes)[]).map(signal => {
		const onSignal = () => {
			if (first !== undefined) return force.abort(new Error(`stopped by ${signal}`));
			first = signal;
			stop.abort(new Error(`stopped by ${signal}`));
		};
		process.on(signal, onSignal);
		return () => void process.off(signal, onSignal);
	});
	const release = () => listeners.forEach(off => off());
	return {
		stop: stop.signal,
		force: force.signal,
		exitCode: () => (first === undefined ? undefined : codes[first]),
		release,
		endNow(ms = 0) {
			release();
			if (first === undefined) return;
			const signal = first;
			const end = () => {
				process.kill(process.pid, signal);
				// Process 1 of a container is not ended by signals.
				// oxlint-disable-next-line no-restricted-properties
				if (process.pid === 1) process.exit(codes[signal]);
			};
			if (ms === 0) end();
			else setTimeout(end, ms).unref();
		},
	};
}
