import {z} from 'zod';
import {connect, type Connection} from '../lib/http/connect.ts';
import {defineSink} from '../lib/sink/define-sink.ts';
import {AuthError, ConfigError, SinkError, SourceError} from '../lib/model/errors.ts';
import {Meter} from '../lib/model/meter.ts';
import {connectionOptions, tokenOption} from '../lib/options/options.ts';
import type {Rejected, SourceRecord} from '../lib/model/page.ts';
import type {OpenSink, SinkContext} from '../lib/sink/sink.ts';
import {applyOption, sumUp} from './_write-back/write-back.ts';

const name = 'atlassian-user-profile';
const api = {endpoint: 'https://api.atlassian.com', auth: ['bearer']} as const;
const users = 'atlassian-org-users';
const wording = {
	address: 'the endpoint of the sink',
	missing: ['there is no such account', 'that it still exists, and the endpoint of the sink'],
	forbidden: [
		'these credentials may not change this account',
		'that its domain is claimed by the organization, and what the API key may do',
	],
} as const;
const words = {name, things: 'accounts', done: 'changed', before: 'as they should be'};

/** An empty one would be another refusal for each account, or the loss of what is there. */
const text = z.string({error: 'expected a text'}).min(1, {error: 'expected a text that is not empty'}).optional();
const extended = {job_title: text, department: text, organization: text, location: text};
const profile = z.strictObject(
	{
		name: text,
		nickname: text,
		zoneinfo: text,
		locale: text,
		extended_profile: z
			.strictObject(extended, {error: `expected some of ${Object.keys(extended).join(', ')}`})
			.optional(),
	},
	{error: 'expected some of name, nickname, zoneinfo, locale, extended_profile'},
);

type Profile = z.output<typeof profile>;

/**
 * Sets members of the profile of each managed account that reaches it, as records of `atlassian-org-users`.
 *
 * It looks at the profile first and sends only what differs, so that running it again changes nothing. What the API
 * refuses for one account is handed back as rejected; the others go on.
 */
export default defineSink({
	name,
	docs:
		'Sets members of the profile of each account that atlassian-org-users gives (User management API). ' +
		'Without apply=true it changes nothing and says what it would do. Only what differs is sent, so running it ' +
		'again changes nothing more. An account for which the API refuses is a dead letter that says why. ' +
		'Needs an API key of an organization admin: that of the source where both have one origin, else token-file=FILE ' +
		'in the target. ' +
		"Example: rxaudit pull atlassian-org-users --org-id ORG --where name='Lila Smalls' " +
		"--to 'atlassian-user-profile?set.extended_profile.department=Marketing&apply=true'",
	target: 'endpoint',
	api,
	options: z.object({
		endpoint: z
			.string()
			.min(1)
			.default(api.endpoint)
			.describe("the API's address; a path prefix is kept; at the command line the one of a source of the same API"),
		set: profile
			.refine(given => membersOf(given).length > 0, {error: 'expected at least one member to set'})
			.describe(
				'what to set: set.name=TEXT, and likewise nickname, zoneinfo, locale, extended_profile.job_title, ' +
					'extended_profile.department, extended_profile.organization, extended_profile.location',
			),
		...applyOption,
		...tokenOption,
		...connectionOptions,
	}),
	create({set, apply, ...options}) {
		const {endpoint, client} = connect({name, ...api, wording}, options, new Meter());
		return {
			target: endpoint.href.replace(/\/$/, ''),
			accepts: [{source: users}],
			layout: {
				apply: String(apply),
				set: membersOf(set)
					.map(pair => pair.join('='))
					.sort()
					.join('&'),
			},
			open: async context => openProfiles({client, set, apply, context}),
		};
	},
});

interface ProfilesOptions extends Pick<Connection, 'client'> {
	readonly set: Profile;
	readonly apply: boolean;
	readonly context: SinkContext;
}

function openProfiles({client, set, apply, context}: ProfilesOptions): OpenSink {
	const counts = {done: 0, before: 0, refused: 0};
	let closed = false;

	async function ask(method: 'GET' | 'PATCH', accountId: string, body?: object): Promise<unknown> {
		const path = `/users/${encodeURIComponent(accountId)}/manage/profile`;
		const sent = body === undefined ? {} : {body: JSON.stringify(body)};
		// the same values again are harmless
		const {content} = await client({method, path, repeatable: true, ...sent}, context.signal);
		return content;
	}

	/** Says what was changed; an empty list when all was as it should be. */
	async function change(accountId: string): Promise<readonly string[]> {
		const answer = (await ask('GET', accountId)) as {readonly account?: Profile} | null;
		const before = new Map(membersOf(answer?.account ?? {}));
		const differing = membersOf(set).filter(([member, value]) => before.get(member) !== value);
		if (differing.length > 0 && apply) await ask('PATCH', accountId, profileOf(differing));
		return differing.map(([member, value]) => `${member} from ${shown(before.get(member))} to ${shown(value)}`);
	}

	async function take({id, text, value}: SourceRecord): Promise<Rejected | undefined> {
		const {account_id: accountId, name: called} = (value ?? {}) as {account_id?: unknown; name?: unknown};
		if (typeof accountId !== 'string' || accountId === '') {
			throw new ConfigError(`${name}: expected accounts of ${users}, got a record without account_id`);
		}
		const who = typeof called === 'string' ? `${called} (${accountId})` : accountId;
		try {
			const changes = await change(accountId);
			if (changes.length === 0) counts.before++;
			else {
				counts.done++;
				context.note(`${name}: ${who}: ${apply ? 'changed' : 'would change'} ${changes.join(', ')}`);
			}
			return undefined;
		} catch (error) {
			if (!isRefusal(error)) throw toSinkError(error);
			counts.refused++;
			context.note(`${name}: ${who}: refused; ${error.message}`);
			return {id, text, reason: error.message};
		}
	}

	return {
		async write({records}) {
			const rejected: Rejected[] = [];
			for (const record of records) {
				const refused = await take(record);
				if (refused) rejected.push(refused);
			}
			return rejected;
		},
		flush: async () => ({}),
		async close() {
			if (closed) return;
			closed = true;
			sumUp(words, counts, apply, context);
		},
	};
}

/** Errors of one account: it does not exist, is not managed, or cannot be changed so. */
function isRefusal(error: unknown): error is AuthError | SourceError {
	if (error instanceof AuthError) return error.code === 'FORBIDDEN';
	return error instanceof SourceError && (error.status === 400 || error.status === 404);
}

/** What the API could not do is the destination's failure here. */
function toSinkError(error: unknown): unknown {
	return error instanceof SourceError ? new SinkError('SINK_FAILED', error.message, {cause: error}) : error;
}

function shown(value: string | undefined): string {
	return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** The members that have a text, by dotted path. */
function membersOf({extended_profile, ...own}: Profile): [member: string, value: string][] {
	const inner = Object.entries(extended_profile ?? {}).map(([key, value]) => [`extended_profile.${key}`, value]);
	return [...Object.entries(own), ...inner].filter((pair): pair is [string, string] => typeof pair[1] === 'string');
}

function profileOf(members: readonly (readonly [member: string, value: string])[]): object {
	const within = members.filter(([member]) => member.startsWith('extended_profile.'));
	const own = members.filter(([member]) => !member.includes('.'));
	if (within.length === 0) return Object.fromEntries(own);
	const extended_profile = Object.fromEntries(within.map(([member, value]) => [member.split('.')[1]!, value]));
	return {...Object.fromEntries(own), extended_profile};
}
