import {dataCenterApi} from './_data-center.ts';

export default dataCenterApi({
	product: 'confluence',
	authorType: 'user',
	actions: `
		audit.logging.category.permissions     | Permissions      | audit.logging.summary.space.permission.added  | Space permission added  | Space, USER  | Type: > VIEWSPACE
		audit.logging.category.permissions     | Permissions      | audit.logging.summary.space.permission.added  | Space permission added  | Space, Group | Type: > SETPAGEPERMISSIONS
		audit.logging.category.permissions     | Permissions      | audit.logging.summary.global.permission.added | Global permission added | Group        | Type: > SYSTEMADMINISTRATOR
		audit.logging.category.user.management | Users and groups | audit.logging.summary.user.created            | User created            | User         | Email: > a@example.com
		audit.logging.category.user.management | Users and groups | audit.logging.summary.group.created           | Group created           | Group
		audit.logging.category.user.management | Users and groups | audit.logging.summary.group.membership.added  | User added to group     | Group, USER
	`,
});
