import {SinkError, SourceError} from '../../lib/model/errors.ts';
import {type Client, parseJson} from '../../lib/http/client.ts';
import {marksIn, type NewChangeset, originOf} from './changeset.ts';

const auditlog = '/rest/admin/1.0/auditlog';
const maxRows = 1000;

interface ChangesetLogOptions {
	readonly name: string;
	readonly client: Client;
	readonly maxAttempts: number;
	readonly signal: AbortSignal;
}

/** The audit log of a Crowd, as one who stores changesets in it needs it. */
export function openChangesetLog({name, client, maxAttempts, signal}: ChangesetLogOptions) {
	/** Stores it. Where the answer is lost, only the log itself can tell whether the changeset is in it. */
	async function store(made: NewChangeset): Promise<void> {
		for (let attempt = 1; ; attempt++) {
			try {
				const body = JSON.stringify(made.body);
				await client({method: 'POST', path: auditlog, body, parse: emptyOrJson}, signal);
				return;
			} catch (error) {
				if (!isLost(error) || attempt >= maxAttempts) throw error;
				if ((await storedMarks([made])).has(made.mark)) return;
			}
		}
	}

	/**
	 * The marks in the log around the times of these changesets. Rejects where the log holds a record that one of
	 * them was made from: then Crowd is its own source, and every record would be stored twice.
	 */
	async function storedMarks(changesets: readonly NewChangeset[]): Promise<ReadonlySet<string>> {
		const marks = new Set<string>();
		const origins = new Set(changesets.flatMap(({origin}) => origin ?? []));
		if (changesets.length === 0) return marks;
		const body = JSON.stringify(searchFor(changesets));
		let first: unknown;
		// retention takes rows from the end, so offsets hold
		for (let start = 0; ;) {
			const query = [
				['start', String(start)],
				['limit', String(maxRows)],
			] as const;
			const request = {method: 'POST', path: `${auditlog}/query`, query, body, repeatable: true} as const;
			const {values, isLastPage} = (await client(request, signal)).content as QueryPage;
			if (!Array.isArray(values)) throw new SinkError('SINK_FAILED', `${name}: expected a list "values", got none`);
			for (const row of values) {
				const own = marksIn(row);
				for (const mark of own) marks.add(mark);
				// a copy may have got the id of what it is a copy of
				if (own.length === 0 && origins.has(originOf(row) ?? '')) throw ownLog(name, row);
			}
			if (isLastPage === true) return marks;
			const [{id} = {id: undefined}] = values;
			if (id === undefined || id === first) {
				throw new SinkError('SINK_FAILED', `${name}: expected rows behind the first ${start}, got none that are new`);
			}
			first = id;
			start += values.length;
		}
	}

	return {store, storedMarks};
}

interface Row {
	readonly id: unknown;
}

interface QueryPage {
	readonly values?: readonly Row[];
	readonly isLastPage?: boolean;
}

/** A second more on both sides: a database may keep whole seconds. */
function searchFor(changesets: readonly NewChangeset[]) {
	let [from, to] = [Infinity, -Infinity];
	for (const {timeMs} of changesets) [from, to] = [Math.min(from, timeMs), Math.max(to, timeMs)];
	const time = (timeMs: number) => new Date(timeMs).toISOString().replace('Z', '+0000');
	const actions = [...new Set(changesets.map(({eventType}) => eventType))];
	return {onOrAfter: time(from - 1000), beforeOrOn: time(to + 1000), actions};
}

function ownLog(name: string, {id}: Row): SinkError {
	return new SinkError(
		'TARGET_REFUSED',
		`${name}: expected records of another server, got those of the target itself or of a copy of it ` +
			`(changeset ${String(id)} is in both); name another server`,
	);
}

/** True where the changeset may have been stored all the same: no answer, half of one, or a failure of the server. */
function isLost(error: unknown): boolean {
	if (!(error instanceof SourceError)) return false;
	const {status} = error;
	return status === undefined || status < 300 || status === 408 || status >= 500;
}

/** A login page is no sign that something was stored. */
function emptyOrJson(body: Buffer): unknown {
	return body.length === 0 ? undefined : parseJson(body);
}
