import {list} from '../registry.ts';
import type {Source} from '../source.ts';
import {credentialFlagsOf} from './credentials.ts';
import {describeFlags, type Flags, flagsOf} from './flags.ts';
import {requiredFlags} from './source-options.ts';

/** What `rxaudit pull --help` shows: of one source, or of any. */
export function pullHelp(source: Source | undefined, runFlags: Flags): string {
	const required = source ? requiredFlags(source) : ['org-id'];
	const values = required.map(flag => ` --${flag} ${flag === 'org-id' ? 'ORG' : 'VALUE'}`).join('');
	const command = `rxaudit pull ${source?.name ?? 'atlassian-org-events'}${values}`;
	const own = source
		? `Options of ${source.name}:\n${describeFlags({...flagsOf(source.options), ...credentialFlagsOf(source)})}`
		: `Sources: ${list('source').join(', ')}\n  rxaudit pull <source> --help shows its own options.`;
	return `Usage: rxaudit pull ${source?.name ?? '<source>'} [options]

Reads an audit log and writes every event to every sink. With --state, the same command again goes on where the last
one ended, whatever ended it.

${own}

Options of every run:
${describeFlags(runFlags)}

Examples:
  export RXAUDIT_TOKEN=…
  ${command} --since 30d | jq -r '.time + " " + .action'
  ${command} --to ndjson:audit.ndjson.gz --state audit.state
  ${command} --to filesystem:./backup --format raw --state backup.state

On a local stand-in, started by \`rxaudit emulate --port 8080\`:
  RXAUDIT_TOKEN=emulator ${command} --endpoint http://127.0.0.1:8080 | head -3
`;
}
