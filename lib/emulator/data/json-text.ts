/** A member of a JSON object: its key and the text of its value, undefined where it is left out. */
export type Member = readonly [key: string, json: string | undefined];

/** The JSON text of an object, its members as they are given: duplicate keys and odd numbers stay what they are. */
export function object(members: readonly Member[]): string {
	return `{${members
		.filter(([, json]) => json !== undefined)
		.map(([key, json]) => `${quote(key)}:${json}`)
		.join(',')}}`;
}

/** A JSON string. */
export function quote(text: string): string {
	return JSON.stringify(text);
}
