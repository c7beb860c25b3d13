import {hole, raw} from '../data/json.ts';
import {groups, people, rowsOf, spaces, type Person} from '../data/people.ts';
import type {Random} from '../data/random.ts';

const VENDOR = 'https://api.atlassian.com';

const groupNames: Readonly<Record<string, string>> = {
	accounts: 'Atlassian accounts',
	admin: 'Organization administration',
	apps: 'App actions',
	confluence: 'Confluence actions',
};

/**
 * What can happen in the organization: id, name, group, message, the types of the objects in `context` (`users` stands
 * for one to six of them), the container, and how often it happens, relative to the others.
 */
export const actions = rowsOf(`
	user_login                     | Logged in to account       | accounts   | Logged in as {actor}        | user                   | sites        | 12
	user_logout                    | Logged out of account      | accounts   | {actor} logged out          | user                   | sites        | 5
	user_login_failed              | Failed to log in           | accounts   | Failed login of {user}      | user                   | sites        | 3
	user_created                   | Created account            | accounts   | Created {user}              | user orgs              | orgs         | 2
	user_logged_in_as_user         | Logged in as user          | admin      | Logged in as {user}         | user                   | sites        | 1
	user_invitation_sent           | Sent invitation            | admin      | Invited {user}              | invited-user products  | sites        | 2
	user_profile_viewed            | Viewed profile             | admin      | Viewed {user}               | user                   | orgs         | 2
	organization_users_viewed      | Viewed managed accounts    | admin      | Viewed users/groups         |                        | organization | 2
	user_granted_role              | Granted role               | admin      | Granted {user} a role       | users products sites   | sites        | 2
	user_revoked_role              | Revoked role               | admin      | Revoked a role of {user}    | users products         | sites        | 1
	added_org_admin                | Added organization admin   | admin      | Added {user} as admin       | user orgs              | orgs         | 1
	group_created                  | Created group              | admin      | Created {group}             | groups                 | sites        | 1
	group_deleted                  | Deleted group              | admin      | Deleted {group}             | groups                 | sites        | 1
	user_added_to_group            | Added to group             | admin      | Added {user} to {group}     | users groups           | sites        | 4
	group_granted_admin_access     | Granted admin access       | admin      | Granted {group}             | groups products        | unit         | 1
	twosv_disabled_for_user        | Disabled two-step          | admin      | Two-step off for {user}     | user                   | orgs         | 1
	api_token_created              | Created API token          | accounts   | {actor} created a token     | user                   | orgs         | 2
	api_token_revoked              | Revoked API token          | accounts   | {actor} revoked a token     | user                   | orgs         | 1
	jira_global_settings_public_access_enabled | Enabled public access | admin | Enabled public access         | sites                  | sites        | 1
	confluence_public_link_created | Created public link        | confluence | Created a public link       | space                  | sites        | 1
	confluence_space_export        | Exported space             | confluence | {actor} exported a space    | space                  | sites        | 1
	saml_sso_updated               | Updated single sign-on     | admin      | Changed single sign-on      | orgs                   | orgs         | 1
	ip_allowlist_deleted           | Deleted IP allowlist       | admin      | Deleted an allowlist        | orgs                   | orgs         | 1
	org_settings_update            | Updated settings           | admin      | Changed the settings        | orgs                   | orgs         | 1
	password_policy_update         | Updated password policy    | admin      | Changed the policy          | orgs                   | orgs         | 1
	marketplace_app_install        | App successful installation | apps      | Installed an app            | products               | sites        | 1
	confluence_added_space_permission | Added space permission  | confluence | Added permission for {user} | space user             | sites        | 3
	confluence_audit_record_removed_content_restriction | Removed restriction | confluence | Removed a restriction in a space | space | sites | 2
	page_viewed                    | Viewed page                | confluence | {actor} viewed a page       | space user             | sites        | 6
`).map(([id = '', displayName = '', group = '', message = '', context = '', container = '', weight]) => {
	return {
		id,
		displayName,
		group: groupNames[group]!,
		message,
		context: context.split(' '),
		container,
		weight: Number(weight),
	};
});

const totalWeight = actions.reduce((sum, {weight}) => sum + weight, 0);
const products = ['Jira', 'Confluence', 'Bitbucket', 'Loom', 'Guard Detect'];
const tokenTypes = 'container-token api-token connect-token auth-token-for-2LO auth-token-for-3LO session'.split(' ');
const places = rowsOf(`
	EU | Germany       | Bavaria         | München
	EU | Finland       | Uusimaa         | Helsinki
	NA | United States | California      | San Francisco
	OC | Australia     | New South Wales | Sydney
	AS | 日本          | 東京都          | 東京
`);
const site = {siteName: 'Example', siteHostName: 'example.atlassian.net'};
const odd = raw(
	'{"beyond":9007199254740993,"fraction":1.0,"exponent":1E+2,"minus":-0,' +
		'"twice":1,"twice":2,"10":"ten","2":"two","__proto__":{"polluted":true},"constructor":{"prototype":null}}',
);

/** What the records of an organization are made with. */
export interface Pen {
	readonly random: Random;
	readonly orgId: string;
	/** What stands for a member that the API has no value for: `mixed` is any of the other three. */
	readonly missing: 'mixed' | 'absent' | 'null' | 'empty';
	/** Numbers beyond 2^53, `1.0`, duplicate keys, integer keys out of order, `__proto__`: in every third record. */
	readonly odd: boolean;
	nameOf(name: string): string;
}

/** A made-up event of an organization. */
export function eventOf(pen: Pen): object {
	const {random, orgId} = pen;
	let left = random.below(totalWeight);
	const action = actions.find(({weight}) => (left -= weight) < 0)!;
	const actor = random.pick(people);
	const ip = random.chance(88) ? ipOf(random) : undefined;
	const user = random.pick(people);
	const group = random.pick(groups);
	// a sentence has no ids in it
	const names: Record<string, string> = {actor: actor.name, user: user.name, group};
	const content = action.message.replace(/\{(\w+)\}/g, (_, key: string) => names[key]!);
	return {
		type: 'events',
		id: hole.id,
		attributes: {
			time: hole.time,
			action: action.id,
			actor: actorOf(pen, actor),
			context: random.chance(6) ? missing(pen) : contextOf(pen, action.context, user, group),
			container: random.chance(6) ? missing(pen) : [containerOf(pen, action.container)],
			location: ip === undefined ? missing(pen) : locationOf(pen, ip),
		},
		links: random.chance(85)
			? {self: `${VENDOR}/admin/v1/orgs/${encodeURIComponent(orgId)}/events/${hole.link}`}
			: undefined,
		relations: random.chance(50) ? null : undefined,
		message: {content: messageOf(random, content), format: random.chance(80) ? 'simple' : 'text/plain'},
		odd: pen.odd && random.chance(33) ? odd : undefined,
	};
}

function actorOf(pen: Pen, actor: Person): object {
	const {random, nameOf} = pen;
	const [first] = people as [Person];
	const alt = `https://admin.atlassian.com/o/${pen.orgId}/members/${actor.id}`;
	const self = `${VENDOR}/users/${actor.id}/manage/profile`;
	return {
		id: actor.id,
		name: nameOf(actor.name),
		email: random.chance(90) ? actor.email : missing(pen),
		picture: random.chance(50) ? null : undefined,
		links: actor.type === 'app' ? {} : {self, alt: random.chance(40) ? alt : undefined},
		auth: random.chance(30)
			? {
					authType: random.pick(tokenTypes),
					tokenId: `token-${random.below(1_000_000)}`,
					tokenLabel: random.pick(['ci', 'Backup job', 'скрипт']),
				}
			: undefined,
		onBehalfOf: random.chance(3) ? {id: first.id, name: nameOf(first.name), email: first.email} : undefined,
	};
}

function contextOf(pen: Pen, types: readonly string[], user: Person, group: string): readonly object[] {
	const {random} = pen;
	const items = types.filter(Boolean).flatMap(type => {
		if (type !== 'users') return [contextItem(pen, type, user, group)];
		const others = Array.from({length: random.chance(50) ? 0 : random.below(6)}, () => random.pick(people));
		return [user, ...others].map(one => contextItem(pen, 'user', one, group));
	});
	return random.chance(30) ? items.reverse() : items;
}

function contextItem({random, nameOf}: Pen, type: string, user: Person, group: string): object {
	const id = type === 'user' ? user.id : `ari:cloud:platform::${type}/${random.below(1000)}`;
	const isBare = random.chance(5);
	const attributes: Readonly<Record<string, () => object>> = {
		user: () => ({name: isBare ? user.name : nameOf(user.name), email: user.email, accountType: user.type}),
		groups: () => ({name: group, groupName: group}),
		products: () => (random.chance(20) ? {} : {name: random.pick(products), ...site}),
		orgs: () => ({name: 'Example Inc.', domain: 'example.com'}),
		sites: () => ({...site, permissionName: 'site-admin'}),
		space: () => ({name: random.pick(spaces), key: `SP${random.below(50)}`}),
		'invited-user': () => ({email: user.email}),
	};
	return {
		id: isBare ? undefined : id,
		type: type === 'user' ? 'users' : type,
		attributes: attributes[type]!(),
		links: random.chance(75)
			? {}
			: {self: `${VENDOR}/objects/${type}/${id}`, alt: `https://admin.atlassian.com/s/${type}/${id}`},
	};
}

function containerOf({random, orgId}: Pen, type: string): object {
	const name = 'Example Inc.';
	const attributes: Readonly<Record<string, object>> = {
		sites: site,
		orgs: {name, settingName: 'Two-step', settingValues: ['off', 'on']},
		organization: {name},
	};
	const self = `${VENDOR}/admin/v1/orgs/${encodeURIComponent(orgId)}`;
	return {
		id: type === 'sites' ? `ari:cloud:platform::site/${random.below(3)}` : orgId,
		type,
		attributes: attributes[type] ?? {},
		links: random.chance(40) ? {self, alt: 'https://example.atlassian.net'} : {},
	};
}

function locationOf(pen: Pen, ip: string): object {
	const [geo, countryName, region, town] = pen.random.pick(places);
	const isRough = pen.random.chance(15);
	const regionName = isRough ? missing(pen) : region;
	return {ip, geo, countryName, regionName, city: isRough ? missing(pen) : town};
}

// The same text in the ways that JSON allows, and at times half of a surrogate pair.
function messageOf(random: Random, content: string): string {
	if (random.chance(2)) return `${content} \ud800`;
	if (random.chance(90)) return content;
	const escaped = JSON.stringify(content).replace(/[^ -~]/g, unit => {
		return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
	});
	return raw(escaped.replaceAll('/', '\\/'));
}

function missing({missing: how, random}: Pen): string | null | undefined {
	const kind = how === 'mixed' ? random.pick(['absent', 'null', 'empty'] as const) : how;
	return kind === 'absent' ? undefined : kind === 'null' ? null : '';
}

function ipOf(random: Random): string {
	const last = random.below(40);
	return random.chance(80) ? `203.0.113.${last}` : `2001:db8::${last.toString(16)}`;
}
