import {ConfigError} from '../model/errors.ts';
import type {Page} from '../model/page.ts';
import {PageStream} from '../model/stream.ts';

/**
 * Puts the pages of each source back into the order in which the source gave them, since an operator may work on
 * several at once, and knows which are missing. The in-flight budget bounds what is held back.
 */
export class PageOrder {
	readonly #early = new Map<PageStream, Map<number, Page>>();
	/** Of pages that no subscription of ours gave, by source. */
	readonly #strange = new Map<string, PageStream>();

	/** The pages that are next, now that this one has arrived; undefined where it was here before. */
	next(page: Page): Page[] | undefined {
		const stream = this.#streamOf(page);
		const early = this.#early.get(stream) ?? new Map<number, Page>();
		this.#early.set(stream, early);
		if (page.sequence < stream.next || early.has(page.sequence)) return undefined;
		early.set(page.sequence, page);
		return this.#ready(stream);
	}

	/** The pages that are next, now that operators have acknowledged others. */
	afterAcks(): Page[] {
		return [...this.#early.keys()].flatMap(stream => this.#ready(stream));
	}

	/** The pages that others have yet to come before. */
	held(): Page[] {
		return [...this.#early.values()].flatMap(early => [...early.values()]);
	}

	/** Which page has not arrived, in words: one that others have overtaken, or one of these streams at their end. */
	missing(streams: readonly PageStream[]): string | undefined {
		for (const [stream, early] of this.#early) {
			if (early.size > 0) return `page ${stream.next} never arrived, later ones did`;
		}
		for (const stream of streams) {
			while (stream.acked.delete(stream.next)) stream.next++;
			if (stream.ended === 'complete' && stream.next < stream.emitted) return `page ${stream.next} never arrived`;
		}
		return undefined;
	}

	#ready(stream: PageStream): Page[] {
		const early = this.#early.get(stream)!;
		const ready: Page[] = [];
		for (;;) {
			const found = early.get(stream.next);
			if (!found && !stream.acked.has(stream.next)) return ready;
			if (found) ready.push(found);
			early.delete(stream.next);
			stream.acked.delete(stream.next++);
		}
	}

	#streamOf({stream, source: {name, tenant}}: Page): PageStream {
		if (stream) return stream;
		const key = `${name}:${tenant}`;
		let strange = this.#strange.get(key);
		if (!strange) this.#strange.set(key, (strange = new PageStream(key)));
		return strange;
	}
}

/** The error for a page that was there already. */
export function repeatedPage({source, sequence}: Page): ConfigError {
	return new ConfigError(
		`run: page ${sequence} of ${source.name}:${source.tenant} came twice; pass on every page once, and subscribe to a source once, or to each of its subscriptions by a source of its own`,
	);
}
