import type {ApiDefinition} from '../emulator/index.ts';
import type {Source} from '../source/define-source.ts';
import {describe} from './runner.ts';
import {describeChanges} from './source-changes.ts';
import {describeFaults} from './source-faults.ts';
import {describeFlow} from './source-flow.ts';
import {describePaging} from './source-paging.ts';
import {describeFacts, describeReading} from './source-reading.ts';
import type {Options, Subject} from './source-under-test.ts';
import {describeWindows} from './source-windows.ts';

const parts: Readonly<Record<string, (subject: Subject) => void>> = {
	'what it says of itself': describeFacts,
	reading: describeReading,
	flow: describeFlow,
	faults: describeFaults,
	paging: describePaging,
	'records that come and go while they are read': describeChanges,
	'windows side by side': describeWindows,
};

/**
 * Declares the tests that every source must pass, with `describe` and `it` of the runner that is at work: it is read over
 * HTTP from the emulator, which serves `api` under its name, with every fault and lie switched on. Give the runner a
 * timeout of a minute.
 */
export function describeSource(source: Source, api: ApiDefinition): void {
	const {name} = source;
	const subject: Subject = {name, source: source as unknown as Source<Options>, api, reading: api.reading ?? {}};
	for (const [what, declare] of Object.entries(parts)) describe(`${name}: ${what}`, () => declare(subject));
}
