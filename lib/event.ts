/** A value that survives JSON. */
export type Json = null | boolean | number | string | readonly Json[] | {readonly [key: string]: Json};

/** The common record: one audit event of any API. A member that the API does not give is absent, never `""`. */
export interface AuditEvent {
	/** The record's own id, or a hash of its content where the API has none. */
	readonly id: string;
	/** When it occurred: ISO 8601, UTC, milliseconds. */
	readonly time: string;
	/** The name of the source, for example `atlassian-org-events`. */
	readonly source: string;
	/** Whose log it is: organization id, site or server. */
	readonly tenant: string;
	/** What was done: the API's machine id where it has one. */
	readonly action?: string;
	/** The API's own group of actions. */
	readonly category?: string;
	/** What was done, for people. */
	readonly message?: string;
	readonly outcome?: 'success' | 'failure';
	/** Who did it. */
	readonly actor?: AuditActor;
	/** Where it came from. */
	readonly origin?: AuditOrigin;
	/** What it was done to. */
	readonly targets?: readonly AuditTarget[];
	readonly changes?: readonly AuditChange[];
	/** The record's own text as the API gave it, unparsed: every digit and every key survives. */
	readonly raw: string;
}

export interface AuditActor {
	readonly id?: string;
	readonly name?: string;
	readonly email?: string;
	/** `user`, `app`, `system`, `anonymous`, or the API's own word. */
	readonly type?: string;
}

export interface AuditOrigin {
	/** The client's address: the first of {@link ips}. */
	readonly ip?: string;
	/** All addresses, the client first, then its proxies. */
	readonly ips?: readonly string[];
	readonly geo?: {readonly country?: string; readonly region?: string; readonly city?: string};
}

export interface AuditTarget {
	readonly type?: string;
	readonly id?: string;
	readonly name?: string;
}

export interface AuditChange {
	readonly field?: string;
	readonly from?: string;
	readonly to?: string;
}
