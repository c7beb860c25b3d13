import {dataCenterApi} from './_data-center.ts';

/** Jira Data Center, at the root too, where no other product is. */
export default dataCenterApi({
	product: 'jira',
	authorType: 'ApplicationUser',
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
		jira.auditing.category.search      | search      | issuenav.jqlsearch.performed          | JQL search performed    |
		atlassian.audit.event.category.security | Security | personal.access.tokens.audit.log.summary.token.created | Personal access token created | USER
	`,
});
