/** A complete HTTP answer, before it is sent. */
export interface Answer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
}

/** How error bodies look: the vendor's object, an array of it, plain text, or a page of its edge. */
export type ErrorBody = 'object' | 'array' | 'text' | 'html';

/** A value as JSON; text is JSON already. */
export function jsonAnswer(status: number, value: object | string): Answer {
	const text = typeof value === 'string' ? value : JSON.stringify(value);
	return {status, headers: {'content-type': 'application/json;charset=UTF-8'}, body: Buffer.from(text)};
}

export function textAnswer(status: number, text: string, contentType = 'text/plain'): Answer {
	return {status, headers: {'content-type': `${contentType};charset=UTF-8`}, body: Buffer.from(text)};
}

/** Lines of cells as a table; the first one is the header. */
export function csvAnswer(
	lines: readonly (readonly string[])[],
	contentType = 'text/csv',
	headers: Answer['headers'] = {},
): Answer {
	const [header = [], ...rest] = lines;
	const quoted = rest.map(cells => cells.map(cell => `"${cell.replaceAll('"', '""')}"`));
	const answer = textAnswer(200, [header, ...quoted, []].map(cells => cells.join(',')).join('\r\n'), contentType);
	return {...answer, headers: {...answer.headers, ...headers}};
}

/** A page of the vendor's edge, which knows no JSON. */
export function edgeError(status: number): Answer {
	return textAnswer(status, `<html><body><h1>Error ${status}</h1></body></html>`, 'text/html');
}

/** The errors of an API: what it says by status, in an object of its own; where it has no words its edge answers. */
export function errorsOf(
	body: ErrorBody,
	messages: Readonly<Record<number, string>>,
	objectOf: (status: number, message: string) => object,
): (status: number, message?: string) => Answer {
	return (status, message = messages[status]) => {
		if (message === undefined || body === 'html') return edgeError(status);
		if (body === 'text') return textAnswer(status, message);
		const error = objectOf(status, message);
		return jsonAnswer(status, body === 'array' ? [error] : error);
	};
}

const adminErrors = {
	'400-1': ['Bad Request', 'Invalid page cursor'],
	'400-3': ['Bad Request', 'Invalid time date'],
	'400-4': ['Bad Request', 'Invalid resource'],
	'403-3': ['Forbidden', 'You are not allowed to manage this organization'],
	'404-1': ['Not Found', 'Unknown resource'],
	'404-2': ['Not Found', 'Organization not found'],
	'404-4': ['Not Found', 'Event not found'],
	'405-1': ['Method Not Allowed', 'Method not allowed'],
	'429-1': ['Too Many Requests', 'Rate limit exceeded'],
	'500-1': ['Internal Server Error', 'Internal error'],
} as const;

const adminStatuses: Readonly<Record<number, keyof typeof adminErrors>> = {
	400: '400-4',
	403: '403-3',
	404: '404-1',
	405: '405-1',
	429: '429-1',
	500: '500-1',
};

/** An error in the words of the Organizations API, of this code or of this status. */
export function adminError(body: ErrorBody, which: keyof typeof adminErrors | number): Answer {
	if (which === 401) return jsonAnswer(401, {code: 401, message: 'Unauthorized'});
	const code = typeof which === 'string' ? which : adminStatuses[which];
	const status = Number(String(code ?? which).slice(0, 3));
	if (code === undefined || body === 'html') return edgeError(status);
	const [title, detail] = adminErrors[code];
	if (body === 'text') return textAnswer(status, `${title}: ${detail}`);
	const id = '00000000-0000-4000-8000-000000000000';
	const error = {id, status: String(status), code: `ADMIN-${code}`, title, detail};
	return jsonAnswer(status, body === 'array' ? [error] : {errors: [error]});
}
