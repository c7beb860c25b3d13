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
