import {z} from 'zod';
import {type Ask, defineOperation} from '../lib/source/define-operation.ts';
import {SourceError} from '../lib/model/errors.ts';
import {wholeJsonNumber} from '../lib/options/options.ts';

type Values = Readonly<Record<string, string | number>>;

/** One resource of the plugin's configuration: what GET gives, PUT takes. */
interface Setting<Body extends z.ZodType<object>> {
	/** The source's name. */
	readonly source: string;
	/** The name of the operation that reads it. */
	readonly name: string;
	/** Below the configuration. */
	readonly path: string;
	/** The member of the body that holds the values; absent: the body itself. */
	readonly member?: string;
	/** What is there, and what setting it means. */
	readonly docs: readonly [read: string, write: string];
	readonly body: Body;
	/** What people must know before they change it. */
	readonly warning?: string;
}

const areas = [
	'global-config-and-administration',
	'user-management',
	'permissions',
	'local-config-and-administration',
	'security',
	'end-user-activity',
	'ecosystem',
] as const;
const level = z.enum(['off', 'base', 'advanced', 'full']);
const length = wholeJsonNumber(0, 1_000_000).default(0);

const levels = Object.fromEntries(areas.map(area => [area, level.exactOptional()])) as Record<
	(typeof areas)[number],
	z.ZodExactOptional<typeof level>
>;

const coverageBody = z.strictObject({
	levelByArea: z.strictObject(levels, {error: `expected a level for one or more of ${areas.join(', ')}`}),
});

const retentionBody = z.strictObject({
	period: z
		.strictObject({years: length, months: length, days: length}, {error: 'expected years, months or days'})
		.refine(({years, months, days}) => years + months + days > 0, {error: 'expected a period longer than nothing'}),
});

const fileRetentionBody = z.strictObject({maxFileCount: wholeJsonNumber(1, 1_000_000)});

/** What each product can do with the plugin's configuration. */
export function configurationOf(source: string) {
	const [coverage, setCoverage] = operationsOf({
		source,
		name: 'coverage',
		path: 'coverage',
		member: 'levelByArea',
		docs: [
			'Gives how much is audited, by area.',
			'Sets how much is audited: {"levelByArea": {"security": "full"}}; areas left out stay as they are. The levels advanced and full need a Data Center licence.',
		],
		body: coverageBody,
	});
	const [retention, setRetention] = operationsOf({
		source,
		name: 'retention',
		path: 'retention',
		member: 'period',
		docs: [
			'Gives how long the server keeps events.',
			'Sets how long the server keeps events: {"period": {"years": 10}}; what is left out is 0. The server deletes older events for good.',
		],
		body: retentionBody,
		warning: 'the server deletes events older than that, for good',
	});
	return {coverage, 'set-coverage': setCoverage, retention, 'set-retention': setRetention};
}

/** What only Jira can do: its audit log also goes to files. */
export function fileRetentionOf(source: string) {
	const [read, write] = operationsOf({
		source,
		name: 'retention-file',
		path: 'retention/file',
		docs: [
			'Gives how many audit log files the server keeps.',
			'Sets how many audit log files the server keeps: {"maxFileCount": 100}. The server deletes older files for good.',
		],
		body: fileRetentionBody,
		warning: 'the server deletes older files, for good',
	});
	return {'retention-file': read, 'set-retention-file': write};
}

/** The operation that reads a setting, and the one that changes it. */
function operationsOf<Body extends z.ZodType<object>>(setting: Setting<Body>) {
	const {source, name, docs, member, body, warning} = setting;
	const path = `/rest/auditing/1.0/configuration/${setting.path}`;

	function valuesOf(content: unknown): Values {
		const values =
			member === undefined ? content : (content as Readonly<Record<string, unknown>> | undefined)?.[member];
		if (typeof values === 'object' && values !== null) return values as Values;
		throw new SourceError('BAD_BODY', `${source} ${name}: expected ${member ?? 'an object'}, got ${typeof values}`);
	}

	/** All values, those that are left out as they are: nobody knows what the server makes of a part. */
	async function whole(ask: Ask, given: object) {
		const answer = await ask({path});
		const before = valuesOf(answer.json);
		const after: Values = {...before, ...valuesOf(given)};
		return {answer, before, after};
	}

	const read = defineOperation({docs: docs[0], options: {}, run: ({ask}) => ask<z.output<Body>>({path})});
	const write = defineOperation({
		docs: docs[1],
		options: {},
		body,
		writes: true,
		async preview({ask, body: given}) {
			const {answer, before, after} = await whole(ask, given);
			const changed = Object.keys(after).filter(key => after[key] !== before[key]);
			if (changed.length === 0) return {unchanged: answer};
			const lines = changed.map(key => `${key}: ${before[key] ?? 'not set'} -> ${after[key]}`);
			return [...lines, ...(warning === undefined ? [] : [warning])].join('\n');
		},
		async run({ask, body: given}) {
			const {after} = await whole(ask, given);
			return ask<z.output<Body>>({method: 'PUT', path, body: member === undefined ? after : {[member]: after}});
		},
	});
	return [read, write] as const;
}
