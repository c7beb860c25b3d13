const group = '4375f4c3-7a5b-4c0e-8d11-0a1b2c3d4e5f';
const timestamp = '2026-01-01T00:00:00.000Z';

const orgRecords = [
	{
		action: 'user_login_failed',
		actor: {id: 'x', email: 'Atlassian app', onBehalfOf: {id: 'o', name: 'O', email: 'o@o'}},
	},
	{action: 'a', actor: {id: '5b10a2844c20165700ede213', auth: {authType: 't', tokenId: 'i', tokenLabel: 'l'}}},
	{action: 'a', actor: {id: 'y', email: 'bot@serviceaccount.example.com'}},
	...['issueId', 'pageId'].map(key => {
		const object = {type: 'issue', attributes: {[key]: '7'}};
		return {action: 'a', context: [object], container: [object]};
	}),
	...['name', 'groupName', 'siteName', 'siteHostName', 'issueKey', 'key', 'title', 'email'].map(key => {
		const object = {id: 'i', type: 't', attributes: {[key]: 'a@b'}};
		return {action: 'a', context: [object], container: [object]};
	}),
].map((attributes, index) => ({
	id: `made-${index}`,
	attributes: {time: timestamp, processedAt: timestamp, ...attributes},
}));

const dataCenterRecords = [
	{author: {id: '-1', name: 'System', type: 'user'}, type: {category: 'boards', action: 'Board created'}},
	{type: {actionI18nKey: 'jira.auditing.user.login.failed', action: 'Anmeldung'}},
	{type: {action: 'Login failed'}},
	{author: {name: 'Ann', type: 'user'}},
	{changedValues: [{i18nKey: 'k', from: 'a', to: 'b'}], node: 'n'},
	{extraAttributes: [{nameI18nKey: 'audit.token.name', value: 'ci'}]},
	{extraAttributes: [{name: 'Token Name', value: 'ci'}]},
	...['nameI18nKey', 'name'].map(key => ({
		type: {actionI18nKey: 'personal.access.tokens.audit.log.summary.token.created'},
		extraAttributes: [{[key]: 'token.name', value: 'ci'}],
	})),
	...['nameI18nKey', 'name'].flatMap(key => [
		{
			type: {actionI18nKey: 'personal.access.tokens.audit.log.summary.token.created'},
			extraAttributes: [{[key]: 'token.id', value: '7'}],
		},
		{extraAttributes: [{[key]: 'token.id', value: '7'}]},
		{type: {actionI18nKey: 'jira.auditing.user.login.failed'}, extraAttributes: [{[key]: 'user name', value: 'eve'}]},
		{source: '10.0.0.1', extraAttributes: [{[key]: 'x-forwarded-for', value: '198.51.100.7'}]},
	]),
	{type: {action: 'User login failed'}, extraAttributes: [{name: 'Username', value: 'eve'}]},
	{
		author: {id: '10', name: 'Ann Example', uri: '/secure/ViewProfile.jspa?name=ann'},
		affectedObjects: [
			{id: '10', type: 'USER', name: 'Ann Example', uri: '/users/ann'},
			{type: 'USER', name: 'Anonymous'},
			{type: 'USER', id: '-2'},
		],
	},
	...['key', 'i18nKey'].flatMap(key => [
		{changedValues: [{[key]: 'Group', to: 'admins'}]},
		{changedValues: [{[key]: 'User', from: 'bob'}]},
		{changedValues: [{[key]: 'Users', from: 'ann', to: 'ann, bob'}]},
	]),
].map(members => ({timestamp, ...members}));

/** Records that the emulator never makes: what is rare, of old, or in one member where most have it in another. */
export const handmadeRecords: Readonly<Partial<Record<string, readonly object[]>>> = {
	'atlassian-org-events': orgRecords,
	'atlassian-org-events-stream': orgRecords,
	'bitbucket-data-center': dataCenterRecords,
	'confluence-cloud': [
		{author: {type: 'user', userKey: 'k', displayName: 'Ann', accountType: 'app'}, summary: 's'},
		{author: {type: 'user', username: 'u'}, description: 'd', summary: 'Space export failed'},
		{author: {type: 'user', accountId: 'a'}, affectedObject: {name: `${group}; User: 712020:a`, objectType: ''}},
		{associatedObjects: [{name: `${group}; User: 712020:a`}, {name: `admins:${group}`, objectType: 'Group'}]},
		{author: {displayName: 'Anonymous'}, remoteAddress: '203.0.113.5, 10.0.0.1'},
		{author: {type: 'user', accountId: 'a'}, superAdmin: true},
		{author: {type: 'user', accountId: 'a', isExternalCollaborator: true}},
		{author: {type: 'user', accountId: 'a', externalCollaborator: true}},
	].map(members => ({creationDate: 1_643_097_111_962, ...members})),
	'confluence-data-center': dataCenterRecords,
	'crowd-data-center': [
		{eventType: 'SYNCHRONIZATION_FAILED', authorType: 'USER', authorId: 1, authorName: 'ann'},
		{eventType: 'CREATED', entityType: 'USER', entityId: 2, entityName: 'bob'},
		{author: {displayName: 'Ann'}, entities: [{displayName: 'Bob', primary: true}]},
		{author: {originalName: 'Ann'}, entities: [{originalName: 'Bob', type: 'USER'}]},
	].map((members, index) => ({id: 900_000_000 + index, timestamp: '2017-04-26T00:00:00.000+0300', ...members})),
	'jira-cloud': [
		{authorKey: 'ug:1', summary: 'Login failed', remoteAddress: '203.0.113.5, 10.0.0.1'},
		{description: 'd', associatedItems: [{id: 'a', name: 'Ann', typeName: 'USER'}]},
	].map((members, index) => ({id: 900_000_000 + index, created: '2022-01-24T08:48:05.645+0000', ...members})),
	'jira-data-center': dataCenterRecords,
};
