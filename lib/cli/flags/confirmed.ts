import {createInterface} from 'node:readline';
import {write} from '../output/log.ts';
import type {World} from '../world.ts';

/** Whether somebody at a terminal types `yes`, in so many letters. */
export async function confirmed({stdin, stderr}: World): Promise<boolean> {
	await write(stderr, 'Type yes to go on: ');
	// as no terminal, so that Ctrl-C stays the signal that ends the process
	const lines = createInterface({input: stdin, terminal: false});
	try {
		for await (const line of lines) return line.trim() === 'yes';
		return false;
	} finally {
		lines.close(); // a terminal that is still listened to would keep the process alive
	}
}
