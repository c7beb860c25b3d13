export interface EmulatorCredentials {
	readonly token: string;
	readonly username: string;
	readonly password: string;
}

/** Tells whether an Authorization header holds the credentials in one of the schemes that an API takes. */
export function isAuthorized(
	header: string | undefined,
	schemes: readonly ('basic' | 'bearer')[],
	{token, username, password}: EmulatorCredentials,
): boolean {
	const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
	return schemes.some(scheme => header === (scheme === 'basic' ? basic : `Bearer ${token}`));
}
