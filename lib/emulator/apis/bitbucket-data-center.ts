import {dataCenterApi} from './_data-center.ts';

const category =
	'bitbucket.service.audit.category.usersandgroups | Users and groups | bitbucket.service.user.audit.action';

export default dataCenterApi({
	product: 'bitbucket',
	authorType: 'NORMAL',
	node: 'node-0',
	actions: `
		${category}.usercreated                 | User created            | USER, USER  | name: old name > new name
		${category}.userdeleted                 | User deleted            | USER, USER  | name: old name > new name
		${category}.userrenamed                 | User renamed            | USER, USER  | name: old name > new name
		${category}.usercredentialupdated       | User credential updated | USER, USER  | name: old name > new name
		${category}.groupcreated                | Group created           | GROUP, USER | name: old name > new name
		${category}.groupdeleted                | Group deleted           | GROUP, USER | name: old name > new name
		${category}.groupmembershipscreated.user | User added to group    | GROUP, USER | name: old name > new name
		${category}.groupmembershipdeleted      | User removed from group | GROUP, USER | name: old name > new name
	`,
});
