/** No other text holds them, so that a leak is seen. */
export const awsSecrets = ['secret-0c4f-of-the-key', 'token-91ab-of-the-session'] as const;

/** Credentials of nobody, and none of this machine's own configuration. */
export const awsVariables: Readonly<Record<string, string | undefined>> = {
	AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
	AWS_SECRET_ACCESS_KEY: awsSecrets[0],
	AWS_SESSION_TOKEN: awsSecrets[1],
	AWS_REGION: 'eu-central-1',
	AWS_DEFAULT_REGION: undefined,
	AWS_PROFILE: undefined,
	AWS_CONFIG_FILE: '/nonexistent/config',
	AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
	AWS_EC2_METADATA_DISABLED: 'true',
	AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined,
	AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
	AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
	AWS_ENDPOINT_URL: undefined,
	AWS_ENDPOINT_URL_S3: undefined,
};

function setVariables(variables: Readonly<Record<string, string | undefined>>): void {
	for (const [name, value] of Object.entries(variables)) {
		if (value === undefined) delete process.env[name];
		else process.env[name] = value;
	}
}

/** Has them set in each test of a suite; returns what changes some of them for the test that runs. */
export function awsEnvironment(): (variables: Readonly<Record<string, string | undefined>>) => void {
	const before = Object.fromEntries(Object.keys(awsVariables).map(name => [name, process.env[name]]));
	beforeEach(() => setVariables(awsVariables));
	afterEach(() => setVariables(before));
	return setVariables;
}
