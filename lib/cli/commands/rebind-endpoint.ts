import {ConfigError, StateError} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import type {Checkpoint} from '../../state/state.ts';
import {inFlags} from '../flags/options.ts';
import {partsOf, sourceOf} from './read-status.ts';
import type {Change} from './state-reset.ts';

/**
 * The state as one of the same log at another address: the server or its name was moved. Nothing proves that it is the
 * same log, so whoever asks must know. What was read is known again there, also where the address says whose log it is.
 */
export async function rebindEndpoint(checkpoint: Checkpoint, endpoint: string): Promise<Change> {
	if (checkpoint.pending) {
		throw new StateError(
			'STATE_CONFLICT',
			'state rebind: expected a state that no run was killed over, got one with a commit that was not finished: run the same pull once more, where the server was',
		);
	}
	const keys = Object.keys(checkpoint.sources).filter(key => checkpoint.binding[`${key} endpoint`] !== undefined);
	const [key] = keys;
	if (key === undefined || keys.length > 1) {
		throw new ConfigError(`state rebind: --endpoint: expected a state of one API, got one of ${keys.length}`);
	}
	const [name, tenant] = partsOf(key);
	const source = await sourceOf(name);
	if (!source?.addressOf) throw new ConfigError(`state rebind: --endpoint: expected a source of rxaudit, got ${name}`);
	const before = checkpoint.binding[`${key} endpoint`]!;
	const now = inFlags(() => source.addressOf!(endpoint));
	if (now.endpoint === before) return {checkpoint, said: []};
	const isOfAddress = source.addressOf(before).tenant === tenant;
	const newKey = isOfAddress && now.tenant !== undefined ? `${name}:${now.tenant}` : key;
	const said = [`${key} endpoint: ${before} is ${now.endpoint} now`];
	if (newKey !== key) {
		said.push(`${key} is ${newKey} now: new events have that tenant, and layouts by tenant a folder of that name`);
	}
	return {checkpoint: moved(checkpoint, key, newKey, now.endpoint), said};
}

function moved(checkpoint: Checkpoint, key: string, newKey: string, endpoint: string): Checkpoint {
	const {binding, sources, snapshots} = checkpoint;
	const rekeyed = <T>(record: Readonly<Record<string, T>>, nameOf: (name: string) => string) =>
		Object.fromEntries(Object.entries(record).map(([name, value]) => [nameOf(name), value]));
	const isOwn = (name: string) => name.startsWith(`${key} `);
	const bound = rekeyed(binding, name => (isOwn(name) ? newKey + name.slice(key.length) : name));
	const dedupe = `dedupe:${key}`;
	const known = snapshots[dedupe] as {readonly [member: string]: Json} | undefined;
	const scoped =
		known && newKey !== key ? {...snapshots, [dedupe]: {...known, scope: known['scope'] ?? key}} : snapshots;
	return {
		...checkpoint,
		binding: {...bound, [`${newKey} endpoint`]: endpoint},
		sources: rekeyed(sources, name => (name === key ? newKey : name)),
		snapshots: rekeyed(scoped, name => (name.endsWith(`:${key}`) ? name.slice(0, -key.length) + newKey : name)),
	};
}
