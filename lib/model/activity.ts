/**
 * What was done, in the same words for all APIs: the closed list that each source's own actions are mapped to, and that
 * the public schemas are mapped from.
 */
export const activities = {
	'user-login': 'somebody logged in, or failed to: see outcome',
	'user-logout': 'somebody logged out',
	'admin-session-started':
		'an administrator confirmed the password for a session with more rights, or failed to: see outcome',
	'admin-session-ended': 'an administrator dropped such a session',
	'user-impersonated': 'somebody logged in as somebody else',
	'user-created': 'an account was created',
	'user-invited': 'somebody was invited',
	'user-updated': 'a name, an e-mail address or another detail of an account was changed',
	'user-disabled': 'an account was deactivated',
	'user-enabled': 'an account was activated again',
	'user-deleted': 'an account was deleted, or removed from the organization',
	'user-password-changed': 'a password or another credential of an account was changed',
	'user-password-reset': 'a password was reset, or a reset was asked for',
	'user-mfa-enabled': 'two-step verification of an account was switched on',
	'user-mfa-disabled': 'two-step verification of an account was switched off',
	'user-viewed': 'profiles or lists of accounts were viewed',
	'group-created': 'a group was created',
	'group-updated': 'a group was changed, not its members',
	'group-deleted': 'a group was deleted',
	'group-user-added': 'users or groups were added to a group',
	'group-user-removed': 'users or groups were removed from a group',
	'role-granted': 'a user or a group was given a role',
	'role-revoked': 'a role was taken from a user or a group',
	'permission-granted': 'a user or a group was given a permission',
	'permission-revoked': 'a permission was taken from a user or a group',
	'permission-changed': 'what a permission scheme or a restriction says was changed',
	'access-denied': 'something was refused for lack of a permission',
	'change-requested': 'something was asked for or begun; a record of its own says whether it happened',
	'policy-changed': 'a policy, or what secret scanning looks for, was changed',
	'settings-changed': 'settings were changed, those of auditing among them',
	'token-created': 'a token, an SSH, GPG or deploy key, or an OAuth grant was created',
	'token-updated': 'one of them, or the secret of a client, was changed',
	'token-revoked': 'one of them was revoked or deleted',
	'app-installed': 'an app was installed',
	'app-removed': 'an app was uninstalled',
	'app-enabled': 'an app was enabled',
	'app-disabled': 'an app was disabled',
	'app-updated': 'an app was updated',
	'admin-object-created': 'what an administrator keeps was created: an application, a directory, an alias',
	'admin-object-updated': 'the same was changed',
	'admin-object-deleted': 'the same was deleted',
	'resource-created': 'a project, space, workflow, filter, field or the like was created',
	'resource-updated': 'the same was changed',
	'resource-deleted': 'the same was deleted',
	'resource-shared': 'content was sent to somebody',
	'resource-viewed': 'a page or the like was viewed',
	'resource-searched': 'issues, pages or audit events were searched',
	'resource-exported': 'content was exported',
	'resource-imported': 'content or users were imported',
	'resource-restored': 'content or a backup was restored',
	'tool-called': 'a tool of an assistant was called: by an agent, or over the Model Context Protocol',
	maintenance: 'the server was upgraded, restarted, recorded or backed up, or had a job run',
	'audit-events-lost': 'the server threw audit events away',
	'sync-started': 'a synchronisation began',
	'sync-finished': 'a synchronisation ended',
	'product-activity': 'something was done in a product that the action names, and no more is known',
	other: 'the API itself says no more than that something was done',
} as const;

export type Activity = keyof typeof activities;

/** A source's own actions, each with its activity; `*` stands for any text. The exact one wins, else the first. */
export type ActionRules = Readonly<Record<string, Activity>>;

export interface ActionRule {
	/** The key in the source's {@link ActionRules}. */
	readonly rule: string;
	readonly activity: Activity;
}

/** Whether an activity says no more than that a rule for everything else has met it. */
export function isCatchAll(activity: Activity | undefined): boolean {
	return activity === 'product-activity';
}

/** How many actions are remembered that only a rule with a star knows: an API names a few hundred. */
const maxRemembered = 2000;
/** No action that means something is longer. */
const maxLength = 1000;

/** Finds the rule for an action, as `words` says it; undefined where there is none. */
export function actionRules(
	rules: ActionRules,
	words: (action: string) => string = action => action,
): (action: string) => ActionRule | undefined {
	const known = new Map<string, ActionRule | undefined>();
	const patterns: (readonly [Pattern, ActionRule])[] = [];
	for (const [rule, activity] of Object.entries(rules)) {
		if (rule.includes('*')) patterns.push([rule.split('*'), {rule, activity}]);
		else known.set(rule, {rule, activity});
	}
	let room = maxRemembered;
	return action => {
		if (known.has(action)) return known.get(action);
		const said = words(action.slice(0, maxLength));
		const found = known.get(said) ?? patterns.find(([pattern]) => matches(pattern, said))?.[1];
		if (room > 0 && action.length <= 200) {
			known.set(action, found);
			room--;
		}
		return found;
	};
}

/** The texts between the stars of a rule. */
type Pattern = readonly string[];

/** Takes the first place for each: no text, whoever wrote it, makes this go back, as a regular expression would. */
function matches(pattern: Pattern, text: string): boolean {
	const [first = '', ...rest] = pattern;
	const last = rest.pop()!;
	if (!text.startsWith(first)) return false;
	let at = first.length;
	for (const part of rest) {
		const found = text.indexOf(part, at);
		if (found < 0) return false;
		at = found + part.length;
	}
	return text.length - last.length >= at && text.endsWith(last);
}
