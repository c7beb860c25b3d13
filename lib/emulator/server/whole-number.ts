/** The whole number of a query parameter, `missing` without it, undefined when it is none or below `min`. */
export function wholeNumber(query: URLSearchParams, name: string, missing: number, min: number): number | undefined {
	const text = query.get(name);
	if (text === null) return missing;
	return /^\d{1,15}$/.test(text) && Number(text) >= min ? Number(text) : undefined;
}
