import {toEcs} from '../../lib/schemas/ecs.ts';
import {toOcsf} from '../../lib/schemas/ocsf.ts';
import {mapRecord} from '../../lib/source/common-record.ts';
import type {Source} from '../../lib/source/define-source.ts';
import {actionWords} from '../../sources/_actions.ts';
import {apiSources} from './api-sources.ts';
import {code, shortBlock, table} from './tables.ts';

/** What somebody wants to know of an event, with a record of which a text is the answer. */
interface Question {
	readonly asked: string;
	readonly product: 'bitbucket' | 'confluence' | 'jira';
	readonly record: object;
	readonly answer: string;
}

const timestamp = '2026-01-31T12:00:00Z';
const ann = {id: '10', name: 'Ann', type: 'user', uri: 'https://dc.example.com/users/ann'};
const event = (actionI18nKey: string, more: object = {}) => ({timestamp, author: ann, type: {actionI18nKey}, ...more});
const extra = (name: string, value: string) => ({name, nameI18nKey: name, value});
const object = (type: string, name: string) => ({type, id: '20', name});

const succeeded = event('audit.logging.summary.login.success', {source: '192.0.2.7,10.0.0.1'});
const failed = event('audit.logging.summary.login.failed', {
	author: {id: '-2', name: 'Anonymous', type: 'user'},
	source: '192.0.2.7,10.0.0.1',
	extraAttributes: [extra('Username', 'ann'), extra('Failure reason', 'wrong password')],
});
const granted = event('bitbucket.service.user.audit.action.globalpermissiongranted', {
	affectedObjects: [object('USER', 'bob')],
	changedValues: [{key: 'Permission', to: 'SYS_ADMIN'}],
});
const renamed = event('jira.auditing.user.renamed', {
	affectedObjects: [object('USER', 'new.name')],
	changedValues: [{key: 'Username', from: 'old.name', to: 'new.name'}],
});
const token = [extra('Token name', 'nightly export'), extra('Token ID', '4711')];
const created = event('personal.access.tokens.audit.log.summary.token.created', {extraAttributes: token});
const used = event('jira.auditing.project.created', {extraAttributes: token});
const searched = event('issuenav.jqlsearch.performed', {extraAttributes: [extra('JQL query', 'project = SEC')]});
const made = event('bitbucket.service.repository.audit.action.repositorymodified', {
	changedValues: [{key: 'Public', from: 'false', to: 'true'}],
});

const asked: readonly Question[] = [
	{asked: 'Who logged in?', product: 'confluence', record: succeeded, answer: 'ann'},
	{asked: 'Did it succeed?', product: 'confluence', record: succeeded, answer: 'success'},
	{asked: 'Did it fail?', product: 'confluence', record: failed, answer: 'failure'},
	{asked: 'Whose login failed?', product: 'confluence', record: failed, answer: 'ann'},
	{asked: 'Whom does the API name as the author of that?', product: 'confluence', record: failed, answer: 'anonymous'},
	{asked: 'Why did it fail?', product: 'confluence', record: failed, answer: 'wrong password'},
	{asked: "Which address is the client's?", product: 'confluence', record: succeeded, answer: '192.0.2.7'},
	{asked: "Which address is the proxy's?", product: 'confluence', record: succeeded, answer: '10.0.0.1'},
	{asked: 'Which permission was given?', product: 'bitbucket', record: granted, answer: 'SYS_ADMIN'},
	{asked: 'To whom?', product: 'bitbucket', record: granted, answer: 'bob'},
	{asked: 'What was a renamed user called?', product: 'jira', record: renamed, answer: 'old.name'},
	{asked: 'What is the user called now?', product: 'jira', record: renamed, answer: 'new.name'},
	{asked: 'What is a new token called?', product: 'jira', record: created, answer: 'nightly export'},
	{asked: 'What is the id of a new token?', product: 'jira', record: created, answer: '4711'},
	{asked: 'Which token was it done with?', product: 'jira', record: used, answer: 'nightly export'},
	{asked: 'What is its id?', product: 'jira', record: used, answer: '4711'},
	{asked: 'What was searched for?', product: 'jira', record: searched, answer: 'project = SEC'},
	{asked: 'What was changed to what?', product: 'bitbucket', record: made, answer: 'true'},
];

/** The questions that somebody has who reads the events, with the members that answer them. */
export function questions(): string {
	const keys = [
		'jira.auditing.user.added.to.group',
		'audit.logging.summary.login.failed',
		'atlassian.audit.event.action.audit.config.updated',
		'bitbucket.service.repository.audit.action.repositorymodified',
		'data-pipeline.audit.action.full.export.failed',
		'personal.access.tokens.audit.log.summary.token.created',
		'com.atlassian.plugins.authentication.audit.action.removal',
		'User added to group',
	];
	return `## Questions

The members below are where the answer stood in a record that the code has mapped. \`x[].y\` is \`y\` of any object in the list
\`x\`.

${table(['question', 'audit', 'ECS', 'OCSF'], asked.map(cellsOf))}

**A login** has the activity \`user-login\`, whether it succeeded or failed. Of a failed one \`user\` is the account that was
tried; whom the API names as its author, often nobody, is \`atlassian.actor\`. In ECS and in OCSF (a line a member):

${formats('confluence', failed).slice(1).map(shortBlock).join('\n\n')}

**A token** that is created, changed or revoked is a target of type \`token\`; one that something was done with is the
\`credential\`. **A query**, such as JQL, is a target of type \`query\`.

**An action that no rule knows** has no \`activity\` ${unknown()}.
The run counts such actions, and its summary names them. **A catch-all** is a rule for all else, such as \`confluence *\`: its activity is
\`product-activity\`, and the run counts the action as one that no rule knows. \`other\` means that the API itself says no more.

**Behind a proxy** \`origin.ip\`, ECS \`source.ip\`, is the first address that the server saw named, the client's; all others
follow in \`origin.ips\`. A proxy that the server does not trust may be all that it sees.

**A key becomes words** by \`actionWords\` in sources/_actions.ts: what begins all keys of a product falls away, points, hyphens
and underscores become spaces, and capitals become small.

${table(
	['key or text', 'words'],
	keys.map(key => [code(key), code(actionWords(key))]),
)}
`;
}

function sourceOf(product: Question['product']): Source {
	return apiSources.find(({name}) => name === `${product}-data-center`)!;
}

/** The record in each format, without its own text. */
function formats(product: Question['product'], record: object): object[] {
	const {event: mapped, ...facts} = mapRecord(sourceOf(product), JSON.stringify(record), 'dc.example.com');
	const {raw: _, ...audit} = mapped;
	return [audit, toEcs(audit, facts), toOcsf(audit, facts)];
}

function cellsOf({asked: question, product, record, answer}: Question): string[] {
	const cells = formats(product, record).map(made => placesOf(made, answer));
	if (cells.every(places => places.length === 0)) throw new Error(`no answer to: ${question}`);
	return [question, ...cells.map(places => places.map(code).join(', ') || 'not there')];
}

/** Where a text is the value, capitals apart, or the end of one such as `Public=true`; attributes only where nothing else has it. */
function placesOf(value: unknown, text: string): string[] {
	const found = new Set<string>();
	const walk = (inner: unknown, path: string): void => {
		if (Array.isArray(inner)) for (const item of inner) walk(item, `${path}[]`);
		else if (typeof inner === 'object' && inner !== null) {
			for (const [key, member] of Object.entries(inner)) walk(member, path ? `${path}.${key}` : key);
		} else if (typeof inner === 'string' && (inner.toLowerCase() === text.toLowerCase() || inner.endsWith(`=${text}`)))
			found.add(path);
	};
	walk(value, '');
	const better = [...found].filter(path => !/attributes\[\]/.test(path));
	return better.length > 0 ? better : [...found];
}

function unknown(): string {
	const [audit, ecs, ocsf] = formats('jira', event('no.rule.knows.this')) as [
		{readonly outcome?: string},
		{readonly event: {readonly category: readonly string[]; readonly outcome: string}},
		{readonly class_name: string},
	];
	const {category, outcome} = ecs.event;
	return `and ${audit.outcome ? `the outcome ${code(audit.outcome)}` : 'no `outcome`'}; in ECS ${code(`event.category: ${category.join()}`)} and ${code(`event.outcome: ${outcome}`)}, in OCSF the class ${ocsf.class_name}`;
}
