import {dataCenterApi} from './_data-center.ts';

const security = 'atlassian.audit.event.category.security | Security';
const permissions = 'jira.auditing.category.permissions | permissions';

/** Jira Data Center, at the root too, where no other product is. */
export default dataCenterApi({
	product: 'jira',
	authorType: 'ApplicationUser',
	profile: '/secure/ViewProfile.jspa?name=',
	writesFiles: true,
	actions: `
		jira.auditing.category.projects    | projects    | jira.auditing.project.created       | Project created       | PROJECT, USER         | Name: > Überblick
		jira.auditing.category.projects    | projects    | jira.auditing.project.roles.changed | Project roles changed | PROJECT, PROJECT_ROLE | Users: admin > admin, fred
		jira.auditing.category.projects    | projects    | jira.auditing.version.created       | Project version created  | VERSION, PROJECT
		jira.auditing.category.projects    | projects    | jira.auditing.version.released      | Project version released | VERSION, PROJECT
		jira.auditing.category.permissions | permissions | jira.auditing.permission.scheme.created | Permission scheme created | SCHEME
		jira.auditing.category.permissions | permissions | jira.auditing.permission.scheme.updated | Permission scheme updated | SCHEME | Permission: Browse projects >
		jira.auditing.category.permissions | permissions | jira.auditing.permission.scheme.added.to.project | Permission scheme added to project | SCHEME, PROJECT
		jira.auditing.category.workflows   | workflows   | jira.auditing.workflow.created        | Workflow created        | WORKFLOW
		jira.auditing.category.workflows   | workflows   | jira.auditing.workflow.scheme.created | Workflow scheme created | SCHEME
		jira.auditing.category.workflows   | workflows   | jira.auditing.resolutions.created     | Resolution created      | RESOLUTION
		jira.auditing.category.filters     | filters     | jira.auditing.filter.created          | Filter created          | FILTER, USER
		jira.auditing.category.boards      | boards      | Board created                         | Board created           | BOARD, BOARD
		jira.auditing.category.search      | search      | issuenav.jqlsearch.performed          | JQL search performed    | | | JQL query = project = SEC ORDER BY created; Results returned = 12
		atlassian.audit.event.category.security | Security | personal.access.tokens.audit.log.summary.token.created | Personal access token created | USER | | Token name = nightly export; Token ID = 4711
		${security} | jira.auditing.user.logged.in            | User logged in       | USER | | Auth type = Session
		${security} | jira.auditing.user.login.failed         | User login failed    |      | | User name = LOGIN; Failure reason = wrong password | nobody
		${security} | jira.auditing.user.logged.out           | User logged out      | USER
		${security} | jira.auditing.websudo.session.started   | Web sudo session started | USER
		${security} | authentication.basic.auth.audit.log.summary.basic.auth.disabled | Basic authentication disabled |
		${security} | com.atlassian.plugins.authentication.audit.action.removal | Authentication method removed | | Name: Corporate SAML >
		${permissions} | jira.auditing.global.permission.added   | Global permission added | GROUP | Permission: > Jira System Administrators; Group: > jira-users
		${permissions} | jira.auditing.global.permission.added   | Global permission added | GROUP | Permission: > Browse users and groups; Group: > jira-users
		jira.auditing.category.usermanagement | user management | jira.auditing.user.added.to.group | User added to group | GROUP=jira-administrators, USER
		jira.auditing.category.usermanagement | user management | jira.auditing.user.renamed        | User renamed        | USER | Username: old.name > new.name
		atlassian.audit.event.category.audit  | Auditing        | atlassian.audit.event.action.audit.config.updated | Audit Log configuration updated | | coverage: end_user_activity : full > end_user_activity : off
		jira.auditing.category.apps           | Apps            | jira.auditing.plugin.installed    | App installed       | APP
		jira.auditing.category.datapipeline   | Data pipeline   | data-pipeline.audit.action.full.export.unauthorized | Unauthorized full data export triggered | | | Failure reason = no permission
	`,
});
