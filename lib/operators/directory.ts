import {defer, endWith, ignoreElements, type Observable, takeWhile} from 'rxjs';
import type {AuditEvent, AuditTarget} from '../model/event.ts';
import {normalize} from './normalize.ts';
import type {Page} from '../model/page.ts';
import type {CatalogueEntry} from '../source/definition.ts';

/** What is known of things, by their ids. */
export type Directory<Known> = ReadonlyMap<string, Known>;

export type AccountNames = Pick<AuditTarget, 'name' | 'email'>;
export type ActionLabels = Pick<AuditEvent, 'actionName' | 'category'>;

/** Longer ones are not kept, so that so many entries are never more than so much memory. */
const maxTextLength = 256;
const maxActions = 10_000;

/**
 * The accounts of a listing, when all of it was read: each target of type `user` in its common records. Its pages are
 * acknowledged. Reading ends early where there are more than `maxAccounts`, after a call of `onFull`.
 */
export function accountsIn(
	pages: Observable<Page>,
	maxAccounts: number,
	onFull: () => void,
): Observable<Directory<AccountNames>> {
	return defer(() => {
		const accounts = new Map<string, AccountNames>();
		const takeIn = (page: Page<AuditEvent>) => {
			const users = page.events.flatMap(({targets = []}) => targets.filter(({type}) => type === 'user'));
			const isFull = users.some(({id, name, email}) => !keep(accounts, maxAccounts, id, {name, email}));
			page.ack();
			if (isFull) onFull();
			return !isFull;
		};
		return pages.pipe(normalize({raw: false}), takeWhile(takeIn), ignoreElements(), endWith(accounts));
	});
}

/** The actions of a catalogue, 10,000 of them at most. */
export function actionsIn(entries: Iterable<CatalogueEntry>): Directory<ActionLabels> {
	const actions = new Map<string, ActionLabels>();
	for (const {id, name, category} of entries) {
		if (!keep(actions, maxActions, id, {actionName: name, category})) break;
	}
	return actions;
}

/** False where there is no room for it. Of an id that comes twice, the first counts. */
function keep(directory: Map<string, object>, max: number, id: unknown, texts: Readonly<Record<string, unknown>>) {
	if (!isShort(id) || directory.has(id)) return true;
	const known = Object.entries(texts).flatMap(([member, text]) => (isShort(text) ? [[member, wellFormed(text)]] : []));
	if (known.length === 0) return true;
	if (directory.size >= max) return false;
	directory.set(id, Object.fromEntries(known) as object);
	return true;
}

function isShort(text: unknown): text is string {
	return typeof text === 'string' && text !== '' && text.length <= maxTextLength;
}

/** As UTF-8 has it: U+FFFD for half a surrogate pair, which readers like jq refuse. */
function wellFormed(text: string): string {
	return Buffer.from(text).toString();
}
