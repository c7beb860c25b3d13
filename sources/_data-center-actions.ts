import type {ActionRules} from '../lib/model/activity.ts';

/** The auditing plugin about itself, the same in all products. */
const auditing: ActionRules = {
	'atlassian.audit.event.action.audit.search': 'resource-searched',
	'atlassian.audit.event.action.audit.config.updated': 'settings-changed',
	'personal.access.tokens.audit.log.summary.token.created': 'token-created',
	'personal.access.tokens.audit.log.summary.token.revoked': 'token-revoked',
	'personal.access.tokens.audit.log.summary.token.deleted': 'token-revoked',
	'personal.access.tokens.audit.log.summary.token.*': 'product-activity',
	'*authenticationfailure': 'user-login',
	'*login.failed': 'user-login',
};

/** By key; `Board created` is one, whatever it looks like. */
export const jiraActions: ActionRules = {
	...auditing,
	'jira.auditing.user.created': 'user-created',
	'jira.auditing.user.deleted': 'user-deleted',
	'jira.auditing.user.updated': 'user-updated',
	'jira.auditing.user.renamed': 'user-updated',
	'jira.auditing.user.password.changed': 'user-password-changed',
	'jira.auditing.group.created': 'group-created',
	'jira.auditing.group.deleted': 'group-deleted',
	'jira.auditing.user.added.to.group': 'group-user-added',
	'jira.auditing.user.removed.from.group': 'group-user-removed',
	'jira.auditing.global.permission.added': 'permission-granted',
	'jira.auditing.global.permission.deleted': 'permission-revoked',
	'jira.auditing.project.roles.changed': 'permission-changed',
	'jira.auditing.permission.scheme.*': 'permission-changed',
	'jira.auditing.system.settings.*': 'settings-changed',
	'jira.auditing.*.created': 'resource-created',
	'jira.auditing.*.updated': 'resource-updated',
	'jira.auditing.*.changed': 'resource-updated',
	'jira.auditing.*.released': 'resource-updated',
	'jira.auditing.*.added.to.project': 'resource-updated',
	'jira.auditing.*.removed.from.project': 'resource-updated',
	'jira.auditing.*.deleted': 'resource-deleted',
	'Board created': 'resource-created',
	'Board updated': 'resource-updated',
	'Board deleted': 'resource-deleted',
	'issuenav.jqlsearch.performed': 'resource-searched',
};

export const confluenceActions: ActionRules = {
	...auditing,
	'audit.logging.summary.user.created': 'user-created',
	'audit.logging.summary.user.updated': 'user-updated',
	'audit.logging.summary.user.renamed': 'user-updated',
	'audit.logging.summary.user.deactivated': 'user-disabled',
	'audit.logging.summary.user.reactivated': 'user-enabled',
	'audit.logging.summary.user.deleted': 'user-deleted',
	'audit.logging.summary.group.created': 'group-created',
	'audit.logging.summary.group.deleted': 'group-deleted',
	'audit.logging.summary.group.membership.added': 'group-user-added',
	'audit.logging.summary.group.membership.removed': 'group-user-removed',
	'audit.logging.summary.*permission.added': 'permission-granted',
	'audit.logging.summary.*permission.removed': 'permission-revoked',
	'audit.logging.summary.*.created': 'resource-created',
	'audit.logging.summary.*.updated': 'resource-updated',
	'audit.logging.summary.*.deleted': 'resource-deleted',
};

export const bitbucketActions: ActionRules = {
	...auditing,
	'bitbucket.service.user.audit.action.usercreated': 'user-created',
	'bitbucket.service.user.audit.action.userdeleted': 'user-deleted',
	'bitbucket.service.user.audit.action.userrenamed': 'user-updated',
	'bitbucket.service.user.audit.action.userupdated': 'user-updated',
	'bitbucket.service.user.audit.action.usercredentialupdated': 'user-password-changed',
	'bitbucket.service.user.audit.action.groupcreated': 'group-created',
	'bitbucket.service.user.audit.action.groupdeleted': 'group-deleted',
	'bitbucket.service.user.audit.action.groupmembershipscreated*': 'group-user-added',
	'bitbucket.service.user.audit.action.groupmembershipcreated*': 'group-user-added',
	'bitbucket.service.user.audit.action.groupmembershipdeleted*': 'group-user-removed',
	'bitbucket.service.user.audit.action.groupmembershipsdeleted*': 'group-user-removed',
};
