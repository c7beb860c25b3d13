import assert from 'node:assert/strict';
import {inspect} from 'node:util';

/** What the emulator lets in: unlike anything that records hold, and with letters that encodings change. */
export const credentials = {
	token: 'tok-7f3a/9c+1=e5',
	username: 'auditor@example.com',
	password: 'p4ss wörd/&?"8d2b',
} as const;

const {token, username, password} = credentials;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const forms = [token, password].flatMap(secret => [
	secret,
	encodeURIComponent(secret),
	JSON.stringify(secret).slice(1, -1),
	base64(secret),
	Buffer.from(secret).toString('base64url'),
]);
const secretForms = [...forms, base64(`${username}:${password}`)];

/** Fails where a secret can be found in a value, however deep, under any encoding. */
export function assertNoSecret(value: unknown): void {
	const text = inspect(value, {depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null});
	assert.deepEqual(
		secretForms.filter(form => text.includes(form)),
		[],
		'a secret was shown',
	);
}
