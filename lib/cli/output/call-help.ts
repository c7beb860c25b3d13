import {deprecationText} from '../../source/deprecation.ts';
import type {BoundOperation} from '../../source/operations.ts';
import {basicOptions, connectionOptions, tokenOption} from '../../options/options.ts';
import {list, load} from '../../registry.ts';
import type {Source} from '../../source/define-source.ts';
import {camel, describeFlags, type Flags} from '../flags/flags.ts';
import {leastFlags, plainFlagsOf, sourceFlags} from '../flags/options.ts';

/** What of a source `rxaudit call` works with. */
export type CallableSource = Pick<Source, 'name' | 'endpoint' | 'auth' | 'operations'>;

/** The flags that every operation takes. */
export const callFlags = {
	quiet: {help: 'nothing on stderr but questions, warnings and errors'},
	'log-format': {value: 'text|json', help: 'of what is said on stderr (default: text)'},
	help: {help: 'this text'},
} satisfies Flags;

const writeFlags: Flags = {yes: {help: 'change it without asking; needed where nobody can be asked'}};

const bodyFlag: Flags = {
	body: {value: 'FILE|-', required: true, help: 'the body, JSON, from a file or from standard input'},
};
const accessOptions = ['endpoint', ...Object.keys({...tokenOption, ...basicOptions, ...connectionOptions})];

/** The flags of one operation: its own, its body, those of the connection but the credentials'. */
export function operationFlags({options, takesBody, writes}: BoundOperation): Flags {
	return {...plainFlagsOf(options), ...(takesBody ? bodyFlag : {}), ...(writes ? writeFlags : {})};
}

/** A source's operations with their own options, for people; empty where it has none. */
export function describeOperations({name, operations}: CallableSource): string {
	const entries = Object.entries(operations).map(([operationName, operation]) => {
		const flags = describeFlags(ownFlags(operation)).replace(/^(?=.)/gm, '  ');
		const ends = operation.deprecations.map(deprecation => `    ${deprecationText(deprecation)}\n`).join('');
		return `  ${`${operationName} `.padEnd(26)}${operation.docs}\n${ends}${flags && `${flags}\n`}`;
	});
	return entries.length === 0 ? '' : `Operations, each by rxaudit call ${name} <operation>:\n${entries.join('')}`;
}

/** What `rxaudit call --help` shows: of one operation, of one source, or of all. */
export async function callHelp(source?: CallableSource, name = '<operation>'): Promise<string> {
	const operation = source?.operations[name];
	const required = source && operation ? leastFlags({...source, options: operation.options}) : [];
	const flags = required.map(flag => ` --${flag} ${plainFlagsOf(operation!.options)[flag]!.value}`).join('');
	const body = operation?.takesBody ? ' --body FILE|-' : '';
	const writes = source ? (operation ? [operation] : Object.values(source.operations)).some(one => one.writes) : true;
	return `Usage: rxaudit call ${source?.name ?? '<source>'} ${name}${flags}${body} [options]

${operation?.docs ?? 'Asks an API for something beside its audit log, or changes a setting of it.'}

The answer goes to standard output as the API gave it.${writes ? ofWriting : ''}

${source && operation ? `Options:\n${describeFlags(allFlags(source, operation))}\n` : source ? ofSource(source) : await ofAll()}`;
}

const ofWriting = ` What changes something is first shown on stderr, and asked for:
type yes. Where nobody can be asked it needs --yes. Any other answer than yes changes nothing, and the exit code is 1.
Where nothing would change, nothing is asked or sent, and the answer is what is set.`;

function ofSource(source: CallableSource): string {
	const operations = describeOperations(source);
	if (operations === '') return `${source.name} has no operations.\n`;
	return `${operations}\nrxaudit call ${source.name} <operation> --help shows the options of the connection too.\n`;
}

async function ofAll(): Promise<string> {
	const sources = await Promise.all(list('source').map(name => load('source', name)));
	const lines = sources
		.map(({name, operations}) => [name, Object.keys(operations).join(', ')] as const)
		.filter(([, operations]) => operations !== '')
		.map(([name, operations]) => `  ${`${name} `.padEnd(26)}${operations}`);
	return `Operations:
${lines.join('\n')}

rxaudit call <source> --help shows what they do and their options.

Examples:
  rxaudit call atlassian-org-events event-actions --org-id ORG | jq .
  rxaudit call jira-data-center set-retention --endpoint https://jira.example.com --body retention.json
  echo '{"period": {"years": 3}}' | rxaudit call jira-data-center set-retention --endpoint https://jira.example.com --body - --yes
`;
}

function ownFlags(operation: BoundOperation): Flags {
	const own = Object.entries(operationFlags(operation)).filter(([flag]) => !accessOptions.includes(camel(flag)));
	return Object.fromEntries(own);
}

function allFlags(source: CallableSource, operation: BoundOperation): Flags {
	return {
		...ownFlags(operation),
		...sourceFlags({...source, options: operation.options}),
		...callFlags,
	};
}
