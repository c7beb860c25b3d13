/**
 * The cursor that a link to the next page holds as a query parameter, be it an absolute or a relative address, or the
 * bare cursor in its place; undefined where there is no link. The link itself is never followed: it may lead anywhere.
 * Throws for a link without that parameter, since it would be taken for the end.
 */
export function cursorInLink(link: string | null | undefined, parameter = 'cursor'): string | undefined {
	if (!link) return undefined;
	const [path, query] = link.split('#')[0]!.split('?');
	if (query === undefined && !path!.includes('/')) return path;
	const [cursor, ...others] = new Set(new URLSearchParams(query).getAll(parameter));
	if (others.length > 0) throw new Error(`expected one "${parameter}" in the link to the next page, got several`);
	if (cursor) return cursor;
	throw new Error(`expected "${parameter}" in the link to the next page, got a link without it`);
}

/**
 * The link of a relation (default `next`) in a Link header, RFC 8288; undefined where there is none. Throws for a header
 * that cannot be read, or has several such links.
 */
export function linkOf(header: string | undefined, relation = 'next'): string | undefined {
	if (header === undefined) return undefined;
	const found = linksIn(header).filter(({relations}) => relations.includes(relation));
	const addresses = new Set(found.map(({address}) => address));
	if (addresses.size > 1) throw new Error(`expected one link "${relation}" in the Link header, got ${addresses.size}`);
	return found[0]?.address;
}

interface Link {
	readonly address: string;
	readonly relations: readonly string[];
}

/** Those of this answer: a link with an `anchor` is about something else. */
function linksIn(header: string): Link[] {
	const links: Link[] = [];
	let rest = header.trim();
	do {
		const found = link.exec(rest);
		if (!found) throw new Error('expected a Link header, got one that cannot be read');
		const [whole, address, parameters] = found;
		const said = new Map<string, string>();
		for (const [, name, quoted, bare] of parameters!.matchAll(parameter)) {
			const key = name!.toLowerCase();
			if (!said.has(key)) said.set(key, quoted ?? bare ?? '');
		}
		const relations = (said.get('rel') ?? '').toLowerCase().split(/\s+/);
		if (!said.has('anchor')) links.push({address: address!, relations});
		rest = rest.slice(whole.length).trim();
	} while (rest !== '');
	return links;
}

const link = /^<([^<>]*)>((?:\s*;\s*[\w!#$%&'*+.^`|~-]+(?:\s*=\s*(?:"[^"]*"|[^\s",;]*))?)*)\s*(?:,\s*|$)/;
const parameter = /;\s*([^\s=;"]+)(?:\s*=\s*(?:"([^"]*)"|([^\s",;]*)))?/g;
