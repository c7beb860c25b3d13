import assert from 'node:assert/strict';
import {list, load} from '../../lib/registry.ts';
import type {Source} from '../../lib/source/define-source.ts';
import {sourceTable} from './source-table.ts';
import type {Options, Subject} from './source-under-test.ts';

export const subjects: readonly Subject[] = await Promise.all(
	list('source').map(async name => {
		const source = (await load('source', name)) as unknown as Source<Options>;
		// without an entry it has one test that fails, see sources.spec.ts
		return {name, source, entry: sourceTable[name]!};
	}),
);

/** Declares the same tests for every source of the registry. */
export function describeEachSource(what: string, declare: (subject: Subject) => void): void {
	describe(`conformance of sources: ${what}`, () => {
		for (const subject of subjects) {
			describe(subject.name, () => {
				if (Object.hasOwn(sourceTable, subject.name)) declare(subject);
				else it('has an entry in test/conformance/source-table.ts', () => assert.fail('it has none'));
			});
		}
	});
}
