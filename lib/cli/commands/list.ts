import {list, load} from '../../registry.ts';
import {parseFlags} from '../flags/flags.ts';
import {write} from '../output/write.ts';

/** `rxaudit list`: the sources and sinks, a line each. */
export async function listCommand(args: string[]): Promise<number> {
	const {values} = parseFlags(args, {help: {help: 'this text'}}, 0);
	if (values['help']) {
		await write(process.stdout, 'Usage: rxaudit list\n\nShows all sources and sinks.\n\nExample:\n  rxaudit list\n');
		return 0;
	}
	const lines: string[] = [];
	const width = Math.max(...[...list('source'), ...list('sink')].map(({length}) => length)) + 2;
	for (const kind of ['source', 'sink'] as const) {
		lines.push(`${kind}s:`);
		for (const name of list(kind)) lines.push(`  ${name.padEnd(width)}${(await load(kind, name)).docs.split('. ')[0]}`);
	}
	await write(process.stdout, `${lines.join('\n')}\n\nrxaudit describe <name> shows the options of one.\n`);
	return 0;
}
