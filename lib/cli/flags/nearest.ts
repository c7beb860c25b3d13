/** ` (did you mean …?)` where one of the names is close to what was given, else nothing. Never repeats what was given. */
export function nearest(given: string, names: readonly string[]): string {
	let best: string | undefined;
	let bestDistance = 3;
	for (const name of names) {
		const distance = editDistance(given, name);
		if (distance < bestDistance) [best, bestDistance] = [name, distance];
	}
	return best === undefined ? '' : ` (did you mean ${best}?)`;
}

function editDistance(a: string, b: string): number {
	let row = Array.from({length: b.length + 1}, (_, index) => index);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
		}
		row = next;
	}
	return row[b.length]!;
}
