/** What decides of which class an event is. */
const ofClass = 'activity, targets.type';
/** What changes tell of a user that is new or changed. */
const changed = 'changes.field, changes.to';
/** What the first user among the targets is known by. */
const nameOfTarget = 'activity, targets.type, targets.name, targets.fullName, targets.email, targets.id';
/** In Authentication it is the actor. */
const nameOfUser = `${nameOfTarget}, ${changed}, actor.name, actor.fullName, actor.email, actor.id, actor.type`;
const address = 'activity, origin.ip';
const server = 'activity, service.address';
const inUnmapped: Record<string, string> = {
	'unmapped.activity': 'activity',
	'unmapped.action_name': 'actionName',
	'unmapped.category': 'category',
	'unmapped.actor.full_name': 'actor.fullName, actor.type',
	'unmapped.actor.email': 'actor.email, actor.type',
	'unmapped.on_behalf_of.id': 'actor.onBehalfOf.id',
	'unmapped.on_behalf_of.name': 'actor.onBehalfOf.name',
	'unmapped.on_behalf_of.full_name': 'actor.onBehalfOf.fullName',
	'unmapped.on_behalf_of.email': 'actor.onBehalfOf.email',
	'unmapped.credential.type': 'credential.type',
	'unmapped.credential.name': 'credential.name',
	'unmapped.origin.ip': address,
	'unmapped.origin.ips': `${address}, origin.ips`,
	'unmapped.origin.geo.country': 'origin.geo.country',
	'unmapped.origin.geo.region': 'origin.geo.region',
	'unmapped.origin.geo.city': `${address}, origin.geo.city, origin.geo.country, origin.geo.region`,
	'unmapped.service.address': server,
	'unmapped.service.node': 'service.node',
	'unmapped.method': 'method',
	'unmapped.attributes.name': 'attributes.name',
	'unmapped.attributes.key': 'attributes.key',
	'unmapped.attributes.value': 'attributes.value',
	'unmapped.changes.field': 'changes.field',
	'unmapped.changes.from': 'changes.from',
	'unmapped.changes.to': 'changes.to',
};
for (const list of ['containers', 'targets']) {
	for (const member of ['type', 'id', 'name', 'fullName', 'email']) {
		inUnmapped[`unmapped.${list}.${member}`] = `${list}.${member}`;
	}
}

/**
 * What each member of an OCSF event is made from, or depends on, in the words of the common record; lists are without
 * index. `product` and `ownIds` are facts of the source, `constant` is the same in all events.
 */
export const ocsfOrigins: Readonly<Record<string, string>> = {
	activity_id: ofClass,
	activity_name: `${ofClass}, action`,
	category_uid: 'activity',
	class_uid: ofClass,
	class_name: ofClass,
	type_uid: ofClass,
	severity_id: 'activity, outcome',
	severity: 'activity, outcome',
	status_id: 'outcome',
	status: 'outcome',
	status_detail: 'outcome, attributes.name, attributes.key, attributes.value',
	time: 'time',
	message: 'message',
	'metadata.version': 'constant',
	'metadata.profiles': 'activity',
	'metadata.product.name': 'product.name',
	'metadata.product.vendor_name': 'product.vendor',
	'metadata.event_code': 'action',
	'metadata.original_time': 'time',
	'metadata.uid': 'id',
	'metadata.original_event_uid': 'id, ownIds',
	'metadata.tenant_uid': 'tenant',
	'metadata.log_name': 'source',
	'metadata.log_provider': 'product.name',
	'metadata.loggers.name': 'product.name, processed',
	'metadata.loggers.logged_time': 'processed',
	'actor.user.uid': 'actor.id, actor.type',
	'actor.user.name': 'activity, credential.id, actor.name, actor.fullName, actor.email, actor.id, actor.type',
	'actor.user.full_name': 'actor.fullName, actor.type',
	'actor.user.email_addr': 'actor.email, actor.type',
	'actor.user.type_id': 'activity, credential.id, actor.type',
	'actor.user.type': 'actor.type',
	'actor.app_uid': 'actor.id, actor.type',
	'actor.app_name': 'actor.name, actor.fullName, actor.id, actor.type',
	'actor.session.credential_uid': 'credential.id',
	'src_endpoint.ip': address,
	'src_endpoint.name': address,
	'src_endpoint.intermediate_ips': `${address}, origin.ips`,
	'src_endpoint.location.city': `${address}, origin.geo.city`,
	'dst_endpoint.ip': server,
	'dst_endpoint.name': server,
	'user.uid': 'activity, targets.type, targets.id, actor.id, actor.type',
	'user.name': nameOfUser,
	'user.full_name': `activity, targets.type, targets.fullName, ${changed}, actor.fullName, actor.type`,
	'user.email_addr': `activity, targets.type, targets.email, ${changed}, actor.email, actor.type`,
	'user.type_id': 'activity, targets.type, actor.type',
	'user.type': 'activity, targets.type, actor.type',
	account_switch_type_id: 'activity',
	account_switch_type: 'activity',
	'service.name': 'activity, product.name',
	'group.uid': 'activity, targets.type, targets.id',
	'group.name': nameOfTarget,
	privileges:
		'activity, targets.type, targets.name, targets.id, changes.field, changes.from, changes.to, attributes.name, attributes.key, attributes.value',
	'resources.uid': 'activity, targets.type, targets.id',
	'resources.name': nameOfTarget,
	'resources.type': ofClass,
	'resource.uid': 'activity, targets.type, targets.id',
	'resource.name': nameOfTarget,
	'resource.type': ofClass,
	'entity.uid': 'activity, targets.type, targets.id',
	'entity.name': nameOfTarget,
	'entity.type_id': ofClass,
	'entity.type': ofClass,
	'entity.user.uid': 'activity, targets.type, targets.id',
	'entity.user.name': `${nameOfTarget}, ${changed}`,
	'entity.user.full_name': `activity, targets.type, targets.fullName, ${changed}`,
	'entity.user.email_addr': `activity, targets.type, targets.email, ${changed}`,
	'entity.user.type_id': ofClass,
	'web_resources.uid': 'activity, targets.type, targets.id',
	'web_resources.name': nameOfTarget,
	'web_resources.type': ofClass,
	'api.operation': 'activity, action',
	'app.uid': 'activity, targets.type, targets.id',
	'app.name': nameOfTarget,
	...inUnmapped,
	raw_data: 'raw',
};
