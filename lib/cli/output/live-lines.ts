import type {World} from '../world.ts';
import {fitColumns} from './columns.ts';

/** Lines at the end of a terminal that are drawn anew, and what is said above them. */
export interface LiveLines {
	set(name: string, text: string | undefined): void;
	say(line: string): void;
	/** Takes them away. */
	clear(): void;
}

const drawEveryMs = 100;

/** A line for each name, in the order in which they came; as many as the terminal has room for. */
export function liveLines(stream: World['stderr']): LiveLines {
	const lines = new Map<string, string>();
	let drawn = 0;
	let isDirty = false;
	const erased = () => (drawn === 0 ? '' : `\r${drawn > 1 ? `\x1b[${drawn - 1}A` : ''}\x1b[J`);
	const painted = () => {
		const room = Math.max(1, (stream.rows || 24) - 2);
		const shown = [...lines].map(([name, text]) => fitColumns(`${name}: ${text}`, (stream.columns || 80) - 1));
		if (shown.length > room) shown.splice(room - 1, Infinity, `… and ${shown.length - room + 1} more`);
		drawn = shown.length;
		return shown.join('\n');
	};
	const draw = () => {
		if (isDirty) stream.write(erased() + painted());
		isDirty = false;
	};
	const timer = setInterval(draw, drawEveryMs).unref();
	return {
		set(name, text) {
			isDirty = true;
			if (text === undefined) lines.delete(name);
			else lines.set(name, text);
		},
		say: line => void stream.write(erased() + line + painted()),
		clear() {
			clearInterval(timer);
			stream.write(erased());
			drawn = 0;
		},
	};
}
