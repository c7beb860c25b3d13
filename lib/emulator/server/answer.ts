/** A complete HTTP answer, before it is sent. */
export interface Answer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
}

/** How error bodies look: the vendor's object, an array of it, plain text, or a page of its edge. */
export type ErrorBody = 'object' | 'array' | 'text' | 'html';

export function jsonAnswer(status: number, body: Buffer): Answer {
	return {status, headers: {'content-type': 'application/json;charset=UTF-8'}, body};
}

export function textAnswer(status: number, text: string, contentType = 'text/plain'): Answer {
	return {status, headers: {'content-type': `${contentType};charset=UTF-8`}, body: Buffer.from(text)};
}

const adminErrors = {
	'ADMIN-400-1': ['Bad Request', 'Invalid page cursor'],
	'ADMIN-400-3': ['Bad Request', 'Invalid time date'],
	'ADMIN-400-4': ['Bad Request', 'Invalid resource'],
	'ADMIN-403-3': ['Forbidden', 'You are not allowed to manage this organization'],
	'ADMIN-404-1': ['Not Found', 'Unknown resource'],
	'ADMIN-404-2': ['Not Found', 'Organization not found'],
	'ADMIN-404-4': ['Not Found', 'Event not found'],
	'ADMIN-405-1': ['Method Not Allowed', 'Method not allowed'],
	'ADMIN-429-1': ['Too Many Requests', 'Rate limit exceeded'],
	'ADMIN-500-1': ['Internal Server Error', 'Internal error'],
} as const;

export type AdminErrorCode = keyof typeof adminErrors;

/** An error in the words of the Organizations API. */
export function adminError(code: AdminErrorCode, bodyKind: ErrorBody = 'object'): Answer {
	const [title, detail] = adminErrors[code];
	const status = code.slice(6, 9);
	if (bodyKind === 'text') return textAnswer(Number(status), `${title}: ${detail}`);
	if (bodyKind === 'html') return edgeError(Number(status));
	const error = {id: '00000000-0000-4000-8000-000000000000', status, code, title, detail};
	const body = bodyKind === 'array' ? [error] : {errors: [error]};
	return jsonAnswer(Number(status), Buffer.from(JSON.stringify(body)));
}

/** The gateway's answer to a missing or wrong token. */
export function unauthorized(): Answer {
	return jsonAnswer(401, Buffer.from('{"code":401,"message":"Unauthorized"}'));
}

/** The error of this status, as the real server words it where that is known. */
export function statusError(status: number, bodyKind: ErrorBody = 'object'): Answer {
	const code = (
		{
			400: 'ADMIN-400-4',
			403: 'ADMIN-403-3',
			404: 'ADMIN-404-1',
			405: 'ADMIN-405-1',
			429: 'ADMIN-429-1',
			500: 'ADMIN-500-1',
		} as const
	)[status];
	return status === 401 ? unauthorized() : code ? adminError(code, bodyKind) : edgeError(status);
}

/** A page of the vendor's edge, which knows no JSON. */
export function edgeError(status: number): Answer {
	return textAnswer(status, `<html><body><h1>Error ${status}</h1></body></html>`, 'text/html');
}
