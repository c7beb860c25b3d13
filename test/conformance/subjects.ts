import {loadApis} from '../../lib/emulator/index.ts';
import {list, load} from '../../lib/registry.ts';
import type {Source} from '../../lib/source/define-source.ts';
import type {Options, Subject} from '../../lib/testing/source-under-test.ts';

const apis = await loadApis();

/** Every source of the registry, with the emulated API of its name. */
export const subjects: readonly Subject[] = await Promise.all(
	list('source').map(async name => {
		const source = (await load('source', name)) as unknown as Source<Options>;
		const api = apis.get(name);
		if (!api)
			throw new Error(`expected an emulated API for the source ${name}, got none: lib/emulator/apis/${name}.ts`);
		return {name, source, api, reading: api.reading ?? {}};
	}),
);

/** Declares the same tests for every source of the registry. */
export function describeEachSource(what: string, declare: (subject: Subject) => void): void {
	describe(`conformance of sources: ${what}`, () => {
		for (const subject of subjects) describe(subject.name, () => declare(subject));
	});
}
