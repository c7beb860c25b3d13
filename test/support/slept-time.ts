import {setImmediate as turn} from 'node:timers/promises';
import {systemClock} from '../../lib/model/clock.ts';
import type {EmulatedApi} from './emulator.ts';

/** Numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
		return state / 4_294_967_296;
	};
}

/** Something that happens to the world at a time. */
export interface Happening {
	readonly atMs: number;
	happen(): void;
}

/**
 * Time that passes only while somebody sleeps: the true one, and the host's, which may be wrong. What is to happen does
 * so on the way.
 */
export class SleptTime {
	/** How far the host's clock is from the true time. */
	offsetMs = 0;
	readonly #beganMs: number;
	#elapsedMs = 0;
	readonly #happenings: Happening[] = [];

	constructor(beganMs: number) {
		this.#beganMs = beganMs;
	}

	/** The true time, a function of its own. */
	readonly now = (): number => this.#beganMs + this.#elapsedMs;

	plan(...happenings: readonly Happening[]): void {
		this.#happenings.push(...happenings);
		this.#happenings.sort((one, other) => one.atMs - other.atMs);
	}

	pass(ms: number): void {
		const untilMs = this.now() + ms;
		while (this.#happenings.length > 0 && this.#happenings[0]!.atMs <= untilMs) {
			const {atMs, happen} = this.#happenings.shift()!;
			this.#elapsedMs = Math.max(this.#elapsedMs, atMs - this.#beganMs);
			happen();
		}
		this.#elapsedMs = untilMs - this.#beganMs;
	}

	/** Puts it in the place of the system's time; returns what undoes that. */
	install(): () => void {
		const {now, monotonic, sleep} = systemClock;
		systemClock.now = () => this.now() + this.offsetMs;
		systemClock.monotonic = () => this.#elapsedMs;
		systemClock.sleep = async (ms, signal) => {
			await turn();
			signal?.throwIfAborted();
			this.pass(ms);
			signal?.throwIfAborted();
		};
		return () => void Object.assign(systemClock, {now, monotonic, sleep});
	}
}

/** Records that come into being in a span, each of which the server has a while later. */
export function recordsBetween(
	insert: EmulatedApi['insert'],
	fromMs: number,
	untilMs: number,
	{perHour, latestMs, random}: {perHour: number; latestMs: number; random: () => number},
): Happening[] {
	const happenings: Happening[] = [];
	for (let timeMs = fromMs; timeMs < untilMs; timeMs += Math.ceil((random() * 2 * 3_600_000) / perHour)) {
		const isLate = random() < 0.2;
		const delayMs = Math.floor(random() * (isLate ? latestMs : 50_000));
		const at = timeMs;
		happenings.push({atMs: at + delayMs, happen: () => void insert([{timeMs: at}])});
		// several share a millisecond, and do not come together
		if (random() < 0.1) happenings.push({atMs: at + latestMs - 1, happen: () => void insert([{timeMs: at}])});
	}
	return happenings;
}
