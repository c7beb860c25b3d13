/** One request to an API, before anybody retries or limits it. */
export interface ClientRequest {
	readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
	/** Below the endpoint, with a leading slash, already percent-encoded. */
	readonly path: string;
	readonly query?: readonly (readonly [string, string])[];
	readonly body?: string;
	/** True for a POST that only reads, so that it may be sent again. GET and PUT always may. */
	readonly repeatable?: boolean;
	/** Makes the answer from the body; throws where that is not whole, and the request is sent again. Default: JSON. */
	readonly parse?: (body: Buffer) => unknown;
}
