import {isObject, type Members, parseObject} from '../data/json.ts';
import {people} from '../data/people.ts';
import {adminError, type Answer, type ErrorBody, jsonAnswer} from '../server/answer.ts';
import type {ApiRequest, Route} from '../server/api.ts';
import type {OrgUsers} from './atlassian-org-users.ts';

const MAX_LENGTH = 255;
const members = ['name', 'nickname', 'zoneinfo', 'locale', 'extended_profile'];
const extendedMembers = ['job_title', 'department', 'organization', 'location'];
/** Known to Atlassian, but not managed by this organization. */
const strangers = people.filter(({type}) => type !== 'atlassian').map(({id}) => id);

/**
 * The user management API's profile of a managed account. What is written stays; a new name shows in `GET /users`
 * too. The vendor documents no error bodies, only what they are called.
 */
export function userProfileRoutes(errorBody: ErrorBody, users: OrgUsers): readonly Route[] {
	const written = new Map<string, Members>();

	function profile(request: ApiRequest, change?: (accountId: string) => Answer | undefined): Answer {
		const accountId = request.parameters[0] ?? '';
		if (strangers.includes(accountId)) return profileError(403, 'unclaimedDomain');
		if (!users.find(accountId)) return profileError(404, 'notFound');
		const refused = change?.(accountId);
		if (refused) return refused;
		const {account_type, account_status, name, picture, email} = users.find(accountId)!;
		const fixed = {account_id: accountId, account_type, account_status, name, picture, email};
		const {extended_profile = {}, ...own} = written.get(accountId) ?? {};
		return jsonAnswer(200, {account: {...fixed, characteristics: {}, nickname: name, ...own, extended_profile}});
	}

	function update(request: ApiRequest): Answer {
		return profile(request, accountId => {
			const change = parseObject(request.body);
			if (!change) return profileError(400, 'bodyParseFailure');
			const wrong = wrongMember(change);
			if (wrong) return profileError(400, 'fieldConstraintsViolated', {field: wrong});
			const {name, extended_profile, ...own} = change;
			const before = written.get(accountId) ?? {};
			const extended = {...(before['extended_profile'] as object), ...(extended_profile as object)};
			written.set(accountId, {...before, ...own, extended_profile: extended});
			if (name !== undefined) users.rename(accountId, name as string);
			return undefined;
		});
	}

	const path = /^\/users\/([^/]+)\/manage\/profile$/;
	const errorOf = (status: number) =>
		status === 401 ? adminError(errorBody, status) : profileError(status, `status${status}`);
	return [
		{method: 'GET', path, errorOf, answer: request => profile(request)},
		{method: 'PATCH', path, errorOf, answer: update},
	];
}

/** An error of the user management API. */
function profileError(status: number, key: string, context: object = {}): Answer {
	return jsonAnswer(status, {key, context});
}

function wrongMember(change: Members): string | undefined {
	const {extended_profile: extended, ...own} = change;
	const isText = (value: unknown) => typeof value === 'string' && value.length <= MAX_LENGTH;
	const wrongOf = (object: Members, known: readonly string[]) =>
		Object.entries(object).find(([key, value]) => !known.includes(key) || !(value === null || isText(value)))?.[0];
	if ('name' in own && !(isText(own['name']) && own['name'] !== '')) return 'name';
	if (extended !== undefined && !isObject(extended)) return 'extended_profile';
	return wrongOf(own, members) ?? wrongOf(extended ?? {}, extendedMembers);
}
