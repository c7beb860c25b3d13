// A host's own parts: what it takes to write a sink and a state store without this library's help.
import {ConfigError, StateError} from 'rxaudit';
import type {AuditError, Sink, StateStore} from 'rxaudit';

export const memory: Sink = {
	name: 'memory',
	target: 'this process',
	async open({resume, signal}) {
		signal.throwIfAborted();
		let count = typeof resume === 'number' ? resume : 0;
		return {
			async write(batch) {
				count += batch.events.length;
			},
			flush: async () => count,
			close: async () => {},
		};
	},
};

export function row(stored: NonNullable<Awaited<ReturnType<StateStore['load']>>>): StateStore {
	let {checkpoint, version} = stored;
	return {
		load: async () => ({checkpoint, version}),
		async commit(next, expectedVersion) {
			if (expectedVersion !== version) throw new StateError('STATE_CONFLICT', 'somebody else committed');
			checkpoint = next;
			return ++version;
		},
	};
}

export function exitCode(error: AuditError): number {
	switch (error.code) {
		case 'CONFIG':
			return 2;
		// @ts-expect-error: codes are a closed list
		case 'NO_SUCH_CODE':
			return 3;
		default:
			return error instanceof ConfigError ? 2 : 1;
	}
}

export const mistakes: readonly Sink[] = [
	// @ts-expect-error: a sink without open() is none
	{name: 'half', target: 'nowhere'},
	{
		name: 'unsaveable',
		target: 'nowhere',
		// @ts-expect-error: flush() says what is needed to resume, and that is JSON
		open: async () => ({write: async () => {}, flush: async () => () => 1, close: async () => {}}),
	},
];
