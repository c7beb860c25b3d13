import {StateError} from '../model/errors.ts';

type Binding = Readonly<Record<string, string>>;

/** Of a state from before keys were told apart, or of a signature whose key is not known. */
export const anyKey = 'yes';

/** Throws a StateError `STATE_FOREIGN` that names what differs between what a state is bound to and what a run is. */
export function checkBinding(stored: Binding, given: Binding): void {
	const names = new Set([...Object.keys(stored), ...Object.keys(given)]);
	const differing = [...names].filter(name => stored[name] !== given[name] && !isBoundNow(name, stored, given));
	const [name] = differing;
	if (name === undefined) return;
	const isMoved =
		Object.keys(stored).length === Object.keys(given).length &&
		differing.every(differs => differs === '--to' || differs.startsWith('sink '));
	const isElsewhere = differing.every(differs => differs.endsWith(' endpoint'));
	const moved = isMoved
		? '; where the target was moved, rxaudit state rebind STATE --to SINK makes it the one of this state'
		: isElsewhere
			? '; where the server was moved, rxaudit state rebind STATE --endpoint URL goes on there'
			: '';
	const wayOut =
		name === 'signed'
			? 'sign with that key from the first run to the last, or begin a new state and archive'
			: `use the options it was made with, or another state file${moved}`;
	// what an address says of its tenant, or a target of itself, is in the name
	const instead = differing.find(other => stored[other] === undefined && kindOf(other) === kindOf(name));
	const got = given[name] ?? given[instead ?? ''] ?? 'nothing';
	throw new StateError(
		'STATE_FOREIGN',
		`the state belongs to another pipeline: ${name}: expected ${stored[name] ?? 'nothing'}, got ${got}; ${wayOut}`,
	);
}

/** What is bound, whatever tenant or target it is of: `NAME option` of a source, `sink NAME`, or a flag. */
function kindOf(name: string): string {
	const [, of, option] = /^([^:]*):.*?(?: (\w+))?$/s.exec(name) ?? [];
	if (of === undefined) return name;
	return of.startsWith('sink ') || option === undefined ? of : `${of} ${option}`;
}

function isBoundNow(name: string, stored: Binding, given: Binding): boolean {
	return name === 'signed' && stored[name] === anyKey && given[name] !== undefined;
}
