import {
	catchError,
	concatMap,
	defer,
	EMPTY,
	finalize,
	forkJoin,
	from,
	map,
	mergeMap,
	type MonoTypeOperatorFunction,
	type Observable,
	type ObservableInput,
	of,
	shareReplay,
} from 'rxjs';
import {type AccountNames, accountsIn, type ActionLabels, actionsIn, type Directory} from './directory.ts';
import {AuditError} from '../model/errors.ts';
import type {AuditEvent, AuditPerson} from '../model/event.ts';
import type {Page} from '../model/page.ts';
import type {CatalogueEntry} from '../source/definition.ts';
import {freshStart, inRun, type Start} from '../model/start.ts';
import {pageFor} from './each-page.ts';

/** Where to read what events lack. Each is called at the first event that lacks something, and never again. */
export interface EnrichOptions {
	/** Pages of accounts, as a listing such as `atlassian-org-users` gives them. */
	readonly users?: ((start: Start) => Observable<Page>) | undefined;
	/** The actions of the API, with their names for people. */
	readonly actions?: ((start: Start) => Promise<Iterable<CatalogueEntry>>) | undefined;
	/** How many accounts are remembered; events with others stay as they are, and a warning says so. Default: 100,000. */
	readonly maxUsers?: number | undefined;
}

/**
 * Pages of common records with names that their API has left out: name and e-mail address of actors and of targets of
 * type `user`, by account id; `actionName` and `category`, by action. What a record says is never replaced. Names are
 * those of the moment of reading, so a record that is read again may get another one. Where they cannot be read, the
 * stream ends with that error.
 *
 * ```ts
 * run(jiraCloud(site).pipe(normalize(), enrich({users: () => orgUsers({orgId, token})})), sink);
 * ```
 *
 * In a run, one that is asked to stop does not wait for the reading, and its report has the requests and warnings.
 */
export function enrich({
	users,
	actions,
	maxUsers = 100_000,
}: EnrichOptions): MonoTypeOperatorFunction<Page<AuditEvent>> {
	const enrichPages = (run: Start) => {
		const sayFull = () => run.meter.warn(`enrich: more than ${maxUsers} users; those beyond stay as they are`);
		const accounts$ = users && readOnce('users', run, own => accountsIn(users(own), maxUsers, sayFull));
		const actions$ = actions && readOnce('actions', run, async own => actionsIn(await actions(own)));
		let isCut = false;

		/** Undefined where the run was asked to stop before it was known. */
		const knownOf = ({events}: Page<AuditEvent>) =>
			forkJoin([
				accounts$ && events.some(lacksName) ? accounts$ : of(nobody),
				actions$ && events.some(lacksLabel) ? actions$ : of(nothing),
			]);

		return (page: Page<AuditEvent>) =>
			knownOf(page).pipe(
				mergeMap(([accounts, labels]) => {
					isCut ||= !accounts || !labels;
					if (!isCut) {
						const named = page.map(event => enriched(event, accounts!, labels!));
						return of(named.with({steps: [...page.steps, 'enrich']}));
					}
					// the next run reads it again, and what came behind it
					run.interrupted = true;
					page.taken();
					return EMPTY;
				}),
				catchError((error: unknown) => {
					page.nack(error);
					throw error;
				}),
			);
	};
	/** One reading for each run, whatever pipes the operator stands in. */
	const byRun = new WeakMap<Start, ReturnType<typeof enrichPages>>();
	return concatMap(given => {
		const page = pageFor('enrich', given, 'enrich');
		let enrichPage = byRun.get(page.run);
		if (!enrichPage) byRun.set(page.run, (enrichPage = enrichPages(page.run)));
		return enrichPage(page);
	});
}

const nobody: Directory<AccountNames> = new Map();
const nothing: Directory<ActionLabels> = new Map();

/** One reading for all who wait for it; it is ended when nobody waits any more. */
function readOnce<T>(
	what: string,
	{meter, signal}: Start,
	read: (start: Start) => ObservableInput<T>,
): Observable<T | undefined> {
	return defer(() => {
		const left = new AbortController();
		const own: Start = {...freshStart(), meter, signal: AbortSignal.any([signal, left.signal])};
		return defer(() => inRun(own, () => from(read(own)))).pipe(
			map(found => (own.interrupted ? undefined : found)),
			catchError((error: unknown) => {
				if (signal.aborted) return of(undefined);
				throw unreadable(what, error);
			}),
			finalize(() => left.abort()),
		);
	}).pipe(shareReplay({bufferSize: 1, refCount: true}));
}

/** The error with its class and code, by which callers go, and a message that names the purpose and the way out. */
function unreadable(what: string, error: unknown): unknown {
	if (error instanceof AuditError) {
		error.message = `enrich: the ${what} could not be read: ${error.message}; or enrich without ${what}`;
	}
	return error;
}

function lacksName({actor, targets = []}: AuditEvent): boolean {
	return (
		isNameless(actor) || isNameless(actor?.onBehalfOf) || targets.some(one => one.type === 'user' && isNameless(one))
	);
}

function isNameless(one: AuditPerson | undefined): boolean {
	return one?.id !== undefined && ((one.name ?? one.fullName) === undefined || one.email === undefined);
}

function lacksLabel({action, actionName, category}: AuditEvent): boolean {
	return action !== undefined && (actionName === undefined || category === undefined);
}

function enriched(event: AuditEvent, accounts: Directory<AccountNames>, labels: Directory<ActionLabels>): AuditEvent {
	const {actor, targets} = event;
	return {
		...filled(event, event.action, labels),
		...(actor && {
			actor: {...named(actor, accounts), ...(actor.onBehalfOf && {onBehalfOf: named(actor.onBehalfOf, accounts)})},
		}),
		...(targets && {targets: targets.map(one => (one.type === 'user' ? filled(one, one.id, accounts) : one))}),
	};
}

/** The directory's names are names of people, so each is a full name, too. */
function named<Person extends AuditPerson>(one: Person, accounts: Directory<AccountNames>): Person {
	const {name, ...known} = (one.id !== undefined && accounts.get(one.id)) || {};
	if (name === undefined || one.name !== undefined || one.fullName !== undefined) return {...one, ...known, ...one};
	return {...one, name, fullName: name, ...known, ...one};
}

/** The same with what is known of it; its own members win, and keep their places. */
function filled<T extends Known, Known extends object>(one: T, id: string | undefined, directory: Directory<Known>): T {
	const known = id === undefined ? undefined : directory.get(id);
	return known ? {...one, ...known, ...one} : one;
}
