import {loadApis} from '../../lib/emulator/index.ts';
import type {Source} from '../../lib/source/define-source.ts';
import type {Options, Subject} from '../../lib/testing/source-under-test.ts';
import {apiSources} from '../support/api-sources.ts';

const apis = await loadApis();

/** Every source of the registry that reads an API, with the emulated API of its name. */
export const subjects: readonly Subject[] = apiSources.map(given => {
	const source = given as unknown as Source<Options>;
	const {name} = source;
	const api = apis.get(name);
	if (!api) throw new Error(`expected an emulated API for the source ${name}, got none: lib/emulator/apis/${name}.ts`);
	return {name, source, api, reading: api.reading ?? {}};
});

/** Declares the same tests for every source of the registry. */
export function describeEachSource(what: string, declare: (subject: Subject) => void): void {
	describe(`conformance of sources: ${what}`, () => {
		for (const subject of subjects) describe(subject.name, () => declare(subject));
	});
}
