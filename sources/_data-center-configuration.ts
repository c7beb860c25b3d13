import {z} from 'zod';
import {SourceError} from '../lib/errors.ts';
import type {Json} from '../lib/event.ts';
import type {Ask, Operation} from '../lib/operations.ts';
import {wholeNumber} from '../lib/options.ts';

type Operations = Readonly<Record<string, Operation>>;
type Values = Readonly<Record<string, string | number>>;

/** One resource of the plugin's configuration: what GET gives, PUT takes. */
interface Setting {
	/** The source's name. */
	readonly source: string;
	/** Below the configuration. */
	readonly path: string;
	/** The member of the body that holds the values; absent: the body itself. */
	readonly member?: string;
	/** What is there, and what setting it means. */
	readonly docs: readonly [read: string, write: string];
	readonly body: z.ZodType;
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
];
const level = z.enum(['off', 'base', 'advanced', 'full']);
const length = wholeNumber(0, 1_000_000).default(0);

const coverageBody = z.strictObject({
	levelByArea: z.strictObject(Object.fromEntries(areas.map(area => [area, level.exactOptional()])), {
		error: `expected a level for one or more of ${areas.join(', ')}`,
	}),
});

const retentionBody = z.strictObject({
	period: z
		.strictObject({years: length, months: length, days: length}, {error: 'expected years, months or days'})
		.refine(({years, months, days}) => years + months + days > 0, {error: 'expected a period longer than nothing'}),
});

const fileRetentionBody = z.strictObject({maxFileCount: wholeNumber(1, 1_000_000)});

/** What each product can do with the plugin's configuration. */
export function configurationOf(source: string): Operations {
	return {
		...operationsOf('coverage', {
			source,
			path: 'coverage',
			member: 'levelByArea',
			docs: [
				'Gives how much is audited, by area.',
				'Sets how much is audited: {"levelByArea": {"security": "full"}}; areas left out stay as they are. The levels advanced and full need a Data Center licence.',
			],
			body: coverageBody,
		}),
		...operationsOf('retention', {
			source,
			path: 'retention',
			member: 'period',
			docs: [
				'Gives how long the server keeps events.',
				'Sets how long the server keeps events: {"period": {"years": 10}}; what is left out is 0. The server deletes older events for good.',
			],
			body: retentionBody,
			warning: 'the server deletes events older than that, for good',
		}),
	};
}

/** What only Jira can do: its audit log also goes to files. */
export function fileRetentionOf(source: string): Operations {
	return operationsOf('retention-file', {
		source,
		path: 'retention/file',
		docs: [
			'Gives how many audit log files the server keeps.',
			'Sets how many audit log files the server keeps: {"maxFileCount": 100}. The server deletes older files for good.',
		],
		body: fileRetentionBody,
		warning: 'the server deletes older files, for good',
	});
}

function operationsOf(name: string, setting: Setting): Operations {
	const {docs, member, body, warning} = setting;
	const path = `/rest/auditing/1.0/configuration/${setting.path}`;

	async function read(ask: Ask): Promise<Values> {
		const {json} = await ask({path});
		const values = member === undefined ? json : (json as Readonly<Record<string, unknown>> | undefined)?.[member];
		if (typeof values === 'object' && values !== null) return values as Values;
		throw new SourceError(
			'BAD_BODY',
			`${setting.source} ${name}: expected ${member ?? 'an object'}, got ${typeof values}`,
		);
	}

	/** All values, those that are left out as they are: nobody knows what the server makes of a part. */
	async function whole(ask: Ask, given: Json | undefined): Promise<readonly [before: Values, after: Values]> {
		const before = await read(ask);
		const values = (member === undefined ? given : (given as Readonly<Record<string, Values>>)[member]) as Values;
		return [before, {...before, ...values}];
	}

	return {
		[name]: {docs: docs[0], options: {}, run: ({ask}) => ask({path})},
		[`set-${name}`]: {
			docs: docs[1],
			options: {},
			body,
			writes: true,
			async preview({ask, body: given}) {
				const [before, after] = await whole(ask, given);
				const changed = Object.keys(after).filter(key => after[key] !== before[key]);
				if (changed.length === 0) return 'nothing changes';
				const lines = changed.map(key => `${key}: ${before[key] ?? 'not set'} -> ${after[key]}`);
				return [...lines, ...(warning === undefined ? [] : [warning])].join('\n');
			},
			async run({ask, body: given}) {
				const [, after] = await whole(ask, given);
				return ask({method: 'PUT', path, body: member === undefined ? after : {[member]: after}});
			},
		},
	};
}
