/** One request to an API, before anybody retries or limits it. */
export interface ClientRequest {
	readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
	/** Below the endpoint, with a leading slash, already percent-encoded. */
	readonly path: string;
	readonly query?: readonly (readonly [string, string])[];
	/** A query to send as it is, instead. */
	readonly search?: string;
	readonly body?: string | Uint8Array;
	/** Beside those that every request has; default of `content-type`: JSON. */
	readonly headers?: Readonly<Record<string, string>>;
	/** True for a POST that may be sent again, as one that only reads. GET and PUT always may. */
	readonly repeatable?: boolean;
	/** Whether an answer passes by itself at this API, beside those that do at all: the request is sent again. */
	readonly passing?: (status: number, body: Buffer) => boolean;
	/** The most attempts for this request, where fewer than for others. */
	readonly maxAttempts?: number;
	/**
	 * Makes the answer from the body, UTF-8 or what should be, and whether its charset was announced; throws where that is
	 * not whole, and the request is sent again. Default: JSON.
	 */
	readonly parse?: (body: Buffer, isAnnounced: boolean) => unknown;
}
