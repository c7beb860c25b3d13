import {defineSource} from '../lib/source/define-source.ts';
import {constant} from '../lib/source/words.ts';
import {nextCursor, orgApi, orgOption, orgPath} from './_org.ts';

/** A managed account of an organization, as far as the API's document and its clients show. */
export interface OrgUser {
	readonly account_id: string;
	readonly account_type?: 'atlassian' | 'customer' | 'app';
	readonly account_status?: 'active' | 'inactive' | 'closed';
	readonly name?: string;
	/** Absent where it may not be seen. */
	readonly email?: string;
	readonly access_billable?: boolean;
	readonly last_active?: string;
	readonly product_access?: readonly {readonly key?: string; readonly name?: string; readonly url?: string}[];
}

/**
 * The managed accounts of an Atlassian organization: a listing, which each run reads as a whole. A run that finishes an
 * interrupted one ends with that, and the next run lists anew.
 */
export default defineSource({
	name: 'atlassian-org-users',
	docs:
		'Managed accounts of an Atlassian organization (Organizations API, GET /users). ' +
		'A listing, not a log: each run reads all of it, and the time of a record is when the listing began. ' +
		'A run that goes on with an interrupted listing finishes that one, and the next run lists anew. ' +
		'How many accounts a page has is up to the API, so the page size changes nothing. ' +
		'Needs an API key of an organization admin.',
	reference: 'https://developer.atlassian.com/cloud/admin/organization/rest/api-group-users/',
	...orgApi,
	options: orgOption,
	order: 'none',
	ids: 'global',
	lagMs: 0,
	records: 'data',
	tenant: ({orgId}) => orgId,
	id: (user: OrgUser) => user.account_id,
	request: ({orgId}, {cursor}) => ({
		path: orgPath(orgId, 'users'),
		query: {cursor: cursor as string | undefined},
	}),
	next: ({envelope}) => nextCursor(envelope as object),

	// nobody did anything: the account is the only one that the record is about
	mapping: {targets: {type: constant('user'), id: 'account_id', name: 'name', email: 'email'}},
});
