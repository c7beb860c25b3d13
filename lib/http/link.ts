/**
 * The cursor that a link to the next page holds as a query parameter, be it an absolute or a relative address, or the
 * bare cursor in its place; undefined where there is no link. The link itself is never followed: it may lead anywhere.
 * Throws for a link without that parameter, since it would be taken for the end.
 */
export function cursorInLink(link: string | null | undefined, parameter = 'cursor'): string | undefined {
	if (!link) return undefined;
	const [path, query] = link.split('#')[0]!.split('?');
	const cursor = query === undefined && !path!.includes('/') ? path : new URLSearchParams(query).get(parameter);
	if (cursor) return cursor;
	throw new Error(`expected "${parameter}" in the link to the next page, got a link without it`);
}

/**
 * The link of a relation (default `next`) in a Link header, RFC 8288; undefined where there is none. Throws for a header
 * that cannot be read.
 */
export function linkOf(header: string | undefined, relation = 'next'): string | undefined {
	let rest = header?.trim() ?? '';
	while (rest !== '') {
		const found = link.exec(rest);
		if (!found) throw new Error('expected a Link header, got one that cannot be read');
		const [whole, address, parameters] = found;
		const relations = [...parameters!.matchAll(parameter)].find(([, name]) => name!.toLowerCase() === 'rel');
		if (relations && (relations[2] ?? relations[3] ?? '').toLowerCase().split(/\s+/).includes(relation)) return address;
		rest = rest.slice(whole.length).trim();
	}
	return undefined;
}

const link = /^<([^<>]*)>((?:\s*;\s*[\w!#$%&'*+.^`|~-]+(?:\s*=\s*(?:"[^"]*"|[^\s",;]*))?)*)\s*(?:,\s*|$)/;
const parameter = /;\s*([^\s=;"]+)(?:\s*=\s*(?:"([^"]*)"|([^\s",;]*)))?/g;
