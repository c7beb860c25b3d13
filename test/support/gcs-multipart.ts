import {type ObjectFacts, Refusal} from './gcs-bucket.ts';

/** The two parts of a `multipart/related` upload: what is said of the object as JSON, then its bytes. */
export function parseMultipart(body: Buffer, contentType: string): {facts: ObjectFacts; bytes: Buffer} {
	const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
	const parts = boundary === undefined ? [] : split(body, boundary);
	const [told, content] = parts;
	if (!told || !content || parts.length !== 2) {
		throw new Refusal(400, 'badRequest', 'Expected two parts, got another number, or a cut one.');
	}
	const facts = JSON.parse(told.bytes.toString()) as ObjectFacts;
	const type = /^content-type: *(.+)$/im.exec(content.headers)?.[1];
	return {facts: type === undefined ? facts : {contentType: type.trim(), ...facts}, bytes: content.bytes};
}

function split(body: Buffer, boundary: string): {headers: string; bytes: Buffer}[] {
	const parts = [];
	const delimiter = Buffer.from(`--${boundary}`);
	for (let at = body.indexOf(delimiter); at !== -1;) {
		const next = body.indexOf(Buffer.from(`\r\n--${boundary}`), at + delimiter.length);
		const headersEnd = body.indexOf('\r\n\r\n', at);
		if (next === -1 || headersEnd === -1) break;
		const headers = body.toString('latin1', at + delimiter.length, headersEnd);
		parts.push({headers, bytes: body.subarray(headersEnd + 4, next)});
		at = next + 2;
	}
	return body.includes(`--${boundary}--`) ? parts : [];
}
