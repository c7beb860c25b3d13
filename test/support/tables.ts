/** Text as a piece of code in Markdown. */
export function code(text: string): string {
	return `\`${text}\``;
}

/** Each of the texts once, with semicolons. */
export function once(cells: readonly string[]): string {
	return [...new Set(cells)].join('; ');
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
	return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The rows whose other cells are the same as one, in the order of the first. */
export function grouped(rows: readonly (readonly [first: string, other: string])[]): string[][] {
	const groups = new Map<string, string[]>();
	for (const [first, other] of rows) groups.set(other, [...(groups.get(other) ?? []), first]);
	return Array.from(groups, ([other, firsts]) => [firsts.join(', '), other]);
}

/** A block of JSON, indented. */
export function block(value: unknown): string {
	return `\`\`\`json\n${JSON.stringify(value, undefined, 2)}\n\`\`\``;
}

/** A block of JSON with a line for each member. */
export function shortBlock(value: object): string {
	const lines = Object.entries(value).map(([key, member]) => ` ${JSON.stringify(key)}: ${JSON.stringify(member)}`);
	return `\`\`\`json\n{\n${lines.join(',\n')}\n}\n\`\`\``;
}
