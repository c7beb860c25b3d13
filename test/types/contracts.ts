// A host's own parts: what it takes to write a sink or a state store. Compiled as pipeline.ts is; never run.
import {ConfigError, defineSink, StateError} from 'rxaudit';
import type {AuditError, Sink, StateStore} from 'rxaudit';
import {by, constant, each, first, type Mapping} from 'rxaudit/plugin';
import {z} from 'zod';

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

export const nowhere = defineSink({
	name: 'nowhere',
	docs: 'Drops everything.',
	target: 'label',
	options: z.object({label: z.string().describe('what to call it'), strict: z.boolean().default(false)}),
	create: ({label, strict}) => ({...memory, target: strict ? label : label.trim()}),
});

export const defined: Sink = nowhere({label: 'here'});

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
	// @ts-expect-error: the label has no default
	nowhere({strict: true}),
	// @ts-expect-error: a target is one of the options
	defineSink({name: 'odd', docs: '', target: 'path', options: z.object({}), create: () => memory})({}),
	// @ts-expect-error: a sink without open() is none
	{name: 'half', target: 'nowhere'},
	{
		name: 'unsaveable',
		target: 'nowhere',
		// @ts-expect-error: flush() says what is needed to resume, and that is JSON
		open: async () => ({write: async () => {}, flush: async () => () => 1, close: async () => {}}),
	},
];

export const mapping: Mapping = {
	action: first('key', 'text'),
	'actor.onBehalfOf.id': by('$1 of $2', ['a', 'list[]'], (text, list) => text?.concat(String(list.length))),
	targets: [
		{type: constant('user'), id: 'id'},
		each('list', [{id: 'a'}, {name: 'b'}], {leads: 'c', else: {email: 'd'}}),
	],
};

export const mismapped: readonly Mapping[] = [
	// @ts-expect-error: no such member
	{'actor.nmae': 'name'},
	// @ts-expect-error: a list has items
	{changes: 'list'},
	// @ts-expect-error: an item of another list
	{targets: {field: 'key'}},
	// @ts-expect-error: each item of another list
	{targets: each('list', {type: 'type', field: 'key'})},
	// @ts-expect-error: a function gives a text
	{action: by('$1', ['a'], text => text?.length)},
];
