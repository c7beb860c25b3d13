const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^{}[\],:"\s]+/g;
/** How deep a record lies in the answers of all APIs, for those that indent. */
const RECORD_DEPTH = 2;

/** Values that differ from record to record; a hole stands for the value and for the quotes beside it. */
export const hole = {id: '\ue000', time: '\ue001', link: '\ue002', processed: '\ue003'} as const;

export type Hole = (typeof hole)[keyof typeof hole];

/** A JSON text as a value: it is written as it is, duplicate keys and odd numbers included. */
export function raw(json: string): string {
	return `\ue009${json}`;
}

/** The JSON text of a record, its holes filled. */
export type Template = (fill: (hole: Hole) => string) => string;

export function createTemplate(record: object, pretty: boolean): Template {
	const compact = JSON.stringify(record).replace(
		/"\ue009((?:[^"\\]|\\.)*)"/g,
		(_, text: string) => JSON.parse(`"${text}"`) as string,
	);
	return templateOf(pretty ? prettyPrint(compact, RECORD_DEPTH) : compact);
}

export function templateOf(text: string): Template {
	const pieces = text.split(/"?([\ue000-\ue003])"?/);
	return fill => pieces.reduce((whole, piece, index) => whole + (index % 2 === 0 ? piece : fill(piece as Hole)), '');
}

/** All strings that a JSON value holds as values, in lower case, one a line: what a full-text search looks through. */
export function wordsOf(value: unknown): string {
	if (typeof value === 'string') return value.toLowerCase();
	if (typeof value !== 'object' || value === null) return '';
	return Object.values(value).map(wordsOf).filter(Boolean).join('\n');
}

/** The text of an answer that is a list of these records. */
export function listText(records: readonly string[], pretty: boolean): string {
	return pretty && records.length > 0 ? `[\n  ${records.join(',\n  ')}\n]` : `[${records.join()}]`;
}

/** The text of an answer with these records in place of the empty array that `envelope` holds as `member`. */
export function pageText(envelope: object, member: string, records: readonly string[], pretty: boolean): string {
	const compact = JSON.stringify(envelope);
	const text = pretty ? prettyPrint(compact) : compact;
	const name = `${JSON.stringify(member)}:${pretty ? ' ' : ''}[`;
	const cut = text.indexOf(`${name}]`) + name.length;
	const [open, between, close] = pretty && records.length > 0 ? ['\n    ', ',\n    ', '\n  '] : ['', ',', ''];
	return text.slice(0, cut) + open + records.join(between) + close + text.slice(cut);
}

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

export type Members = Readonly<Record<string, unknown>>;

/** The JSON object that a body holds, undefined when it holds anything else. */
export function parseObject(body: string): Members | undefined {
	try {
		const value = JSON.parse(body) as unknown;
		return isObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

/** True for a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Members {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
