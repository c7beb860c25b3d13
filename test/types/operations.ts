// What the types of operations promise. Compiled as pipeline.ts is; never run.
import orgEvents from 'rxaudit/sources/atlassian-org-events';
import orgUsers from 'rxaudit/sources/atlassian-org-users';
import confluence from 'rxaudit/sources/confluence-cloud';
import crowd from 'rxaudit/sources/crowd-data-center';
import jira from 'rxaudit/sources/jira-data-center';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare function holds<Claim extends true>(claim?: Claim): void;

const login = {endpoint: 'https://jira.example.com', username: 'admin', password: async () => 'password'};

const {period} = await jira.operations.retention(login);
holds<Same<typeof period, {years: number; months: number; days: number}>>();

const {levelByArea} = await jira.operations['set-coverage']({...login, body: {levelByArea: {security: 'full'}}});
holds<Same<(typeof levelByArea)['security'], 'off' | 'base' | 'advanced' | 'full' | undefined>>();

const {maxFileCount} = await jira.operations['retention-file'](login, {signal: AbortSignal.timeout(1000)});
holds<Same<typeof maxFileCount, number>>();

const {results} = await confluence.operations.since({...login, number: 3, units: 'DAYS', skip: '10', pageSize: 50});
holds<Same<typeof results, readonly object[]>>();

const {data} = await orgEvents.operations.event({orgId: 'org', token: 'token', eventId: 'id'});
holds<Same<typeof data.id, string>>();

const stored = await crowd.operations['add-changeset']({
	...login,
	body: {eventType: 'USER_UPDATED', author: {name: 'admin', type: 'USER'}},
});
holds<Same<typeof stored, unknown>>();

const values = await crowd.operations['filter-values']({...login, projection: 'USER', since: new Date()});
holds<Same<typeof values.isLastPage, boolean>>();

holds<Same<keyof typeof confluence.operations, 'since' | 'retention' | 'set-retention'>>();
holds<Same<keyof typeof orgUsers.operations, never>>();

export const mistakes = [
	// @ts-expect-error: the product has no such operation
	confluence.operations.coverage,
	// @ts-expect-error: nor has a source without any
	orgUsers.operations.event,
	// @ts-expect-error: an event has an id
	orgEvents.operations.event({orgId: 'org', token: 'token'}),
	// @ts-expect-error: it takes no such option
	orgEvents.operations['event-actions']({orgId: 'org', token: 'token', eventId: 'id'}),
	// @ts-expect-error: this is no unit
	confluence.operations.since({...login, number: 3, units: 'EONS'}),
	// @ts-expect-error: a call reads no scan
	jira.operations.retention({...login, overlap: '60m'}),
	// @ts-expect-error: it takes no body
	jira.operations.retention({...login, body: {}}),
	// @ts-expect-error: nor does this one
	orgEvents.operations.event({orgId: 'org', token: 'token', eventId: 'id', body: {}}),
	// @ts-expect-error: it needs one
	jira.operations['set-retention'](login),
	// @ts-expect-error: this is no area
	jira.operations['set-coverage']({...login, body: {levelByArea: {secutity: 'full'}}}),
	// @ts-expect-error: this is no level
	jira.operations['set-coverage']({...login, body: {levelByArea: {security: 'loud'}}}),
	// @ts-expect-error: the answer has no such member
	(await jira.operations.retention(login)).years,
	// @ts-expect-error: a number is no signal
	jira.operations.retention(login, {signal: 1}),
];
