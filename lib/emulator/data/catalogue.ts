/** What can happen in the emulated organization, to whom, and where. */

export interface ActionEntry {
	readonly id: string;
	readonly displayName: string;
	readonly group: string;
	/** `{actor}`, `{user}` and `{group}` are filled in. */
	readonly message: string;
	/** The types of the objects in `context`, in order; `users` stands for one to six of them. */
	readonly context: readonly ContextType[];
	readonly container: 'sites' | 'orgs' | 'organization' | 'unit';
	/** How often, relative to the others. */
	readonly weight: number;
}

export type ContextType = 'user' | 'users' | 'groups' | 'products' | 'orgs' | 'sites' | 'space' | 'invited-user';

const accounts = 'Atlassian accounts';
const admin = 'Organization administration';
const apps = 'App actions';
const confluence = 'Confluence actions';

function action(
	id: string,
	displayName: string,
	group: string,
	message: string,
	context: readonly ContextType[],
	container: ActionEntry['container'],
	weight = 1,
): ActionEntry {
	return {id, displayName, group, message, context, container, weight};
}

export const actions: readonly ActionEntry[] = [
	action('user_login', 'Logged in to account', accounts, 'Logged in as {actor}', ['user'], 'sites', 12),
	action('user_logout', 'Logged out of account', accounts, '{actor} logged out', ['user'], 'sites', 5),
	action('user_login_failed', 'Failed to log in', accounts, 'Failed login of {user}', ['user'], 'sites', 3),
	action('user_created', 'Created account', accounts, 'Created {user}', ['user', 'orgs'], 'orgs', 2),
	action('user_logged_in_as_user', 'Logged in as user', admin, 'Logged in as {user}', ['user'], 'sites'),
	action('user_invitation_sent', 'Sent invitation', admin, 'Invited {user}', ['invited-user', 'products'], 'sites', 2),
	action('user_profile_viewed', 'Viewed profile', admin, 'Viewed {user}', ['user'], 'orgs', 2),
	action('organization_users_viewed', 'Viewed managed accounts', admin, 'Viewed users/groups', [], 'organization', 2),
	action(
		'user_granted_role',
		'Granted role',
		admin,
		'Granted {user} a role',
		['users', 'products', 'sites'],
		'sites',
		2,
	),
	action('user_revoked_role', 'Revoked role', admin, 'Revoked a role of {user}', ['users', 'products'], 'sites'),
	action('added_org_admin', 'Added organization admin', admin, 'Added {user} as admin', ['user', 'orgs'], 'orgs'),
	action('group_created', 'Created group', admin, 'Created {group}', ['groups'], 'sites'),
	action('group_deleted', 'Deleted group', admin, 'Deleted {group}', ['groups'], 'sites'),
	action('user_added_to_group', 'Added to group', admin, 'Added {user} to {group}', ['users', 'groups'], 'sites', 4),
	action(
		'group_granted_admin_access',
		'Granted admin access',
		admin,
		'Granted {group}',
		['groups', 'products'],
		'unit',
	),
	action('twosv_disabled_for_user', 'Disabled two-step', admin, 'Two-step off for {user}', ['user'], 'orgs'),
	action('api_token_created', 'Created API token', accounts, '{actor} created a token', ['user'], 'orgs', 2),
	action('api_token_revoked', 'Revoked API token', accounts, '{actor} revoked a token', ['user'], 'orgs'),
	action('org_settings_update', 'Updated settings', admin, 'Changed the settings', ['orgs'], 'orgs'),
	action('password_policy_update', 'Updated password policy', admin, 'Changed the policy', ['orgs'], 'orgs'),
	action('marketplace_app_install', 'App successful installation', apps, 'Installed an app', ['products'], 'sites'),
	action(
		'confluence_added_space_permission',
		'Added space permission',
		confluence,
		'Added permission for {user}',
		['space', 'user'],
		'sites',
		3,
	),
	action(
		'confluence_audit_record_removed_content_restriction',
		'Removed restriction',
		confluence,
		'Removed a restriction in a space',
		['space'],
		'sites',
		2,
	),
	action('page_viewed', 'Viewed page', confluence, '{actor} viewed a page', ['space', 'user'], 'sites', 6),
];

export interface Person {
	readonly id: string;
	readonly name: string;
	/** Not an address for apps: the real API says "Atlassian app". */
	readonly email: string;
	readonly type: 'atlassian' | 'app' | 'customer';
}

const personNames = [
	'Lila Smalls',
	'Mia Krystof',
	'Emma Richards',
	'Zoë Ångström',
	'José Núñez',
	'Łukasz Żółkiewski',
	'李雷',
	'田中 さくら',
	'محمد علي',
	'Δημήτρης Παππάς',
	'O\'Brien, "Bob"',
	'Back\\Slash',
	'Tab\tName',
	'Two\nLines',
	'🦊 Fox 👩‍💻',
	'=SUM(A1:A9)',
	'Nguyễn Thị Hương',
	'Anna-Lena',
	'X Æ A-12',
	'Null',
	'undefined',
	'Line\u2028Separator',
	"Robert'); DROP TABLE",
	'Ömer',
];

export const people: readonly Person[] = [
	...personNames.map((name, index): Person => ({
		id: `${index % 4 === 3 ? '5b10a2844c20165700ede2' : '712020:6f2d1c8e-4b1a-4c3d-9e5f-0a1b2c3d4e'}${index + 10}`,
		name,
		email: `user${index}@example.${index % 3 === 0 ? 'com' : 'io'}`,
		type: index % 9 === 8 ? 'customer' : 'atlassian',
	})),
	{id: 'confluence', name: 'Confluence', email: 'Atlassian app', type: 'app'},
	{id: '557058:f58131cb-b67d-43c7-b30d-6b58d40bd077', name: 'Automation for Jira', email: 'Atlassian app', type: 'app'},
];

export const groups = ['site-admins', 'jira-users', 'org-admins', 'Vertrieb & Co <süd>', 'readers'];
export const products = ['Jira', 'Confluence', 'Bitbucket', 'Loom', 'Guard Detect'];
export const spaces = ['Engineering', 'Human Resources', 'Überblick', 'Security 🔐'];

export interface Place {
	readonly geo: string;
	readonly country: string;
	readonly region: string;
	readonly city: string;
}

export const places: readonly Place[] = [
	{geo: 'EU', country: 'Germany', region: 'Bavaria', city: 'München'},
	{geo: 'EU', country: 'Finland', region: 'Uusimaa', city: 'Helsinki'},
	{geo: 'NA', country: 'United States', region: 'California', city: 'San Francisco'},
	{geo: 'OC', country: 'Australia', region: 'New South Wales', city: 'Sydney'},
	{geo: 'AS', country: '日本', region: '東京都', city: '東京'},
];
