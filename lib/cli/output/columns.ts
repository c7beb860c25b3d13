const graphemes = new Intl.Segmenter('en', {granularity: 'grapheme'});
/** What takes two columns of a terminal: East Asian wide and full-width characters, and emoji. */
const wide =
	/[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const invisible = /^[\p{Mark}\p{Format}\p{Control}]+$/u;

/** How many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
	let columns = 0;
	for (const {segment} of graphemes.segment(text)) columns += widthOf(segment);
	return columns;
}

/** The text, or as much of it and an ellipsis as so many columns of a terminal hold. */
export function fitColumns(text: string, columns: number): string {
	if (columnsOf(text) <= columns) return text;
	let cut = '';
	let left = columns - 1;
	for (const {segment} of graphemes.segment(text)) {
		left -= widthOf(segment);
		if (left < 0) break;
		cut += segment;
	}
	return columns < 1 ? '' : `${cut}…`;
}

function widthOf(grapheme: string): number {
	return wide.test(grapheme) ? 2 : invisible.test(grapheme) ? 0 : 1;
}
