import type {Activity} from '../model/activity.ts';
import type {AuditAttribute, AuditChange, AuditOrigin, AuditService, AuditTarget} from '../model/event.ts';

/** What has a name or an id: one of the two is always there. */
export interface OcsfNamed {
	name?: string;
	uid?: string;
	type?: string;
}

export interface OcsfUser extends OcsfNamed {
	full_name?: string;
	email_addr?: string;
	/** 1 user, 3 system, 0 unknown, 99 what `type` says. */
	type_id: number;
}

export interface OcsfActor {
	user?: OcsfUser;
	app_name?: string;
	app_uid?: string;
	session?: {readonly credential_uid: string};
}

export interface OcsfEndpoint {
	ip?: string;
	/** The address as it was given, where that is no IP address. */
	name?: string;
	intermediate_ips?: readonly string[];
	location?: {readonly city: string};
}

/** What an Entity Management is about. */
export interface OcsfEntity extends OcsfNamed {
	/** 2 user, 3 group, 4 organization, 5 policy, 99 what `type` says. */
	type_id?: number;
	user?: OcsfUser;
}

export interface OcsfMetadata {
	readonly version: string;
	profiles?: readonly string[];
	readonly product: {readonly name: string; vendor_name?: string};
	event_code?: string;
	readonly original_time: string;
	readonly uid: string;
	original_event_uid?: string;
	tenant_uid?: string;
	readonly log_name: string;
	readonly log_provider: string;
	loggers?: readonly {readonly name: string; readonly logged_time: number}[];
}

/** What the common record says and the class has no member for. */
export interface OcsfUnmapped {
	activity?: Activity;
	action_name?: string;
	category?: string;
	actor?: {full_name?: string; email?: string};
	on_behalf_of?: {id?: string; name?: string; full_name?: string; email?: string};
	credential?: {type?: string; name?: string};
	origin?: AuditOrigin;
	service?: AuditService;
	containers?: readonly AuditTarget[];
	targets?: readonly AuditTarget[];
	changes?: readonly AuditChange[];
	attributes?: readonly AuditAttribute[];
	method?: string;
}

/** An event of OCSF 1.8.0, as far as rxaudit fills it. A member without a value is absent. */
export interface OcsfEvent {
	readonly activity_id: number;
	readonly activity_name: string;
	readonly category_uid: number;
	readonly class_uid: number;
	readonly class_name: string;
	readonly type_uid: number;
	readonly severity_id: number;
	readonly severity: string;
	readonly status_id: number;
	readonly status: string;
	/** When it occurred, epoch milliseconds. */
	readonly time: number;
	readonly metadata: OcsfMetadata;
	/** Why it failed. */
	status_detail?: string;
	message?: string;
	actor?: OcsfActor;
	src_endpoint?: OcsfEndpoint;
	dst_endpoint?: OcsfEndpoint;
	/** Whose account it is, or who logs in. */
	user?: OcsfUser;
	account_switch_type_id?: number;
	account_switch_type?: string;
	service?: OcsfNamed;
	group?: OcsfNamed;
	privileges?: readonly string[];
	/** What a user got privileges on. */
	resources?: readonly OcsfNamed[];
	/** What a group got privileges on. */
	resource?: OcsfNamed;
	entity?: OcsfEntity;
	web_resources?: readonly OcsfNamed[];
	app?: OcsfNamed;
	api?: {readonly operation: string};
	unmapped?: OcsfUnmapped;
	/** The record's own text. */
	raw_data?: string;
}
