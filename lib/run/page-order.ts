import {ConfigError} from '../model/errors.ts';
import type {Page} from '../model/page.ts';

/**
 * Puts the pages of each source back into the order in which it gave them, so that an operator may work on several
 * at once. What it holds back is bounded by the in-flight budget.
 */
export class PageOrder {
	readonly #next = new Map<string, number>();
	readonly #early = new Map<string, Map<number, Page>>();

	/** The pages that are next, now that this one has arrived. */
	next(page: Page): Page[] {
		const key = `${page.source.name}:${page.source.tenant}`;
		let early = this.#early.get(key);
		if (!early) this.#early.set(key, (early = new Map()));
		early.set(page.sequence, page);
		const ready: Page[] = [];
		let next = this.#next.get(key) ?? 0;
		for (let found = early.get(next); found; found = early.get(++next)) {
			early.delete(next);
			ready.push(found);
		}
		this.#next.set(key, next);
		return ready;
	}

	/** Whether this page has been here before. */
	has({source, sequence}: Page): boolean {
		const key = `${source.name}:${source.tenant}`;
		return sequence < (this.#next.get(key) ?? 0) || this.#early.get(key)?.has(sequence) === true;
	}

	/** The pages that others have yet to come before. */
	held(): Page[] {
		return [...this.#early.values()].flatMap(early => [...early.values()]);
	}

	/** The number of a page that others have overtaken and that has not arrived. */
	missing(): number | undefined {
		for (const [key, early] of this.#early) if (early.size > 0) return this.#next.get(key);
		return undefined;
	}
}

/** The error for a page that was there already. */
export function repeatedPage({source, sequence}: Page): ConfigError {
	return new ConfigError(
		`run: page ${sequence} of ${source.name}:${source.tenant} came twice; pass on every page once, and let no operator subscribe to a source again`,
	);
}
