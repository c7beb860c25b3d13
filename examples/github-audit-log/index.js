// @ts-check
import {constant, cursorInLink, defineSource, linkOf, z} from 'rxaudit/plugin';

/**
 * One event: members without a value are left out, and each action has members of its own.
 *
 * @typedef {{
 *   '@timestamp': number,
 *   _document_id: string,
 *   action?: string,
 *   actor?: string,
 *   actor_id?: number,
 *   actor_ip?: string,
 *   actor_location?: {country_code?: string},
 *   repo?: string,
 *   team?: string,
 *   user?: string,
 * }} GitHubEvent
 */

export default defineSource({
	name: 'github-audit-log',
	docs: "GitHub's audit log of an organization (GET /orgs/{org}/audit-log), newest first. Needs GitHub Enterprise Cloud and the token of an owner with the scope read:audit_log. GitHub keeps 180 days, Git events 7 days.",
	reference: 'https://docs.github.com/enterprise-cloud@latest/rest/orgs/orgs#get-the-audit-log-for-an-organization',
	endpoint: 'https://api.github.com',
	auth: ['bearer'],
	// for each user and address; said with 403 or 429 and X-RateLimit-Remaining: 0
	rate: {requests: 1750, perMs: 3_600_000},
	options: {
		orgId: z
			.string()
			.regex(/^[\w-]+$/, {error: 'expected letters, digits, - and _'})
			.describe("the organization's login"),
		include: z.enum(['web', 'git', 'all']).default('all').describe('which events: web, git or all'),
	},
	order: 'newest-first',
	ids: 'global',
	// not documented: what is younger may still be on its way
	lagMs: 120_000,
	tenant: ({orgId}) => orgId.toLowerCase(),
	id: (/** @type {GitHubEvent} */ event) => event._document_id,
	time: (/** @type {GitHubEvent} */ event) => event['@timestamp'],

	// the qualifier knows whole seconds: what lies beside the bounds is left out by rxaudit
	request: ({orgId, include, pageSize = 100}, {fromMs, toMs, cursor}) => ({
		path: `/orgs/${orgId}/audit-log`,
		query: {
			phrase: `created:${second(fromMs)}..${second(toMs + 999)}`,
			include,
			order: 'desc',
			per_page: pageSize,
			after: /** @type {string | undefined} */ (cursor),
		},
		headers: {accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28'},
	}),
	refusesCursor: ({status}) => status === 400 || status === 422,
	next: ({headers}) => cursorInLink(linkOf(headers['link']), 'after'),

	product: {vendor: 'GitHub', name: 'GitHub'},
	mapping: {
		action: 'action',
		'actor.id': 'actor_id',
		'actor.name': 'actor',
		'origin.ip': 'actor_ip',
		'origin.ips': 'actor_ip',
		targets: [
			{type: constant('repository'), name: 'repo'},
			{type: constant('team'), name: 'team'},
			{type: constant('user'), name: 'user'},
		],
	},
});

/** @param {number} timeMs */
function second(timeMs) {
	return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
