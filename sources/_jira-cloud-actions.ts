import type {ActionRules} from '../lib/model/activity.ts';

/** What the summaries of this log are: the API has no key beside them. */
export const jiraCloudActions: ActionRules = {
	'Login failed': 'user-login',
	'API token created': 'token-created',
	'API token revoked': 'token-revoked',
	'User created': 'user-created',
	'User updated': 'user-updated',
	'User deactivated': 'user-disabled',
	'User deleted': 'user-deleted',
	"User's password changed": 'user-password-changed',
	'User added to group': 'group-user-added',
	'User removed from group': 'group-user-removed',
	'Group created': 'group-created',
	'Group deleted': 'group-deleted',
	'Project roles changed': 'permission-changed',
	'Permission scheme *': 'permission-changed',
	'Global permission added': 'permission-granted',
	'Global permission deleted': 'permission-revoked',
	'* permissions changed': 'permission-changed',
	'* created': 'resource-created',
	'* updated': 'resource-updated',
	'* deleted': 'resource-deleted',
};
