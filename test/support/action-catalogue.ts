import fs from 'node:fs';

interface Catalogue {
	readonly count: number;
	readonly actions: Readonly<Record<string, readonly string[]>>;
}

/** The actions that are known of each API. */
export const catalogue = JSON.parse(
	fs.readFileSync(new URL('../fixtures/action-catalogue.json', import.meta.url), 'utf8'),
) as Catalogue;

/** Both orders of an organization's log have the same actions. */
export function catalogueName(source: string): string {
	return source.startsWith('atlassian-org-') ? 'atlassian-org' : source;
}
