import {list, load} from '../../registry.ts';
import {parseFlags} from '../flags/flags.ts';
import {write} from '../output/log.ts';
import type {World} from '../world.ts';

export function help(): string {
	return 'Usage: rxaudit list\n\nShows all sources and sinks.\n\nExample:\n  rxaudit list\n';
}

/** `rxaudit list`: the sources and sinks, a line each. */
export async function run(args: string[], world: World): Promise<number> {
	parseFlags(args, {}, 0, world);
	const lines: string[] = [];
	const width = Math.max(...[...list('source'), ...list('sink')].map(({length}) => length)) + 2;
	for (const kind of ['source', 'sink'] as const) {
		lines.push(`${kind}s:`);
		for (const name of list(kind)) lines.push(`  ${name.padEnd(width)}${(await load(kind, name)).docs.split('. ')[0]}`);
	}
	await write(world.stdout, `${lines.join('\n')}\n\nrxaudit describe <name> shows the options of one.\n`);
	return 0;
}
