import assert from 'node:assert/strict';
import path from 'node:path';
import {startEmulator} from '../support/emulator.ts';
import type {FsFault} from '../support/intercept-fs.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {compare, exact, filesBelow, leftovers, linesOf} from './holdings.ts';
import {pull, token} from './pull.ts';

const pageSize = 2;
/** Two commits of 64 pages and some. */
const events = 300;
const state = 'pull.state';
const forEver = 1_000_000;

interface Case {
	readonly sink: string;
	readonly fault: FsFault;
	/** Default 1. */
	readonly code?: number;
}

const file = 'ndjson:lines.ndjson';
const files = 'filesystem:events';
const durableFiles = 'filesystem:events?durability=power';

const cases: Case[] = [
	// What an administrator can mend in the meantime is tried again, then given up.
	{sink: file, fault: {call: 'writeSync', path: 'lines', at: 70, code: 'ENOSPC'}, code: 0},
	{sink: file, fault: {call: 'writeSync', path: 'lines', at: 70, code: 'ENOSPC', times: forEver}},
	{sink: file, fault: {call: 'writeSync', path: 'lines', at: 70, code: 'ENOSPC', times: forEver, when: 'partial'}},
	{sink: file, fault: {call: 'writeSync', path: 'lines', at: 70, code: 'EIO'}},
	{sink: file, fault: {call: 'openSync', path: 'lines', code: 'EACCES'}, code: 2},
	{sink: file, fault: {call: 'openSync', path: 'lines', code: 'EMFILE'}},
	// An fsync that failed may have dropped the bytes; the next one would not say so.
	{sink: file, fault: {call: 'fdatasync', path: 'lines', at: 3, code: 'ENOSPC'}},
	{sink: files, fault: {call: 'openSync', path: '.rxaudit-', at: 140, code: 'EMFILE'}, code: 0},
	{sink: files, fault: {call: 'openSync', path: '.rxaudit-', at: 140, code: 'EMFILE', times: forEver}},
	{sink: files, fault: {call: 'openSync', path: '.rxaudit-', at: 140, code: 'EACCES'}},
	{
		sink: files,
		fault: {call: 'writeSync', path: '.rxaudit-', at: 140, code: 'ENOSPC', times: forEver, when: 'partial'},
	},
	{sink: files, fault: {call: 'mkdirSync', path: 'events/2026', at: 1, code: 'ENOSPC', times: forEver}},
	{sink: durableFiles, fault: {call: 'fdatasync', path: '.rxaudit-', at: 70, code: 'EIO'}},
	{sink: durableFiles, fault: {call: 'linkSync', path: '.rxaudit-', at: 70, code: 'EACCES'}},
	{sink: file, fault: {call: 'openSync', path: `${state}.lock`, code: 'EACCES'}, code: 2},
	{sink: file, fault: {call: 'linkSync', path: '.lock', code: 'ENOSPC'}},
	// The lock first, then one file a state.
	{sink: file, fault: {call: 'writeSync', path: `${state}.`, at: 2, code: 'ENOSPC'}},
	{sink: file, fault: {call: 'writeSync', path: `${state}.`, at: 4, code: 'ENOSPC', when: 'partial'}},
	{sink: file, fault: {call: 'renameSync', path: state, at: 2, code: 'EACCES'}},
	{sink: file, fault: {call: 'openSync', path: `${state}.seen`, at: 2, code: 'EMFILE'}},
	{sink: file, fault: {call: 'writeSync', path: `${state}.seen`, at: 1, code: 'ENOSPC', when: 'partial'}},
];

describe('faults of the disk', () => {
	const folder = temporaryFolder();

	it('lose nothing: the next run is exact', async function () {
		this.timeout(300_000);
		const wrong: string[] = [];
		for (const [index, {sink, fault, code = 1}] of cases.entries()) {
			const problem = await inflict(sink, fault, code, path.join(folder(), `${index}`));
			if (problem !== undefined) wrong.push(`${sink} ${JSON.stringify(fault)}: ${problem}`);
		}
		assert.deepEqual(wrong, []);
	});
});

/** What is wrong with a run that meets the fault and one after it. */
async function inflict(sink: string, fault: FsFault, expected: number, folder: string): Promise<string | undefined> {
	const emulator = await startEmulator({events, token});
	try {
		const [, name, query = ''] = /:([^?]*)(\?.*)?/.exec(sink) as unknown as [string, string, string?];
		const target = path.join(folder, name);
		const kind = sink.slice(0, sink.indexOf(':'));
		const waits = query === '' ? '?retry-base-ms=1' : `${query}&retry-base-ms=1`;
		const to = ['--to', `${kind}:${target}${waits}`, '--state', path.join(folder, 'state-folder', state)];
		const args = [...to, '--page-size', `${pageSize}`];
		const texts = () => (kind === 'ndjson' ? linesOf(target) : filesBelow(target));

		const hurt = await pull(emulator, args, {fault});
		if (hurt.code !== expected) return `exit code ${hurt.code}, expected ${expected}: ${hurt.stderr}`;
		if (expected !== 0 && !hurt.stderr.includes(fault.code)) return `does not say why: ${hurt.stderr}`;
		if (leftovers(folder).length > 0) return `left behind: ${leftovers(folder).join(', ')}`;

		const {code, stderr} = await pull(emulator, args);
		if (code !== 0) return `the next run: exit code ${code}: ${stderr}`;
		const difference = compare(texts(), emulator);
		if (JSON.stringify(difference) !== JSON.stringify(exact)) return `then ${JSON.stringify(difference)}`;
		return undefined;
	} finally {
		await emulator.close();
	}
}
