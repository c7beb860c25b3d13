import {defineSource} from '../lib/source/define-source.ts';
import {type Members, textIn} from '../lib/source/members.ts';
import {by, each, first} from '../lib/source/words.ts';
import {crowdActions} from './_crowd-actions.ts';
import {type CrowdChangeset, crowdRestrictions, crowdSearch} from './_crowd.ts';
import {crowdOperations} from './_crowd-operations.ts';

export type {CrowdChangeset, CrowdEntity, CrowdEntry, CrowdObject} from './_crowd.ts';

const actorTypes = new Map([
	['USER', 'user'],
	['APPLICATION', 'app'],
	['PLUGIN', 'app'],
	['SYSTEM', 'system'],
	['SYNCHRONIZATION', 'system'],
	['DATA_IMPORT', 'system'],
]);

/** The audit log of a Crowd Data Center, newest changeset first: as far back as its retention goes. */
export default defineSource({
	name: 'crowd-data-center',
	docs: 'Audit log of a Crowd Data Center (POST /rest/admin/1.0/auditlog/query), newest first, as far back as its retention goes. Needs the user name and password of a Crowd administrator; the endpoint includes the context path, as in https://host/crowd. Other programs may store events of any time: those older than the overlap are found by a pull without a state only. The server gives the entities and entries of an event in any order: --format audit sorts them, --format raw and the member raw keep what came; filesystem takes any order for the same event.',
	reference: 'https://developer.atlassian.com/server/crowd/rest/',
	auth: ['basic'],
	options: crowdRestrictions,
	order: 'newest-first',
	ids: 'tenant',
	unorderedLists: true,
	lagMs: 60_000,
	largestPage: 1000,
	retention: {operation: 'configuration'},
	records: 'values',
	// two servers may share a host
	tenant: (_, {host, pathname}) => host + pathname.replace(/\/$/, ''),
	id: (changeset: CrowdChangeset) => changeset.id,
	time: changeset => changeset.timestamp,
	request: ({pageSize, ...restrictions}, {fromMs, toMs, start}) => ({
		method: 'POST',
		path: '/rest/admin/1.0/auditlog/query',
		query: {start, limit: pageSize},
		body: crowdSearch(restrictions, {fromMs: fromMs > 0 ? fromMs : undefined, toMs}),
	}),
	isLast: ({envelope}) => (envelope as {isLastPage?: boolean}).isLastPage === true,
	product: {vendor: 'Atlassian', name: 'Crowd Data Center'},
	mapping: {
		action: 'eventType',
		category: first(
			by('$1.type of the one that is $1.primary', ['entities[]'], typeOfPrimary),
			by('$2 where there are no $1', ['entities[]', 'entityType'], (given, type) =>
				given.length > 0 ? undefined : type,
			),
		),
		message: 'eventMessage',
		outcome: 'eventType',
		'actor.id': first('author.id', 'authorId'),
		'actor.name': first('author.name', 'author.displayName', 'author.originalName', 'authorName'),
		'actor.fullName': 'author.displayName',
		'actor.type': by(
			'$1: "user" for USER, "app" for APPLICATION and PLUGIN, "system" for SYSTEM, SYNCHRONIZATION and DATA_IMPORT',
			[first('author.type', 'authorType')],
			type => (type === undefined ? undefined : (actorTypes.get(type) ?? type)),
		),
		'origin.ip': 'ipAddress',
		'origin.ips': 'ipAddress',
		targets: each(
			'entities',
			{type: 'type', id: 'id', name: first('name', 'displayName', 'originalName')},
			// from the members that older plugins fill, where there is no list
			{leads: 'primary', else: {type: 'entityType', id: 'entityId', name: 'entityName'}},
		),
		changes: each('entries', {field: 'propertyName', from: 'oldValue', to: 'newValue'}),
	},
	actions: crowdActions,
	operations: crowdOperations,
});

/** The first by name, should there be several. */
function typeOfPrimary(entities: readonly Members[]): string | undefined {
	const types = entities.filter(({primary}) => primary).map(({type}) => textIn(type));
	return types.filter(type => type !== undefined).sort()[0];
}
