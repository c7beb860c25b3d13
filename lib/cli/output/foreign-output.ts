import {format} from 'node:util';
import {excerpt} from '../../http/secrets.ts';
import {logFormatIn, logLine} from './progress.ts';

const levels = {debug: 'info', error: 'error', info: 'info', log: 'info', warn: 'warn'} as const;

/**
 * Makes a log line of what Node and other libraries print, or nothing of it with `--quiet`: stdout is for events only,
 * and whoever asks for JSON reads each line as such. Returns what undoes it.
 */
export function takeForeignOutput(argv: readonly string[], stream: Pick<NodeJS.WriteStream, 'write'>): () => void {
	const quiet = argv.includes('--quiet');
	const logFormat = logFormatIn(argv);
	const say = (level: 'info' | 'warn' | 'error', text: string) => {
		if (!quiet) stream.write(logLine(logFormat, level, excerpt(text, 1000)));
	};
	const onWarning = ({name, message}: Error) => say('warn', `${name}: ${message}`);
	const others = process.listeners('warning');
	process.removeAllListeners('warning').on('warning', onWarning);
	const names = Object.keys(levels) as (keyof typeof levels)[];
	const own = names.map(name => console[name]);
	for (const name of names) console[name] = (...given: unknown[]) => say(levels[name], format(...given));
	return () => {
		process.off('warning', onWarning);
		for (const other of others) process.on('warning', other);
		for (const [at, name] of names.entries()) console[name] = own[at]!;
	};
}
