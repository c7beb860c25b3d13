import {dataCenterApi} from './_data-center.ts';

const category =
	'bitbucket.service.audit.category.usersandgroups | Users and groups | bitbucket.service.user.audit.action';
const permissions = 'bitbucket.service.audit.category.permissions | Permissions | bitbucket.service.user.audit.action';
const tokens =
	'bitbucket.service.audit.category.usersandgroups | Users and groups | bitbucket.access.tokens.audit.action';
const repositories =
	'bitbucket.service.audit.category.repositories | Repositories | bitbucket.service.repository.audit.action';
const projects = 'bitbucket.service.audit.category.projects | Projects | bitbucket.service.project.audit.action';

export default dataCenterApi({
	product: 'bitbucket',
	authorType: 'NORMAL',
	profile: '/users/',
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
		${category}.authenticationsuccess       | User login successful   | USER        |                      | Authentication details = form
		${category}.authenticationfailure       | User login failed       |             |                      | Username = LOGIN; Error = wrong password | nobody
		${category}.groupmembershipscreated.user | User added to group    | GROUP=stash-admins, USER
		${permissions}.globalpermissiongranted  | Global permission granted | USER      | Permission: > SYS_ADMIN
		${permissions}.globalpermissiongranted  | Global permission granted | GROUP     | Permission: > LICENSED_USER
		${permissions}.globalpermissionmodified | Global permission changed | USER      | Permission: LICENSED_USER > SYS_ADMIN
		${tokens}.accesstokencreated.personal   | Personal access token created | USER  |                      | Token name = nightly export; Token ID = 4711
		${tokens}.accesstokendeleted.repository | Repository access token deleted | REPOSITORY |               | Token name = old build; Token ID = 4710
		${repositories}.repositorymodified      | Repository updated      | REPOSITORY  | Public: false > true; Forkable: false > true
		${repositories}.repositorymodified      | Repository updated      | REPOSITORY  | Public: true > false; Forkable: false > true
		${projects}.projectmodified             | Project updated         | PROJECT     | Public: false > true
		bitbucket.service.audit.category.globaladministration | Global administration | Global secret scanning rule deleted | Global secret scanning rule deleted | RULE=AWS keys
		bitbucket.service.audit.category.datapipeline | Data pipeline | Full data export triggered | Full data export triggered | | | Export ID = 7
		atlassian.audit.event.category.audit    | Auditing                | atlassian.audit.event.action.audit.config.updated | Audit Log configuration updated | | coverage: end_user_activity : full > end_user_activity : off
	`,
});
