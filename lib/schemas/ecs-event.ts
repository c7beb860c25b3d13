import type {Activity} from '../model/activity.ts';
import type {AuditAttribute, AuditChange, AuditCredential, AuditTarget} from '../model/event.ts';
import type {EcsCategories} from './ecs-categories.ts';

export interface EcsPerson {
	readonly id?: string;
	readonly name?: string;
	readonly full_name?: string;
	readonly email?: string;
}

/** What has an id and a name: a group, an organization. */
export interface EcsNamed {
	readonly id?: string;
	readonly name?: string;
}

export interface EcsUser extends EcsPerson {
	/** As whom it was done. */
	readonly effective?: EcsPerson;
	/** The first user that it was done to, with the first group. */
	readonly target?: EcsPerson & {readonly group?: EcsNamed};
	/** What that user is called from then on. */
	readonly changes?: Omit<EcsPerson, 'id'>;
}

export interface EcsSource {
	readonly address?: string;
	readonly ip?: string;
	readonly geo?: {readonly country_name?: string; readonly region_name?: string; readonly city_name?: string};
}

/** What ECS has no field for, in the words of the common record. */
export interface EcsAtlassian {
	readonly tenant?: string;
	readonly activity?: Activity;
	readonly category?: string;
	readonly action_name?: string;
	/** Who did it where that is no user but an app, the system or anybody; of a user, its type where it has its own. */
	readonly actor?: EcsPerson & {readonly type?: string};
	readonly credential?: AuditCredential;
	/** What the API has in the place of IP addresses, and is none. */
	readonly addresses?: readonly string[];
	readonly containers?: readonly AuditTarget[];
	readonly targets?: readonly AuditTarget[];
	readonly changes?: readonly AuditChange[];
	/** `FIELD=TO` of each change: a list of texts, for whoever cannot look into a list of objects. */
	readonly changed?: readonly string[];
	/** The roles and permissions that were given or taken. */
	readonly privileges?: readonly string[];
	readonly attributes?: readonly AuditAttribute[];
	/** How the server was asked. */
	readonly method?: string;
}

/** One audit event in the Elastic Common Schema: every member is a field of it, save those in `atlassian`. */
export interface EcsEvent {
	readonly '@timestamp': string;
	readonly ecs: {readonly version: '9.4.0'};
	readonly message?: string;
	readonly user?: EcsUser;
	readonly group?: EcsNamed;
	readonly related?: {
		readonly user?: readonly string[];
		readonly ip?: readonly string[];
		readonly hosts?: readonly string[];
	};
	readonly source?: EcsSource;
	readonly network?: {readonly forwarded_ip: string};
	readonly organization?: EcsNamed;
	readonly host?: {readonly name: string};
	readonly service?: {readonly address?: string; readonly node?: {readonly name: string}};
	readonly observer: {readonly vendor?: string; readonly product: string};
	readonly atlassian?: EcsAtlassian;
	readonly event: EcsCategories & {
		readonly kind: 'event';
		readonly action?: string;
		readonly outcome: 'success' | 'failure' | 'unknown';
		/** Why it failed. */
		readonly reason?: string;
		readonly id: string;
		readonly created?: string;
		readonly module: 'rxaudit';
		readonly dataset: string;
		readonly original?: string;
	};
}

/** The type of a part while it is written member by member. */
export type Writable<T> = {-readonly [Key in keyof T]: T[Key]};
