import type {AuditEvent} from '../model/event.ts';
import type {SourceFacts} from '../model/page.ts';
import {type OcsfKind, ocsfKind} from './ocsf-classes.ts';
import type {OcsfEndpoint, OcsfEvent, OcsfMetadata} from './ocsf-event.ts';
import {
	actorOf,
	appIn,
	endpointOf,
	entityIn,
	groupIn,
	isOcsfIp,
	isUser,
	resourcesIn,
	userIn,
	userOf,
	webResourcesIn,
} from './ocsf-members.ts';
import {privilegesIn, failureReasonOf} from './changed-user.ts';
import {unmappedOf} from './ocsf-unmapped.ts';

export type {OcsfEvent} from './ocsf-event.ts';

const version = '1.8.0';
/** What `actor` needs in the classes that do not have it by themselves. */
const hostProfile: readonly string[] = ['host'];
const unknown = 'Unknown';
const other = 99;

type Facts = Pick<SourceFacts, 'product' | 'ownIds'>;

/**
 * The event in the Open Cybersecurity Schema Framework (OCSF) 1.8.0. What its class has no member for is below
 * `unmapped`, in the words of the common record; what its class requires and the record does not name is `Unknown`.
 * It shares lists with the event. Each number has its caption beside it, save those that follow from another:
 * `category_uid` from the class, `type_uid` from class and activity.
 */
export function toOcsf(event: AuditEvent, facts: Facts): OcsfEvent {
	const kind = ocsfKind(event);
	const {outcome} = event;
	const {severity_id, severity} = outcome === 'failure' ? kind.failure : kind.severity;
	const ocsf: OcsfEvent = {
		activity_id: kind.activity_id,
		activity_name: kind.activity_id === other ? (event.action ?? kind.activity_name) : kind.activity_name,
		category_uid: kind.category_uid,
		class_uid: kind.class_uid,
		class_name: kind.class_name,
		type_uid: kind.type_uid,
		severity_id,
		severity,
		status_id: outcome === 'success' ? 1 : outcome === 'failure' ? 2 : 0,
		status: outcome === 'success' ? 'Success' : outcome === 'failure' ? 'Failure' : unknown,
		time: Date.parse(event.time),
		metadata: metadataOf(event, facts, kind),
	};
	const reason = failureReasonOf(event);
	if (reason !== undefined) ocsf.status_detail = reason;
	if (event.message !== undefined) ocsf.message = event.message;
	const actor = actorOf(event);
	if (actor) ocsf.actor = actor;
	const source = kind.source ? sourceOf(event.origin) : undefined;
	if (source) ocsf.src_endpoint = source;
	if (kind.destination && event.service?.address !== undefined) ocsf.dst_endpoint = endpointOf(event.service.address);
	addObjects(ocsf, event, facts, kind);
	const unmapped = unmappedOf(event, actor, source, kind);
	if (unmapped) ocsf.unmapped = unmapped;
	if (event.raw !== undefined) ocsf.raw_data = event.raw;
	return ocsf;
}

function metadataOf(event: AuditEvent, {product, ownIds}: Facts, {ownActor}: OcsfKind): OcsfMetadata {
	const metadata: OcsfMetadata = {
		version,
		product: product.vendor === undefined ? {name: product.name} : {name: product.name, vendor_name: product.vendor},
		original_time: event.time,
		uid: event.id,
		log_name: event.source,
		log_provider: product.name,
	};
	if (!ownActor) metadata.profiles = hostProfile;
	if (event.action !== undefined) metadata.event_code = event.action;
	if (ownIds) metadata.original_event_uid = event.id;
	if (event.tenant !== '') metadata.tenant_uid = event.tenant;
	// not logged_time: that is when an event reached its last log
	if (event.processed !== undefined) {
		metadata.loggers = [{name: product.name, logged_time: Date.parse(event.processed)}];
	}
	return metadata;
}

/** The client; undefined where its address is not known, since a place alone is no endpoint. */
function sourceOf(origin: AuditEvent['origin']): OcsfEndpoint | undefined {
	if (origin?.ip === undefined) return undefined;
	const endpoint = endpointOf(origin.ip);
	if (origin.ips && origin.ips.length > 1) {
		const proxies = origin.ips.slice(1).filter(isOcsfIp);
		if (proxies.length > 0) endpoint.intermediate_ips = proxies;
	}
	if (origin.geo?.city !== undefined) endpoint.location = {city: origin.geo.city};
	return endpoint;
}

/** What the class is about. The actor is never put in the place of what it acted on. */
function addObjects(ocsf: OcsfEvent, event: AuditEvent, {product}: Facts, {class_name, about}: OcsfKind): void {
	const {targets} = event;
	switch (class_name) {
		case 'Account Change':
			ocsf.user = userIn(event);
			break;
		case 'Authentication':
			ocsf.service = {name: product.name};
			if (about === 'user') {
				ocsf.user = userIn(event);
				ocsf.account_switch_type_id = 2;
				ocsf.account_switch_type = 'Impersonate';
			} else {
				const {actor} = event;
				const isNamed = targets?.some(isUser) === true;
				// nobody is whom a failed login's actor is called; the account that was tried is among the targets
				const isNobody = actor?.type === 'anonymous' && isNamed;
				ocsf.user =
					(isNobody ? undefined : ocsf.actor?.user) ?? (actor && !isNamed ? userOf(actor, actor.type) : userIn(event));
			}
			break;
		case 'Entity Management':
			ocsf.entity = entityIn(event, about);
			break;
		case 'User Access Management': {
			ocsf.user = userIn(event);
			const privileges = privilegesIn(event);
			ocsf.privileges = privileges.length > 0 ? privileges : [unknown];
			const resources = resourcesIn(targets);
			if (resources.length > 0) ocsf.resources = resources;
			break;
		}
		case 'Group Management':
			ocsf.group = groupIn(targets);
			if (about === 'user' && targets?.some(isUser)) ocsf.user = userIn(event);
			if (about === 'privilege') addGroupPrivileges(ocsf, event);
			break;
		case 'Web Resources Activity': {
			const resources = webResourcesIn(targets, about);
			ocsf.web_resources = resources.length > 0 ? resources : [{name: unknown}];
			break;
		}
		case 'Application Lifecycle':
			ocsf.app = appIn(targets);
			break;
		case 'API Activity': {
			ocsf.api = {operation: event.action ?? unknown};
			ocsf.actor ??= {user: userOf({}, undefined)};
			ocsf.src_endpoint ??= endpointOf(unknown);
			const resources = resourcesIn(targets);
			if (resources.length > 0) ocsf.resources = resources;
			break;
		}
		case 'Base Event':
	}
}

function addGroupPrivileges(ocsf: OcsfEvent, event: AuditEvent): void {
	const privileges = privilegesIn(event);
	if (privileges.length > 0) ocsf.privileges = privileges;
	const resource = resourcesIn(event.targets)[0];
	if (resource) ocsf.resource = resource;
}
