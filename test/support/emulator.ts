import {type Emulator, type EmulatorOptions, startEmulator as start} from '../../lib/emulator/index.ts';

export * from '../../lib/emulator/index.ts';

/** The newest event of the emulators that specs start, so that none depends on the day. */
export const newestMs = Date.UTC(2026, 0, 31, 23, 59, 59, 987);

/** An emulator whose data end at {@link newestMs}, unless another time is given. */
export function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
	return start({newestMs, ...options});
}
