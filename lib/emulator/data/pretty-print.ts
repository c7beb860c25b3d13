const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^{}[\],:"\s]+/g;

/**
 * The same JSON text with line breaks and two spaces per level, as some servers answer. It works on the text, so
 * that numbers, escapes and duplicate keys stay as they are. The first line is not indented.
 */
export function prettyPrint(json: string, depth = 0): string {
	let level = depth;
	let text = '';
	let before = '';
	const newLine = () => `\n${'  '.repeat(level)}`;
	for (const [piece] of json.matchAll(token)) {
		const opened = before === '{' || before === '[';
		if (piece === '}' || piece === ']') {
			level--;
			if (!opened) text += newLine();
		} else if (opened || before === ',') {
			text += newLine();
		}
		text += piece === ':' ? ': ' : piece;
		if (piece === '{' || piece === '[') level++;
		before = piece;
	}
	return text;
}
