import {dataCenterApi} from './_data-center.ts';

const permissions = 'audit.logging.category.permissions | Permissions';
const users = 'audit.logging.category.user.management | Users and groups';
const security = 'audit.logging.category.security | Security';
const data = 'audit.logging.category.import.export | Import and export';

export default dataCenterApi({
	product: 'confluence',
	authorType: 'user',
	profile: '/display/~',
	actions: `
		audit.logging.category.permissions     | Permissions      | audit.logging.summary.space.permission.added  | Space permission added  | Space, USER  | Type: > VIEWSPACE
		audit.logging.category.permissions     | Permissions      | audit.logging.summary.space.permission.added  | Space permission added  | Space, Group | Type: > SETPAGEPERMISSIONS
		audit.logging.category.permissions     | Permissions      | audit.logging.summary.global.permission.added | Global permission added | Group        | Type: > SYSTEMADMINISTRATOR
		audit.logging.category.user.management | Users and groups | audit.logging.summary.user.created            | User created            | User         | Email: > a@example.com
		audit.logging.category.user.management | Users and groups | audit.logging.summary.group.created           | Group created           | Group
		audit.logging.category.user.management | Users and groups | audit.logging.summary.group.membership.added  | User added to group     | Group, USER
		${users}       | audit.logging.summary.group.membership.added     | User added to group        | Group=confluence-administrators, USER
		${users}       | audit.logging.summary.user.renamed               | User renamed               | User | Username: old.name > new.name
		${permissions} | audit.logging.summary.global.permission.added    | Global permission added    | User=Anonymous | Type: > USECONFLUENCE
		${security}    | audit.logging.summary.login.success              | User login successful      | User
		${security}    | audit.logging.summary.login.failed               | User login failed          |       | | Username = LOGIN; Failure reason = wrong password | nobody
		${security}    | audit.logging.summary.user.logout                | User logged out            | User
		${security}    | audit.logging.summary.sudo.auth.successful       | Secure administrator session started | User
		${security}    | audit.logging.summary.whitelist.turned.off       | Allowlist turned off       |       | Allowlist: on > off
		${security}    | com.atlassian.plugins.authentication.audit.action.removal | Authentication method removed | | Name: Corporate SAML >
		${security}    | personal.access.tokens.audit.log.summary.token.created | Personal access token created | User | | Token name = nightly export; Token ID = 4711
		${security}    | audit.logging.summary.public.link.created        | Public link created        | Page, Space
		${data}        | audit.logging.summary.space.export               | Space exported             | Space | | Export type = XML
		${data}        | audit.logging.summary.site.export                | Site exported              |
		${data}        | audit.logging.summary.search.performed           | Search performed           |       | | Query = salaries
		audit.logging.category.apps            | Apps             | audit.logging.summary.plugin.installed | App installed | App
		atlassian.audit.event.category.audit   | Auditing         | atlassian.audit.event.action.audit.config.updated | Audit Log configuration updated | | coverage: end_user_activity : full > end_user_activity : off
	`,
});
