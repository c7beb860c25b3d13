/** Something that ends, or has a successor: only what its vendor says. */
export interface Deprecation {
	/** The day from which on it is no more, such as `2026-12-21`; absent where no end is known. */
	readonly date?: string;
	/** What ends: a noun. */
	readonly what: string;
	/** How to go on. */
	readonly advice: string;
	/** Where the vendor says so. */
	readonly reference: string;
}

const dayMs = 86_400_000;
/** So many days before the end there is something to be done. */
const warnedDays = 90;

/** Those whose end is at most 90 days away, or past. */
export function dueDeprecations(deprecations: readonly Deprecation[], nowMs: number): readonly Deprecation[] {
	return deprecations.filter(({date}) => date !== undefined && Date.parse(date) - nowMs <= warnedDays * dayMs);
}

/** The same in a sentence. */
export function deprecationText({date, what, advice, reference}: Deprecation): string {
	return `${what}${date === undefined ? ': no end is known' : ` ends on ${date}`}; ${advice}; see ${reference}`;
}
