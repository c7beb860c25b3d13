/** Notes a changed display name, so that every original name leads to its newest one. */
export function rename(renamed: Map<string, string>, from: string, to: string): void {
	for (const [original, current] of renamed) if (current === from) renamed.set(original, to);
	renamed.set(from, to);
}
