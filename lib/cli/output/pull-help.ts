import {list} from '../../registry.ts';
import type {Source} from '../../source/define-source.ts';
import {exampleEnvironment, exampleFlags, type ExampleSource, isEmulated} from './examples.ts';
import {describeFlags, type Flags} from '../flags/flags.ts';
import {sourceFlags} from '../flags/options.ts';

const emulator = 'http://127.0.0.1:8080';

/** What `rxaudit pull --help` shows: of one source, or of any, with `example` for its examples, and flags of sinks. */
export function pullHelp(
	source: Source | undefined,
	runFlags: Flags,
	example = source,
	sinkFlags: Readonly<Record<string, Flags>> = {},
): string {
	const ofSinks = Object.entries(sinkFlags).map(
		([sink, flags]) => `\nOptions of every run with --to ${sink}:TARGET\n${describeFlags(flags)}\n`,
	);
	const own = source
		? `Options of ${source.name}:\n${describeFlags(sourceFlags(source))}`
		: `Sources: ${list('source').join(', ')}\n  rxaudit pull <source> --help shows its own options.`;
	return `Usage: rxaudit pull ${source ? source.name + exampleFlags(source) : '<source>'} [options]

Reads an audit log and writes every event to every sink. With --state, the same command again goes on where the last
one ended, whatever ended it.

${own}

Options of every run:
${describeFlags(runFlags)}
${ofSinks.join('')}${example && example.reference !== '' ? examples(example) : ''}`;
}

/** Command lines that work as they stand, but for the address, the organization and the credentials. */
function examples(source: ExampleSource & Pick<Source, 'order'>): string {
	const command = `rxaudit pull ${source.name}${exampleFlags(source)}`;
	// a listing knows no times, and its records are written as they are
	const look = source.order === 'none' ? '| jq .' : `--since 30d | jq -r '.time + " " + .action'`;
	const login = exampleEnvironment(source, 'api');
	const there = `
Examples:
${login && `  export ${login}\n`}  ${command} ${look}
  ${command} --to ndjson:audit.ndjson.gz --state audit.state
  ${command} --to filesystem:./backup --format raw --state backup.state
`;
	if (!isEmulated(source)) return there;
	return `${there}
On a local stand-in, started by \`rxaudit emulate --port ${new URL(emulator).port}\`:
  ${exampleEnvironment(source, 'emulator')} rxaudit pull ${source.name}${exampleFlags(source, emulator)} | head -3
`;
}
