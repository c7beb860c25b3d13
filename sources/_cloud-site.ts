/** Whose log it is: the cloud id behind the vendor's gateway, else the site's host, with its path prefix if any. */
export function siteOf({host, pathname}: URL): string {
	const [, cloudId] = /\/ex\/[^/]+\/([^/]+)/.exec(pathname) ?? [];
	return cloudId ?? host + pathname.replace(/\/(wiki)?$/, '');
}
