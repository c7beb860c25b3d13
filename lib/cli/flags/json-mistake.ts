const space = /[ \t\n\r]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const stringStart = /"(?:[^"\\\0-\x1f]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;

/**
 * Where a text stops being JSON: the place of the first character that cannot stand there, or of the end where more
 * had to come; undefined for JSON. The parser itself says it in some cases only, and shows what stands around it.
 */
export function jsonMistakeAt(text: string): number | undefined {
	const ends: ('}' | ']')[] = [];
	let at = 0;
	const take = (pattern: RegExp): boolean => {
		pattern.lastIndex = at;
		if (!pattern.test(text)) return false;
		at = pattern.lastIndex;
		return true;
	};
	const sign = (expected: string): boolean => {
		take(space);
		if (text[at] !== expected) return false;
		at++;
		return true;
	};
	const string = () => take(stringStart) && text[at] === '"' && ++at > 0;
	const key = () => take(space) && string() && sign(':');

	for (;;) {
		if (sign('{')) {
			ends.push('}');
			if (!sign('}')) {
				if (!key()) return at;
				continue;
			}
			ends.pop();
		} else if (sign('[')) {
			ends.push(']');
			if (!sign(']')) continue;
			ends.pop();
		} else if (!string() && !take(scalar)) {
			return at;
		}
		while (ends.length > 0 && sign(ends.at(-1)!)) ends.pop();
		if (ends.length === 0) {
			take(space);
			return at < text.length ? at : undefined;
		}
		if (!sign(',')) return at;
		if (ends.at(-1) === '}' && !key()) return at;
	}
}
