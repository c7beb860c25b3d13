import type {Activity} from '../model/activity.ts';
import type {AuditEvent} from '../model/event.ts';

/** A class of OCSF, and which of the members that many classes have are in it. */
interface OcsfClass {
	readonly category_uid: number;
	readonly class_uid: number;
	readonly class_name:
		| 'Account Change'
		| 'Authentication'
		| 'Entity Management'
		| 'User Access Management'
		| 'Group Management'
		| 'Web Resources Activity'
		| 'Application Lifecycle'
		| 'API Activity'
		| 'Base Event';
	/** False where `actor` comes from the profile `host` only. */
	readonly ownActor: boolean;
	readonly source: boolean;
	readonly destination: boolean;
}

interface Severity {
	readonly severity_id: number;
	readonly severity: string;
}

/** What all events of one kind have in common. */
export interface OcsfKind extends OcsfClass {
	readonly activity_id: number;
	readonly activity_name: string;
	readonly type_uid: number;
	readonly severity: Severity;
	/** The severity of a failed attempt. */
	readonly failure: Severity;
	/**
	 * What an activity is about where the class does not say it: a kind of target, or a word for what has no certain
	 * kind.
	 */
	readonly about: string;
	/** The kind where it was done to a group and to no user. */
	readonly toGroup?: OcsfKind;
	/** The kind where it was done to neither. */
	readonly toOther?: OcsfKind;
}

const iam = {category_uid: 3, ownActor: true, source: true};
const application = {category_uid: 6, ownActor: false};

/** OCSF 1.9 deprecates 3001 and 3005: {@link kinds} is the one place to change. */
const accountChange: OcsfClass = {...iam, class_uid: 3001, class_name: 'Account Change', destination: false};
const authentication: OcsfClass = {...iam, class_uid: 3002, class_name: 'Authentication', destination: true};
const entityManagement: OcsfClass = {...iam, class_uid: 3004, class_name: 'Entity Management', destination: false};
const userAccess: OcsfClass = {...iam, class_uid: 3005, class_name: 'User Access Management', destination: false};
const groupManagement: OcsfClass = {...iam, class_uid: 3006, class_name: 'Group Management', destination: false};
const webResources: OcsfClass = {
	...application,
	class_uid: 6001,
	class_name: 'Web Resources Activity',
	source: true,
	destination: true,
};
const applicationLifecycle: OcsfClass = {
	...application,
	class_uid: 6002,
	class_name: 'Application Lifecycle',
	source: false,
	destination: false,
};
const apiActivity: OcsfClass = {
	...application,
	ownActor: true,
	class_uid: 6003,
	class_name: 'API Activity',
	source: true,
	destination: true,
};
const baseEvent: OcsfClass = {
	category_uid: 0,
	class_uid: 0,
	class_name: 'Base Event',
	ownActor: false,
	source: false,
	destination: false,
};

const informational: Severity = {severity_id: 1, severity: 'Informational'};
const low: Severity = {severity_id: 2, severity: 'Low'};
const medium: Severity = {severity_id: 3, severity: 'Medium'};
const high: Severity = {severity_id: 4, severity: 'High'};

type Special = Partial<Pick<OcsfKind, 'severity' | 'failure' | 'about' | 'toGroup' | 'toOther'>>;

function kind(of: OcsfClass, activity_id: number, activity_name: string, special: Special = {}): OcsfKind {
	const {severity = informational} = special;
	return {
		...of,
		activity_id,
		activity_name,
		type_uid: of.class_uid * 100 + activity_id,
		severity,
		failure: severity,
		about: '',
		...special,
	};
}

/** To whom it was given decides the class: one for users, one for groups, and neither fits anything else. */
const granted = kind(userAccess, 1, 'Assign Privileges', {
	severity: medium,
	toGroup: kind(groupManagement, 1, 'Assign Privileges', {about: 'privilege', severity: medium}),
	toOther: kind(entityManagement, 3, 'Update', {about: 'permission', severity: medium}),
});
const revoked = kind(userAccess, 2, 'Revoke Privileges', {
	toGroup: kind(groupManagement, 2, 'Revoke Privileges', {about: 'privilege'}),
	toOther: kind(entityManagement, 3, 'Update', {about: 'permission'}),
});

/** Also of an action that no rule knows. */
const unknown = kind(baseEvent, 99, 'Other');

/**
 * The class and activity of OCSF for each of ours. No vendor states how severe an event is: that is rxaudit's own
 * judgement, above Informational only where somebody who watches for attacks wants to be told.
 */
const kinds: Readonly<Record<Activity, OcsfKind>> = {
	'user-login': kind(authentication, 1, 'Logon', {failure: low}),
	'user-logout': kind(authentication, 2, 'Logoff'),
	'admin-session-started': kind(authentication, 1, 'Logon', {severity: low, failure: medium}),
	'admin-session-ended': kind(authentication, 2, 'Logoff'),
	'user-impersonated': kind(authentication, 7, 'Account Switch', {about: 'user', severity: medium}),
	'user-created': kind(accountChange, 1, 'Create'),
	'user-invited': kind(accountChange, 1, 'Create'),
	'user-updated': kind(entityManagement, 3, 'Update', {about: 'user'}),
	'user-disabled': kind(accountChange, 5, 'Disable'),
	'user-enabled': kind(accountChange, 2, 'Enable'),
	'user-deleted': kind(accountChange, 6, 'Delete'),
	'user-password-changed': kind(accountChange, 3, 'Password Change'),
	'user-password-reset': kind(accountChange, 4, 'Password Reset'),
	'user-mfa-enabled': kind(accountChange, 10, 'MFA Factor Enable'),
	'user-mfa-disabled': kind(accountChange, 11, 'MFA Factor Disable', {severity: medium}),
	'user-viewed': kind(webResources, 2, 'Read'),
	'group-created': kind(groupManagement, 6, 'Create'),
	'group-updated': kind(entityManagement, 3, 'Update', {about: 'group'}),
	'group-deleted': kind(groupManagement, 5, 'Delete'),
	'group-user-added': kind(groupManagement, 3, 'Add User', {about: 'user'}),
	'group-user-removed': kind(groupManagement, 4, 'Remove User', {about: 'user'}),
	'role-granted': granted,
	'role-revoked': revoked,
	'permission-granted': granted,
	'permission-revoked': revoked,
	'permission-changed': kind(entityManagement, 3, 'Update', {about: 'permission', severity: medium}),
	'access-denied': kind(webResources, 2, 'Read', {severity: low}),
	'change-requested': kind(entityManagement, 99, 'Other', {about: 'request'}),
	'policy-changed': kind(entityManagement, 3, 'Update', {about: 'policy', severity: medium}),
	'settings-changed': kind(entityManagement, 3, 'Update', {about: 'settings', severity: medium}),
	'token-created': kind(entityManagement, 1, 'Create', {about: 'token', severity: medium}),
	'token-updated': kind(entityManagement, 3, 'Update', {about: 'token', severity: low}),
	'token-revoked': kind(entityManagement, 4, 'Delete', {about: 'token'}),
	'app-installed': kind(applicationLifecycle, 1, 'Install'),
	'app-removed': kind(applicationLifecycle, 2, 'Remove'),
	'app-enabled': kind(applicationLifecycle, 6, 'Enable'),
	'app-disabled': kind(applicationLifecycle, 7, 'Disable'),
	'app-updated': kind(applicationLifecycle, 8, 'Update'),
	'admin-object-created': kind(entityManagement, 1, 'Create', {about: 'admin-object', severity: medium}),
	'admin-object-updated': kind(entityManagement, 3, 'Update', {about: 'admin-object', severity: medium}),
	'admin-object-deleted': kind(entityManagement, 4, 'Delete', {about: 'admin-object', severity: medium}),
	'resource-created': kind(webResources, 1, 'Create', {about: 'thing'}),
	'resource-updated': kind(webResources, 3, 'Update', {about: 'thing'}),
	'resource-deleted': kind(webResources, 4, 'Delete', {about: 'thing'}),
	'resource-shared': kind(webResources, 8, 'Share', {about: 'thing'}),
	'resource-viewed': kind(webResources, 2, 'Read'),
	'resource-searched': kind(webResources, 5, 'Search'),
	'resource-exported': kind(webResources, 7, 'Export', {severity: low}),
	'resource-imported': kind(webResources, 6, 'Import'),
	'resource-restored': kind(webResources, 3, 'Update', {about: 'thing'}),
	'tool-called': kind(apiActivity, 99, 'Other'),
	maintenance: kind(applicationLifecycle, 99, 'Other'),
	'audit-events-lost': kind(entityManagement, 4, 'Delete', {about: 'audit log', severity: high}),
	'sync-started': kind(entityManagement, 99, 'Other', {about: 'directory'}),
	'sync-finished': kind(entityManagement, 99, 'Other', {about: 'directory'}),
	'product-activity': unknown,
	other: unknown,
};

/** The class and activity of OCSF that an event is of: the base class where nothing says what it is. */
export function ocsfKind({activity, targets}: Pick<AuditEvent, 'activity' | 'targets'>): OcsfKind {
	const first = activity !== undefined && Object.hasOwn(kinds, activity) ? kinds[activity] : unknown;
	if (!first.toGroup || !first.toOther) return first;
	let toGroup = false;
	for (const {type} of targets ?? []) {
		if (type === 'user') return first;
		toGroup ||= type === 'group';
	}
	return toGroup ? first.toGroup : first.toOther;
}
