import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {appendLog, logLine, logName} from '../support/log-files.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {linesOf} from './holdings.ts';
import {killAgainAndAgain} from './killing.ts';
import {killRunning, startCommand} from './pull.ts';
import {createRandom} from './random.ts';

describe('log files of three nodes, written, rotated and read by a process that is killed', () => {
	const folder = temporaryFolder();
	afterEach(killRunning);

	it('are in the archive once, each line', async () => {
		const random = createRandom('log files');
		const [logs, out, state] = ['logs', 'out.ndjson', 'state'].map(name => path.join(folder(), name)) as [
			string,
			string,
			string,
		];
		let written = 0;
		const nodes = [0, 1, 2].map(at => ({dir: path.join(logs, `n${at}`), file: 0}));
		/** Equal lines are among them; a node begins a new file now and then. */
		const write = (count: number) => {
			for (const node of nodes) {
				const lines = Array.from({length: count}, (_, at) =>
					logLine({number: Math.floor((written + at) / 2), filling: 'x'.repeat(500)}),
				);
				written += count;
				appendLog(node.dir, logName(node.file), ...lines);
				if (random() < 0.4) node.file++;
			}
		};
		write(8000);
		const kills = await killAgainAndAgain({
			start() {
				write(1500);
				const args = ['data-center-log-files', '--path', logs, '--product', 'jira', '--format', 'raw'];
				return startCommand(['pull', ...args, '--state', state, '--to', `ndjson:${out}`]);
			},
			kills: 6,
			seen: () => (fs.existsSync(out) ? fs.statSync(out).size : 0),
			lifeMs: 120,
			random,
		});
		assert.equal(kills, 6);
		const held = linesOf(out).sort();
		const files = nodes.flatMap(({dir}) => fs.readdirSync(dir).map(name => path.join(dir, name)));
		const logged = files.flatMap(linesOf).sort();
		assert.equal(logged.length, written);
		assert.equal(held.length, written);
		assert.ok(
			held.every((line, at) => line === logged[at]),
			'the same lines, as often',
		);
	});
});
