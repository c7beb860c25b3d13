import {isAbsolute, join} from 'node:path';
import type {Readable, Writable} from 'node:stream';

/** All that a command sees of the process that it runs in, and does to it. */
export interface World {
	readonly env: Readonly<Record<string, string | undefined>>;
	/** The folder that the names of files begin at; `.` is the process's own. */
	readonly cwd: string;
	readonly stdin: Readable & MaybeTerminal;
	readonly stdout: Writable & MaybeTerminal;
	readonly stderr: Writable & MaybeTerminal;
	readonly signals: Signals;
	/** What day it is, in epoch milliseconds. */
	now(): number;
}

interface MaybeTerminal {
	readonly isTTY?: boolean;
	/** How wide and how high it is. */
	readonly columns?: number;
	readonly rows?: number;
}

export interface Signals {
	on(signal: StopSignal, listener: () => void): unknown;
	off(signal: StopSignal, listener: () => void): unknown;
	/** Ends the process by this signal; a shell sees this exit code. */
	end(signal: StopSignal, code: number): void;
}

export type StopSignal = keyof typeof codes;

const codes = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const;

/**
 * The path of a file within the world's folder. A name that no folder can stand before (`-`, `~/x`, a URL) is left
 * for its reader to refuse.
 */
export function fileIn({cwd}: Pick<World, 'cwd'>, name: string): string {
	return name === '' || name === '-' || isAbsolute(name) || /^(~|file:|[a-z][a-z\d+.-]*:\/\/)/i.test(name)
		? name
		: join(cwd, name);
}

export interface Stop {
	readonly stop: AbortSignal;
	readonly force: AbortSignal;
	/** 128 and the number of the first signal; undefined when none came. */
	exitCode(): number | undefined;
	/** Signals end the process again, as they do by default. */
	release(): void;
	/**
	 * Ends the process by the first signal, output that nobody takes and all. After `ms` only if it has not ended by
	 * itself, now that nothing is to be done any more; where no signal came, by `otherwise`.
	 */
	endNow(ms?: number, otherwise?: StopSignal): void;
	/** The same for a run that was given up: a reader that takes nothing, or a sink that hangs, would keep it alive. */
	leave(stdout: Pick<Writable, 'writableLength'>): void;
}

const endsByItselfMs = 300;

/** The first signal asks to stop, the second one forces it. */
export function stopBy(signals: Signals, names = Object.keys(codes) as readonly StopSignal[]): Stop {
	const stop = new AbortController();
	const force = new AbortController();
	let first: StopSignal | undefined;
	const listeners = names.map(signal => {
		const onSignal = () => {
			const controller = first === undefined ? stop : force;
			first ??= signal;
			controller.abort(new Error(`stopped by ${signal}`));
		};
		signals.on(signal, onSignal);
		return () => void signals.off(signal, onSignal);
	});
	const release = () => listeners.forEach(off => off());
	const endNow: Stop['endNow'] = (ms = 0, otherwise) => {
		release();
		const signal = first ?? otherwise;
		if (signal === undefined) return;
		if (ms === 0) signals.end(signal, codes[signal]);
		else setTimeout(() => signals.end(signal, codes[signal]), ms).unref();
	};
	return {
		stop: stop.signal,
		force: force.signal,
		exitCode: () => (first === undefined ? undefined : codes[first]),
		release,
		endNow,
		leave({writableLength}) {
			if (first === undefined) endNow(endsByItselfMs, 'SIGTERM');
			else endNow(writableLength > 0 ? 0 : endsByItselfMs);
		},
	};
}
