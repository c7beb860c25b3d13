import assert from 'node:assert/strict';
import {actionRules, type Activity} from '../../lib/model/activity.ts';
import {actionWords, commonActions} from '../../sources/_actions.ts';

/** Keys and texts that servers are known to give, by what they mean. */
const known: Readonly<Partial<Record<Activity, string>>> = {
	'resource-created': `
		jira.auditing.field.layout.scheme.copied
		jira.auditing.issue.security.scheme.copied
		jira.auditing.notification.scheme.copied
		jira.auditing.workflow.scheme.copied
		audit.logging.summary.attachment.uploaded
		audit.logging.summary.custom.emoji.uploaded
		audit.logging.summary.page.hierarchy.finish.copy
		audit.logging.summary.page.template.added
		audit.logging.summary.space.copied
		bitbucket.service.project.audit.action.projectcreated
		bitbucket.service.repository.audit.action.repositorycreated
		Field Configuration scheme copied
		Issue Security scheme copied
		Notification scheme copied
		Workflow scheme copied
		Custom field created
		Issue type created
		Project created
		Workflow scheme created
	`,
	'group-user-added': `
		jira.auditing.group.added.to.group
		User added to group
	`,
	'resource-updated': `
		jira.auditing.issue.type.screen.scheme.removed
		jira.auditing.project.component.merged
		jira.auditing.version.merged
		jira.auditing.version.unarchived
		jira.auditing.version.unreleased
		jira.auditing.workflow.renamed
		audit.logging.summary.blog.moved
		audit.logging.summary.page.moved
		audit.logging.summary.space.archived
		audit.logging.summary.space.logo.disabled
		audit.logging.summary.space.logo.enabled
		audit.logging.summary.space.logo.unknown
		audit.logging.summary.space.unarchived
		bitbucket.branch.audit.action.projectbranchmodelconfigurationcreated
		bitbucket.scm.git.lfs.audit.action.gitlfsfeatureenabled
		bitbucket.service.project.audit.action.projectmodified
		bitbucket.service.repository.audit.action.repositorymodified
		Cloud email channel turned on
		Custom email channel turned on
		Field Configuration scheme added to project
		Issue Security scheme added to project
		Workflow scheme added to project
		Field Configuration scheme removed from project
		Issue Security scheme removed from project
		Notification scheme removed from project
		Project avatar changed
		Project component merged
		Project version merged
		Project version released
		Project version unarchived
		Project version unreleased
		Workflow renamed
		Page archived
		Custom field updated
		Workflow scheme added to project
		Workflow updated
	`,
	'user-updated': `
		jira.auditing.user.anonymized
		User renamed
	`,
	'user-login': `
		jira.auditing.user.logged.in
		audit.logging.summary.login.success
		bitbucket.service.user.audit.action.authenticationsuccess
		User login failed
		User login failed(SSH)
	`,
	'user-logout': `
		jira.auditing.user.logged.out
		audit.logging.summary.user.logout
	`,
	'user-password-reset': `
		jira.auditing.user.password.reset
		audit.logging.summary.forgot.password
		audit.logging.summary.user.password.reset
	`,
	'admin-session-ended': `
		jira.auditing.websudo.session.invalidated
		audit.logging.summary.sudo.logout
	`,
	'permission-granted': `
		audit.logging.summary.access.granted.blog
		audit.logging.summary.access.granted.page
		bitbucket.service.user.audit.action.globalpermissiongranted
		Global permission granted
		bitbucket.service.user.audit.action.projectpermissiongranted
		bitbucket.service.user.audit.action.repositorypermissiongranted
		Global permission added
	`,
	'change-requested': `
		audit.logging.summary.access.requested.page
		audit.logging.summary.page.hierarchy.start.copy
		bitbucket.service.project.audit.action.projectdeletionrequested
		bitbucket.service.repository.audit.action.repositorydeletionrequested
		bitbucket.service.project.audit.action.projectmodificationrequested
		bitbucket.service.repository.audit.action.repositorycreationrequested
		bitbucket.service.user.audit.action.repositorypermissiongrantrequested
		bitbucket.service.user.audit.action.repositorypermissionrevocationrequested
		Global permission remove request
		Global permission requested
		User details export started
		User permissions export started
	`,
	'admin-object-created': `
		audit.logging.summary.applink.added
		audit.logging.summary.directory.added
		bitbucket.service.user.audit.action.directorycreated
	`,
	'admin-object-updated': `
		audit.logging.summary.applink.edited
		audit.logging.summary.mail.server.edited
		com.atlassian.plugins.authentication.audit.action.update
	`,
	'resource-deleted': `
		audit.logging.summary.attachment.delete
		audit.logging.summary.attachment.trashed
		audit.logging.summary.attachment.version.delete
		audit.logging.summary.blog.purged
		audit.logging.summary.page.purged
		audit.logging.summary.custom.emoji.deleted.by.user
		audit.logging.summary.page.hierarchy.finish.delete
		audit.logging.summary.space.removed
		audit.logging.summary.space.trash.emptied
		bitbucket.service.project.audit.action.projectdeleted
		bitbucket.service.repository.audit.action.repositorydeleted
	`,
	'resource-restored': `
		audit.logging.summary.blog.restored
		audit.logging.summary.page.restored
		audit.logging.summary.content.reverted
	`,
	'resource-shared': `
		audit.logging.summary.blog.shared
	`,
	'resource-exported': `
		audit.logging.summary.blogpost.exported.word
		audit.logging.summary.page.exported.word
		audit.logging.summary.page.pdf.export
		audit.logging.summary.space.pdf.export
		Full data export triggered
		User details exported
		User permissions exported
		data-pipeline.audit.action.full.export.cancelled
		data-pipeline.audit.action.full.export.failed
		atlassian.audit.event.action.audit.exported
	`,
	'token-updated': `
		audit.logging.summary.client.secret.refreshed
		bitbucket.access.tokens.audit.action.accesstokenmodified.personal
		bitbucket.access.tokens.audit.action.accesstokenmodified.repository
	`,
	'settings-changed': `
		audit.logging.summary.color.scheme.modified
		audit.logging.summary.color.scheme.type.changed
		audit.logging.summary.favicon.changed
		audit.logging.summary.favicon.reset
		audit.logging.summary.site.logo.changed
		audit.logging.summary.stylesheet.removed
		audit.logging.summary.theme.changed
		audit.logging.summary.custom.emoji.upload.disabled
		audit.logging.summary.custom.emoji.upload.enabled
		audit.logging.summary.global.security.settings.edited
		audit.logging.summary.global.settings.edited
		audit.logging.summary.max.cache.size.changed
		audit.logging.summary.monitoring.changed
		audit.logging.summary.scheduled.job.disabled
		audit.logging.summary.scheduled.job.edited
		audit.logging.summary.whitelist.turned.off
		audit.logging.summary.whitelist.turned.on
		audit.logging.summary.whitelist.url.added
		bitbucket.search.audit.action.elasticsearchconfigurationchange
		bitbucket.service.applicationconfiguration.audit.action.applicationsetup
		bitbucket.service.applicationconfiguration.audit.action.displaynamechanged
		bitbucket.service.license.audit.action.licensechanged
		Audit log configuration updated
		SSH settings changed
		authentication.basic.auth.audit.log.summary.basic.auth.disabled
		authentication.basic.auth.audit.log.summary.basic.auth.enabled
		ratelimit.audit.summary.disabled
		ratelimit.audit.summary.dry_run
		ratelimit.audit.summary.enabled
		ratelimit.audit.summary.exemption_deleted
		ratelimit.audit.summary.exemption_modified
		ratelimit.audit.summary.setting_modified
		License updated
	`,
	maintenance: `
		audit.logging.summary.mail.queue.error.resent
		audit.logging.summary.scheduled.job.run
		stp.audit.summary.support-zip.created
		stp.jfr.audit.recording.started
		stp.jfr.audit.recording.stopped
		zdu.audit.summary.upgrade.approved
		zdu.audit.summary.upgrade.cancelled
		zdu.audit.summary.upgrade.retry
		zdu.audit.summary.upgrade.started
	`,
	'token-created': `
		audit.logging.summary.oauth.token.added
		bitbucket.access.tokens.audit.action.accesstokencreated.personal
		bitbucket.access.tokens.audit.action.accesstokencreated.repository
		bitbucket.ssh.audit.action.sshaccesskeygranted.repository
		bitbucket.ssh.audit.action.sshkeycreated
	`,
	'app-disabled': `
		audit.logging.summary.plugin.disabled
	`,
	'app-enabled': `
		audit.logging.summary.plugin.enabled
		bitbucket.service.plugin.audit.action.pluginenabled
	`,
	'app-installed': `
		audit.logging.summary.plugin.installed
	`,
	'app-updated': `
		audit.logging.summary.plugin.module.enabled
	`,
	'app-removed': `
		audit.logging.summary.plugin.uninstalled
	`,
	'resource-searched': `
		audit.logging.summary.search.performed
	`,
	'access-denied': `
		audit.logging.summary.security.restricted.blogpost.not.permitted
		audit.logging.summary.security.restricted.page.not.permitted
		Unauthorized access to a resource
		Unauthorized full data export triggered
		data-pipeline.audit.action.full.export.unauthorized
	`,
	'resource-imported': `
		audit.logging.summary.site.import
		audit.logging.summary.space.import
	`,
	'admin-session-started': `
		audit.logging.summary.sudo.auth.failed
		audit.logging.summary.sudo.auth.successful
	`,
	'token-revoked': `
		audit.logging.summary.token.revoked
		bitbucket.access.tokens.audit.action.accesstokendeleted.repository
		bitbucket.plugins.gpg.audit.action.gpgevent.deleted
		bitbucket.ssh.audit.action.sshaccesskeyrevoked.repository
		bitbucket.ssh.audit.action.sshkeydeleted
	`,
	'user-invited': `
		audit.logging.summary.user.invite
	`,
	'policy-changed': `
		Global secret scanning rule deleted
		Project secret scanning rule deleted
		Project secret scanning allowlist rule added
		Secret scanning exempt repository added
	`,
	'permission-revoked': `
		Global permission removed
	`,
	'group-user-removed': `
		Group removed from group
	`,
	'admin-object-deleted': `
		com.atlassian.plugins.authentication.audit.action.removal
	`,
	'audit-events-lost': `
		Audit events discarded
	`,
	'group-created': `
		Group created
	`,
	'permission-changed': `
		Permission scheme updated
	`,
	'user-created': `
		User created
	`,
};

/** Keys that nobody has listed, but that are spelled as others are. */
const alike: readonly (readonly [action: string, activity: Activity])[] = [
	['jira.auditing.user.logged.in.as.another', 'user-impersonated'],
	['jira.auditing.group.removed.from.group', 'group-user-removed'],
	['jira.auditing.notification.scheme.added.to.project', 'resource-updated'],
	['jira.auditing.websudo.session.started', 'admin-session-started'],
	['audit.logging.summary.applink.removed', 'admin-object-deleted'],
	['audit.logging.summary.directory.removed', 'admin-object-deleted'],
	['audit.logging.summary.plugin.module.disabled', 'app-updated'],
	['audit.logging.summary.login.failed', 'user-login'],
	['audit.logging.summary.blog.trashed', 'resource-deleted'],
	['audit.logging.summary.whitelist.url.removed', 'settings-changed'],
	['audit.logging.summary.oauth.token.removed', 'token-revoked'],
	['bitbucket.access.tokens.audit.action.accesstokencreated.project', 'token-created'],
	['bitbucket.plugins.gpg.audit.action.gpgevent.created', 'token-created'],
	['bitbucket.service.user.audit.action.authenticationfailure', 'user-login'],
	['bitbucket.service.user.audit.action.globalpermissionrevoked', 'permission-revoked'],
	['bitbucket.service.user.audit.action.projectpermissiongrantrequested', 'change-requested'],
	['bitbucket.service.plugin.audit.action.pluginuninstalled', 'app-removed'],
	['bitbucket.ssh.audit.action.sshaccesskeygranted.project', 'token-created'],
	['bitbucket.service.repository.audit.action.repositorymodificationrequested', 'change-requested'],
	['ratelimit.audit.summary.exemption_created', 'settings-changed'],
	['stp.jfr.audit.recording.settings.changed', 'maintenance'],
	['Project secret scanning rule created', 'policy-changed'],
	['Project permissions export started', 'change-requested'],
	['Priority scheme added to project', 'resource-updated'],
	['Screen scheme copied', 'resource-created'],
];

describe('common actions', () => {
	const ruleOf = actionRules(commonActions, actionWords);

	for (const [activity, listed] of Object.entries(known)) {
		it(`are ${activity}, by key and by text`, () => {
			const actions = listed
				.split('\n')
				.map(line => line.trim())
				.filter(Boolean);
			const others = actions.filter(action => ruleOf(action)?.activity !== activity);
			assert.deepEqual(
				others.map(action => [action, ruleOf(action)]),
				[],
			);
		});
	}

	it('know one that is spelled as others are', () => {
		for (const [action, activity] of alike) assert.equal(ruleOf(action)?.activity, activity, action);
	});

	it('say nothing of what no word of theirs is in', () => {
		for (const action of ['', 'Something happened', 'jira.auditing.thing', '*', '__proto__']) {
			assert.equal(ruleOf(action), undefined, action);
		}
	});
});

describe('actionWords', () => {
	it('are the same of a key and of its text', () => {
		for (const [key, text] of [
			['jira.auditing.user.added.to.group', 'User added to group'],
			['audit.logging.summary.space.permission.added', 'Space permission added'],
			['user_added_to_group', 'User added to group'],
		] as const) {
			assert.equal(actionWords(key), actionWords(text));
		}
	});

	it('keep what tells keys of other plug-ins apart', () => {
		assert.equal(
			actionWords('com.atlassian.plugins.authentication.audit.action.removal'),
			'plugins authentication removal',
		);
		assert.equal(
			actionWords('bitbucket.access.tokens.audit.action.accesstokencreated.personal'),
			'accesstokencreated personal',
		);
	});
});
