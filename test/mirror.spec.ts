import assert from 'node:assert/strict';
import {posix} from 'node:path';
import {filesOf, textOf} from './support/tree.ts';

/** Specs that hold for the whole house, not for one file. */
const crossing = /^test\/((docs|layers|mirror)\.spec\.ts$|(conformance|e2e|package|emulator|cli)\/)/;

const files = filesOf('lib', 'sources', 'sinks');
const specs = filesOf('test').filter(file => file.endsWith('.spec.ts'));

function specOf(file: string): string {
	return `test/${file.replace(/^lib\//, '').replace(/\.ts$/, '.spec.ts')}`;
}

/**
 * Shared parts are tested through what shares them, an index by the package's specs, types by the compiler, the emulator
 * and the command by what they answer.
 */
function needsSpec(file: string): boolean {
	return !/\/(_|index\.)|^lib\/(emulator|cli)\//.test(file) && /^export (?!type|interface)/m.test(textOf(file));
}

describe('mirror', () => {
	it('gives each file its spec', () => {
		assert.deepEqual(
			files.filter(file => needsSpec(file) && !specs.includes(specOf(file))),
			[],
		);
	});

	it('gives each spec its file, or the shared parts that it is of', () => {
		const mirrored = new Set(files.map(specOf));
		const shared = new Set(files.filter(file => file.includes('/_')).map(file => `test/${posix.dirname(file)}`));
		assert.deepEqual(
			specs.filter(spec => !crossing.test(spec) && !mirrored.has(spec) && !shared.has(posix.dirname(spec))),
			[],
		);
	});
});
