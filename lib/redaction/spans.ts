/** A part of a text that stands for a value. */
export interface Span {
	readonly start: number;
	readonly end: number;
	/** The value in the one form that all its spellings share. */
	readonly value: string;
}

/** What is to stand in place of a part of a text. */
export interface Edit {
	readonly start: number;
	readonly end: number;
	readonly text: string;
}

/** In order, with those that overlap as one: it has the value of the longest. */
export function mergeSpans(spans: readonly Span[]): readonly Span[] {
	if (spans.length < 2) return spans;
	const merged: Span[] = [];
	let longest = 0;
	for (const span of [...spans].sort((a, b) => a.start - b.start || b.end - a.end)) {
		const before = merged.at(-1);
		const length = span.end - span.start;
		if (before && span.start < before.end) {
			const {value} = length > longest ? span : before;
			merged[merged.length - 1] = {start: before.start, end: Math.max(before.end, span.end), value};
			longest = Math.max(longest, length);
		} else {
			merged.push(span);
			longest = length;
		}
	}
	return merged;
}

/** The text with the edits made, which are in order and do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
	if (edits.length === 0) return text;
	const parts: string[] = [];
	let at = 0;
	for (const edit of edits) {
		parts.push(text.slice(at, edit.start), edit.text);
		at = edit.end;
	}
	parts.push(text.slice(at));
	return parts.join('');
}

/** The text with NUL in place of each character of these parts, so that all offsets stay. */
export function maskSpans(text: string, spans: readonly Pick<Span, 'start' | 'end'>[]): string {
	return applyEdits(
		text,
		spans.map(({start, end}) => ({start, end, text: '\0'.repeat(end - start)})),
	);
}
