// @ts-check
import {createCursors, hole, jsonAnswer, linkOrigin, wholeNumber} from 'rxaudit/testing';

const path = /^\/orgs\/([\w-]+)\/audit-log$/;
const actions = ['org.add_member', 'org.remove_member', 'repo.create', 'repo.access', 'team.add_repository'];
const logins = ['octocat', 'hubot', 'monalisa'];

/** GitHub's audit log of an organization: a bare list, newest first, and the next page in the Link header. */
export default /** @satisfies {import('rxaudit/testing').ApiDefinition} */ ({
	reading: {options: {orgId: 'octo-org'}},
	create(setting) {
		const cursors = createCursors(setting, 2, 'after');
		const log = setting.log({
			twinPercent: 0,
			recordOf(random) {
				const actor = random.below(logins.length);
				return {
					'@timestamp': hole.time,
					_document_id: hole.id,
					action: random.pick(actions),
					actor: setting.nameOf(logins[actor]),
					actor_id: actor + 1,
					actor_ip: random.chance(80) ? `203.0.113.${random.below(40)}` : undefined,
					actor_location: {country_code: random.pick(['AT', 'DE'])},
					org: 'octo-org',
					org_id: 9,
					repo: random.chance(50) ? `octo-org/repository-${random.below(20)}` : undefined,
					user: random.chance(50) ? random.pick(logins) : undefined,
				};
			},
			factsOf: () => undefined,
			fill: ({timeMs, id}, name) => (name === hole.id ? JSON.stringify(documentId(id)) : String(timeMs)),
			marksOf: ({id}) => ({id: documentId(id)}),
		});
		const errorOf = (/** @type {number} */ status) =>
			jsonAnswer(status, {message: `Error ${status}`, status: `${status}`});

		return {
			routes: [{method: 'GET', path, paged: true, answer}],
			auth: ['bearer'],
			held: log,
			errorOf,
		};

		/** @param {import('rxaudit/testing').ApiRequest} request */
		function answer(request) {
			const {query, fault, origin} = request;
			const asked = wholeNumber(query, 'per_page', 30, 1);
			const [, from, to] = /(?:^| )created:(\S+?)\.\.(\S+)/.exec(query.get('phrase') ?? '') ?? [];
			const bounds = {from: Date.parse(from ?? '1970-01-01'), to: Date.parse(to ?? '9999-12-31')};
			const place = cursors.open(request);
			if (place === null || asked === undefined || Number.isNaN(bounds.from + bounds.to)) return errorOf(422);
			const [timeMs = 8.64e15, id = 0] = place ?? [];
			const limit = setting.limit(asked, 100);
			const found = log.select({...bounds, behind: place && {timeMs, id}}, undefined, limit + 1);
			const rows = fault?.kind === 'empty-pages' ? [] : found.slice(0, limit);
			const last = rows.at(-1);
			const seal = last && found.length > limit ? cursors.seal(request, [last.timeMs, last.id]) : undefined;
			const next = cursors.next(request, seal, [timeMs, id]);
			const right = setting.list(rows.map(row => log.textOf(row)));
			if (next === undefined) return right;
			const url = new URL(`${linkOrigin(fault, origin)}/organizations/9/audit-log?${query}`);
			url.searchParams.set('after', next);
			return {...right, headers: {...right.headers, link: `<${url}>; rel="next", <${url}>; rel="first"`}};
		}
	},
});

/** @param {number} id */
function documentId(id) {
	return `AYz-${String(id).padStart(6, '0')}_Q`;
}
