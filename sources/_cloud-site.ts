import type {Deprecation} from '../lib/source/deprecation.ts';

/** What is known of the API that is going to take the place of a product's own. */
export function successorOf(what: string): readonly Deprecation[] {
	return [
		{
			what,
			advice: 'its successor is the Audit Log: Workspace Events API, announced for 2026-11-30',
			reference: 'https://developer.atlassian.com/cloud/admin/audit-log/rest/intro/',
		},
	];
}

/** Whose log it is: the cloud id behind the vendor's gateway, else the site's host, with its path prefix if any. */
export function siteOf({host, pathname}: URL): string {
	const [, cloudId] = /\/ex\/[^/]+\/([^/]+)/.exec(pathname) ?? [];
	return cloudId ?? host + pathname.replace(/\/(wiki)?$/, '');
}
