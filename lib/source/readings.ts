import {isoTime, recordTime} from '../options/time.ts';

/** How a member of the common record reads the text that it comes from. */
interface Reading {
	take(text: string | undefined): unknown;
	/** The same for people; default: as what the text comes from. */
	says?(from: string): string;
}

/** By the last part of the member; the others take their text as it is. */
export const readings: Readonly<Record<string, Reading>> = {
	processed: {take: instantOf},
	outcome: {
		take: text => (text === undefined ? 'success' : outcomeOf(text)),
		says: from =>
			`"failure" where ${from} says not, failed, unauthorized, forbidden, denied, rejected, refused, unsuccessful, aborted or discarded, or of a login that it was blocked or invalid; else "success" where a rule knows the action`,
	},
	email: {take: text => (text?.includes('@') ? text : undefined), says: from => `${from}, where it has an @`},
	ip: {take: text => addressesIn(text)?.[0], says: from => `the first of ${from}`},
	ips: {take: addressesIn, says: from => `${from}, at its commas, each once`},
};

/** How the type of an item is read: the kind of a thing, one word for what the APIs call in several. */
export const kind: Reading = {take: text => text && kindOf(text)};

function instantOf(text: string | undefined): string | undefined {
	const time = text === undefined ? undefined : recordTime(text);
	return time && isoTime(time.timeMs);
}

/** What is made of each text; there are few, and a log that makes up new ones must not fill the memory. */
export function remembered<T>(make: (text: string) => T): (text: string) => T {
	const made = new Map<string, T>();
	return text => {
		const known = made.get(text);
		if (known !== undefined) return known;
		const one = make(text);
		if (made.size < 1000 && text.length < 200) made.set(text, one);
		return one;
	};
}

const outcomeOf = remembered(text => {
	const said = text.slice(0, 1000);
	return notDone.test(said) || (failed.test(said) && !settled.test(said)) ? 'failure' : 'success';
});
/** Also at the end of a compound: `backupfailed`. */
const failed =
	/fail(s|ed|ing|ure|ures)?([^a-z]|$)|unauthori[sz]ed|denied|rejected|refused|discarded|log.?[io]n(?=[^a-z]).{0,100}[^a-z](blocked|locked|captcha|invalid|incorrect)|errors?$/i;
/** What was done to something that had failed. */
const settled = /[^a-z](reset|cleared|changed|updated|restored|approved|modified|edited)$/i;
const notDone = /un.?success|not.?permitted|(^|[^a-z])(not|cannot|unable|forbidden|aborted)([^a-z]|$)/i;

/** Addresses with commas between them: the client's, then those of its proxies. */
function addressesIn(text: string | undefined): string[] | undefined {
	const trimmed = text?.trim();
	if (!trimmed) return undefined;
	if (!trimmed.includes(',')) return [trimmed];
	const addresses = trimmed
		.split(',')
		.map(address => address.trim())
		.filter(Boolean);
	return addresses.length > 0 ? [...new Set(addresses)] : undefined;
}

/** What one API calls `users`, another calls `USER`, and a third `ApplicationUser`. */
const synonyms: Readonly<Record<string, string>> = {
	users: 'user',
	'application-user': 'user',
	'invited-user': 'user',
	groups: 'group',
	orgs: 'organization',
	sites: 'site',
	products: 'product',
	spaces: 'space',
	apps: 'app',
	applications: 'application',
	directories: 'directory',
	domains: 'domain',
	pages: 'page',
	permissions: 'permission',
	policies: 'policy',
	projects: 'project',
	repositories: 'repository',
	roles: 'role',
	tokens: 'token',
};

/** A kind of thing in lower case with hyphens, the same word for the same thing. */
const kindOf = remembered(type => {
	const word = type
		.trim()
		.replace(/([a-z])([A-Z])/g, '$1-$2')
		.replace(/[\s_]+/g, '-')
		.toLowerCase();
	return (Object.hasOwn(synonyms, word) ? synonyms[word] : word) || type;
});
