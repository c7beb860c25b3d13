const codes = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const;

export interface StopSignals {
	readonly stop: AbortSignal;
	readonly force: AbortSignal;
	/** 128 and the number of the first signal; undefined when none came. */
	exitCode(): number | undefined;
	/** Signals end the process again, as they do by default. */
	release(): void;
}

/** The first signal asks to stop, the second one forces it. */
export function stopSignals(): StopSignals {
	const stop = new AbortController();
	const force = new AbortController();
	let exitCode: number | undefined;
	const listeners = Object.entries(codes).map(([signal, code]) => {
		const onSignal = () => {
			if (exitCode !== undefined) return force.abort(new Error(`stopped by ${signal}`));
			exitCode = code;
			stop.abort(new Error(`stopped by ${signal}`));
		};
		process.on(signal, onSignal);
		return () => void process.off(signal, onSignal);
	});
	return {
		stop: stop.signal,
		force: force.signal,
		exitCode: () => exitCode,
		release: () => listeners.forEach(off => off()),
	};
}
