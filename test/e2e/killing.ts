import assert from 'node:assert/strict';
import {setTimeout as delay} from 'node:timers/promises';
import type {Ended, Pull} from './pull.ts';

export interface Killing {
	/** Starts the process that is killed, and again what goes on behind it. */
	readonly start: (life: number) => Pull;
	readonly kills: number;
	/** Changes as soon as the process is at work. */
	readonly seen: () => number;
	/** The longest time from there to its end. */
	readonly lifeMs: number;
	readonly random: () => number;
	/** Kills it by itself at a better moment; false: this life is to be ended at a random instant. */
	readonly takeOver?: (running: Pull, kills: number) => boolean;
	/** What a run may say that has not come to its end, and goes on with the next. */
	readonly mayFail?: RegExp;
}

/** Kills a process so many times, each a while after it began its work; the last one ends by itself, with 0. */
export async function killAgainAndAgain(killing: Killing): Promise<number> {
	const {start, kills: wanted, seen, lifeMs, random, takeOver, mayFail = /^$/} = killing;
	let kills = 0;
	let end: Ended | undefined;
	for (let lives = 0; end?.code !== 0; lives++) {
		assert.ok(lives < 10 * wanted, `${lives} lives and not done`);
		const before = seen();
		const running = start(lives);
		let isRunning = true;
		void running.ended.then(() => (isRunning = false));
		if (kills < wanted && takeOver?.(running, kills) !== true) {
			while (isRunning && seen() === before) await delay(1);
			await delay(random() * lifeMs);
			running.child.kill('SIGKILL');
		}
		end = await running.ended;
		if (end.code === 'SIGKILL') kills++;
		else if (!mayFail.test(end.stderr)) assert.equal(end.code, 0, end.stderr);
	}
	return kills;
}
