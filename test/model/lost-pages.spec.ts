import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import path from 'node:path';
import type {AuditError} from '../../lib/model/errors.ts';
import {huntForgotten, reportIdle, unsettledPages, watchPage} from '../../lib/model/lost-pages.ts';
import {deferred} from '../support/deferred.ts';

/** What a hunt asks for: the first comes after half a second. */
function watch(settle: () => void): {
	forgotten: Promise<AuditError>;
	errors: AuditError[];
	watched: {settled: boolean};
} {
	const {promise, resolve} = deferred<AuditError>();
	const errors: AuditError[] = [];
	const watched = watchPage(settle, 7, error => {
		errors.push(error);
		resolve(error);
	});
	return {forgotten: promise, errors, watched};
}

function endOf(scenario: string): Promise<{code: unknown; stdout: string; stderr: string}> {
	const script = path.join(import.meta.dirname, '../support/hoarder-child.ts');
	return new Promise(resolve => {
		execFile(process.execPath, ['--import', 'tsx', script, scenario], (error, stdout, stderr) => {
			resolve({code: error?.code ?? 0, stdout, stderr});
		});
	});
}

describe('unsettledPages', () => {
	it('says what happened and what an operator must do', () => {
		const {code, message} = unsettledPages('page 3 was dropped');
		assert.equal(code, 'E_UNSETTLED_PAGES');
		assert.match(message, /page 3 was dropped; an operator must pass on every page, even an empty one, or settle it/);
	});
});

describe('watchPage', () => {
	it('reports a page that nobody holds any more; not one that is held, nor one that was settled', async () => {
		const held = () => {};
		const kept = watch(held);
		const settled = watch(() => {});
		settled.watched.settled = true;
		const dropped = watch(() => {});
		const hunt = huntForgotten();
		try {
			assert.match((await dropped.forgotten).message, /page 7 was dropped/);
		} finally {
			hunt.stop();
		}
		await new Promise(resolve => setImmediate(resolve));
		assert.deepEqual([kept.errors, settled.errors], [[], []]);
		held();
	});
});

describe('a process in which a page is hoarded', () => {
	for (const scenario of ['builder', 'plain', 'never']) {
		it(`ends with the error, never silently with 0 (${scenario})`, async () => {
			const {code, stdout, stderr} = await endOf(scenario);
			assert.equal(code, 1, stderr);
			assert.equal(stdout, 'closed\n');
			assert.match(stderr, /E_UNSETTLED_PAGES/);
		});
	}

	for (const scenario of ['stream', 'iterator', 'web']) {
		it(`ends with 1 where it is left half-read (${scenario})`, async () => {
			assert.equal((await endOf(scenario)).code, 1);
		});
	}

	it('is not one in which an operator is slow', async () => {
		const {code, stdout, stderr} = await endOf('slow');
		assert.deepEqual([code, stdout], [0, 'closed\n9 events\n'], stderr);
	});
});

describe('reportIdle', () => {
	const listeners = () => process.listeners('beforeExit');

	it('calls back when the process would end, and does not before', () => {
		const before = listeners();
		let calls = 0;
		const idle = reportIdle(() => calls++);
		const [added] = listeners().filter(listener => !before.includes(listener));
		assert.equal(calls, 0);
		added!(0);
		assert.deepEqual([calls, process.exitCode], [1, 1]);
		process.exitCode = undefined;
		idle.stop();
		assert.deepEqual(listeners(), before);
	});

	it('can be stopped twice, and one does not stop another', () => {
		const before = listeners();
		const first = reportIdle(() => {});
		const second = reportIdle(() => {});
		first.stop();
		first.stop();
		assert.equal(listeners().length, before.length + 1);
		second.stop();
		assert.deepEqual(listeners(), before);
	});
});
