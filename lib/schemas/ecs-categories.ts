import type {Activity} from '../model/activity.ts';
import type {AuditTarget} from '../model/event.ts';

type EcsCategory = 'authentication' | 'configuration' | 'iam' | 'package' | 'session' | 'web';
type EcsType =
	| 'access'
	| 'admin'
	| 'change'
	| 'creation'
	| 'deletion'
	| 'end'
	| 'error'
	| 'group'
	| 'info'
	| 'installation'
	| 'start'
	| 'user';

/** What ECS finds events by, whatever product they are of. */
export interface EcsCategories {
	readonly category: readonly EcsCategory[];
	readonly type: readonly EcsType[];
}

const unknown = of(['configuration'], 'info');
const userChanged = of(['iam'], 'user', 'change');
const groupChanged = of(['iam'], 'group', 'change');
const roleChanged = of(['iam'], 'user', 'admin', 'change');
const permissionChanged = of(['iam', 'configuration'], 'user', 'change');
const adminObjectChanged = of(['iam'], 'admin', 'change');
const permissionsChanged = of(['configuration'], 'change');
const adminChanged = of(['iam', 'configuration'], 'admin', 'change');
const appChanged = of(['configuration', 'package'], 'change');
const accessed = of(['web'], 'access');

/**
 * ECS's words for each activity. Where ECS and those who use it leave a choice:
 *
 * - what is `iam` says what was done and to what: a user, a group, or else an object of administration (`admin`);
 * - a login is a `start`, not an `info`, since a session begins; a failed one too: `event.outcome` tells them apart;
 * - who joins or leaves a group is the `user` that changes, as in ECS's own example; the group is `group.*`;
 * - a token is `admin`: as `user` and `creation` it would be taken for a new account;
 * - a synchronisation is an `info`, for ECS knows no `start` and `end` of configurations.
 */
const categories: Readonly<Record<Activity, EcsCategories>> = {
	'user-login': of(['authentication'], 'start'),
	'user-logout': of(['authentication'], 'end'),
	'admin-session-started': of(['authentication', 'session'], 'start'),
	'admin-session-ended': of(['authentication', 'session'], 'end'),
	'user-impersonated': of(['authentication', 'iam'], 'start', 'admin'),
	'user-created': of(['iam'], 'user', 'creation'),
	'user-invited': of(['iam'], 'user', 'creation'),
	'user-updated': userChanged,
	'user-disabled': userChanged,
	'user-enabled': userChanged,
	'user-deleted': of(['iam'], 'user', 'deletion'),
	'user-password-changed': userChanged,
	'user-password-reset': userChanged,
	'user-mfa-enabled': userChanged,
	'user-mfa-disabled': userChanged,
	'user-viewed': of(['iam'], 'user', 'info'),
	'group-created': of(['iam'], 'group', 'creation'),
	'group-updated': groupChanged,
	'group-deleted': of(['iam'], 'group', 'deletion'),
	'group-user-added': userChanged,
	'group-user-removed': userChanged,
	'role-granted': roleChanged,
	'role-revoked': roleChanged,
	'permission-granted': permissionChanged,
	'permission-revoked': permissionChanged,
	'permission-changed': permissionsChanged,
	'access-denied': of(['web'], 'access', 'error'),
	'change-requested': unknown,
	'policy-changed': adminChanged,
	'settings-changed': adminChanged,
	'token-created': of(['iam'], 'admin', 'creation'),
	'token-updated': adminObjectChanged,
	'token-revoked': of(['iam'], 'admin', 'deletion'),
	'app-installed': of(['configuration', 'package'], 'installation'),
	'app-removed': of(['configuration', 'package'], 'deletion'),
	'app-enabled': appChanged,
	'app-disabled': appChanged,
	'app-updated': appChanged,
	'admin-object-created': of(['iam'], 'admin', 'creation'),
	'admin-object-updated': adminObjectChanged,
	'admin-object-deleted': of(['iam'], 'admin', 'deletion'),
	'resource-created': of(['configuration'], 'creation'),
	'resource-updated': of(['configuration'], 'change'),
	'resource-deleted': of(['configuration'], 'deletion'),
	'resource-shared': accessed,
	'resource-viewed': accessed,
	'resource-searched': accessed,
	'resource-exported': accessed,
	'resource-imported': unknown,
	'resource-restored': unknown,
	'tool-called': accessed,
	maintenance: unknown,
	'audit-events-lost': of(['configuration'], 'deletion'),
	'sync-started': unknown,
	'sync-finished': unknown,
	'product-activity': unknown,
	other: unknown,
};

function of(category: readonly EcsCategory[], ...type: readonly EcsType[]): EcsCategories {
	return {category, type};
}

/** ECS's words for what was done; `configuration` and `info` where no activity is known. */
export function ecsCategories(activity: Activity | undefined, targets: readonly AuditTarget[] = []): EcsCategories {
	if (activity === undefined || !Object.hasOwn(categories, activity)) return unknown;
	const found = categories[activity];
	if (found !== roleChanged && found !== permissionChanged) return found;
	let toGroup = false;
	for (const {type} of targets) {
		if (type === 'user') return found;
		toGroup ||= type === 'group';
	}
	return toGroup ? groupChanged : found === roleChanged ? adminObjectChanged : permissionsChanged;
}
