/**
 * Calls back when nothing is pending in this process any more: no request, timer, write or promise that could settle
 * one. Without it, Node would end the process there, silently and with exit code 0.
 */
export function reportIdle(onIdle: () => void): {stop(): void} {
	process.once('beforeExit', onIdle);
	return {stop: () => void process.off('beforeExit', onIdle)};
}
