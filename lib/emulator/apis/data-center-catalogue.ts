/** What is audited in the three Data Center products, in the words and keys of their own logs. */

export type Product = 'jira' | 'confluence' | 'bitbucket';

export interface AuditedAction {
	readonly category: readonly [key: string, text: string];
	readonly action: readonly [key: string, text: string];
	/** The types of what it was done to, in order. */
	readonly objects: readonly string[];
	/** The key of what it changes: old value, new value; a missing one is not served. */
	readonly change?: readonly [name: string, from: string | undefined, to: string | undefined];
}

function category(key: string, text: string) {
	return (actionKey: string, actionText: string, objects: readonly string[], change?: AuditedAction['change']) =>
		({category: [key, text], action: [actionKey, actionText], objects, ...(change && {change})}) as AuditedAction;
}

const projects = category('jira.auditing.category.projects', 'projects');
const permissions = category('jira.auditing.category.permissions', 'permissions');
const workflows = category('jira.auditing.category.workflows', 'workflows');
const filters = category('jira.auditing.category.filters', 'filters');
const boards = category('jira.auditing.category.boards', 'boards');
const searches = category('jira.auditing.category.search', 'search');
const security = category('atlassian.audit.event.category.security', 'Security');
const spacePermissions = category('audit.logging.category.permissions', 'Permissions');
const userManagement = category('audit.logging.category.user.management', 'Users and groups');
const bitbucketUsers = category('bitbucket.service.audit.category.usersandgroups', 'Users and groups');

const jira: readonly AuditedAction[] = [
	projects('jira.auditing.project.created', 'Project created', ['PROJECT', 'USER'], ['Name', undefined, 'Überblick']),
	projects(
		'jira.auditing.project.roles.changed',
		'Project roles changed',
		['PROJECT', 'PROJECT_ROLE'],
		['Users', 'admin', 'admin, fred'],
	),
	projects('jira.auditing.version.created', 'Project version created', ['VERSION', 'PROJECT']),
	projects('jira.auditing.version.released', 'Project version released', ['VERSION', 'PROJECT']),
	permissions('jira.auditing.permission.scheme.created', 'Permission scheme created', ['SCHEME']),
	permissions(
		'jira.auditing.permission.scheme.updated',
		'Permission scheme updated',
		['SCHEME'],
		['Permission', 'Browse projects', undefined],
	),
	permissions('jira.auditing.permission.scheme.added.to.project', 'Permission scheme added to project', [
		'SCHEME',
		'PROJECT',
	]),
	workflows('jira.auditing.workflow.created', 'Workflow created', ['WORKFLOW']),
	workflows('jira.auditing.workflow.scheme.created', 'Workflow scheme created', ['SCHEME']),
	workflows('jira.auditing.resolutions.created', 'Resolution created', ['RESOLUTION']),
	filters('jira.auditing.filter.created', 'Filter created', ['FILTER', 'USER']),
	boards('Board created', 'Board created', ['BOARD', 'BOARD']),
	searches('issuenav.jqlsearch.performed', 'JQL search performed', []),
	security('personal.access.tokens.audit.log.summary.token.created', 'Personal access token created', ['USER']),
];

const confluence: readonly AuditedAction[] = [
	spacePermissions(
		'audit.logging.summary.space.permission.added',
		'Space permission added',
		['Space', 'USER'],
		['Type', undefined, 'VIEWSPACE'],
	),
	spacePermissions(
		'audit.logging.summary.space.permission.added',
		'Space permission added',
		['Space', 'Group'],
		['Type', undefined, 'SETPAGEPERMISSIONS'],
	),
	spacePermissions(
		'audit.logging.summary.global.permission.added',
		'Global permission added',
		['Group'],
		['Type', undefined, 'SYSTEMADMINISTRATOR'],
	),
	userManagement('audit.logging.summary.user.created', 'User created', ['User'], ['Email', undefined, 'a@example.com']),
	userManagement('audit.logging.summary.group.created', 'Group created', ['Group']),
	userManagement('audit.logging.summary.group.membership.added', 'User added to group', ['Group', 'USER']),
];

const bitbucket: readonly AuditedAction[] = [
	['usercreated', 'User created', 'USER'],
	['userdeleted', 'User deleted', 'USER'],
	['userrenamed', 'User renamed', 'USER'],
	['usercredentialupdated', 'User credential updated', 'USER'],
	['groupcreated', 'Group created', 'GROUP'],
	['groupdeleted', 'Group deleted', 'GROUP'],
	['groupmembershipscreated.user', 'User added to group', 'GROUP'],
	['groupmembershipdeleted', 'User removed from group', 'GROUP'],
].map(([key = '', text = '', type = '']) =>
	bitbucketUsers(`bitbucket.service.user.audit.action.${key}`, text, [type, 'USER'], ['name', 'old name', 'new name']),
);

export const auditedActions: Readonly<Record<Product, readonly AuditedAction[]>> = {jira, confluence, bitbucket};

/** How each product calls the type of an author. */
export const authorTypes: Readonly<Record<Product, string>> = {
	jira: 'ApplicationUser',
	confluence: 'user',
	bitbucket: 'NORMAL',
};
