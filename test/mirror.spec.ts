import assert from 'node:assert/strict';
import {posix} from 'node:path';
import {filesOf, textOf} from './support/tree.ts';

/** Specs that hold for the whole house, not for one room. */
const crossing = /^test\/((docs|layers|mirror)\.spec\.ts$|(conformance|e2e|package|emulator|cli)\/)/;

const files = filesOf('lib', 'sources', 'sinks');
const specs = filesOf('test').filter(file => file.endsWith('.spec.ts'));

function specOf(file: string): string {
	return `test/${file.replace(/^lib\//, '').replace(/\.ts$/, '.spec.ts')}`;
}

/** Each source and each sink has a spec of its own; what they share is tested through them. */
function needsSpec(file: string): boolean {
	return /^(sources|sinks)\/[^_/]+\.ts$/.test(file) && /^export (?!type|interface)/m.test(textOf(file));
}

describe('mirror', () => {
	it('gives each source and each sink its spec, and each room specs', () => {
		const rooms = new Set(specs.map(spec => posix.dirname(spec)));
		assert.deepEqual(
			files.filter(file => needsSpec(file) && !specs.includes(specOf(file))),
			[],
		);
		assert.deepEqual(
			files.filter(file => /^lib\/(?!emulator|cli|testing)/.test(file) && !rooms.has(posix.dirname(specOf(file)))),
			[],
		);
	});

	it('gives each spec a room', () => {
		const rooms = new Set(files.map(file => posix.dirname(specOf(file))));
		assert.deepEqual(
			specs.filter(spec => !crossing.test(spec) && !rooms.has(posix.dirname(spec))),
			[],
		);
	});
});
