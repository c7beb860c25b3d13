import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {runCli} from '../../support/cli.ts';
import {assertRefused, commandLine} from '../../support/command-line.ts';
import {query} from '../../support/duckdb.ts';

describe('sql', () => {
	const {folder, pull, held} = commandLine({events: 60});
	const sql = (...dirs: string[]) => runCli(['sql', ...dirs], {cwd: folder()});

	async function count(script: string, view = 'events'): Promise<number> {
		const [row] = await query(
			`${script}; SELECT count(*)::integer AS n, count(DISTINCT id)::integer AS ids FROM ${view}`,
		);
		assert.equal(row!['n'], row!['ids']);
		return row!['n'] as number;
	}

	async function archive(target: string, ...more: string[]): Promise<void> {
		const {code, stderr} = await pull(['--to', target, '--quiet', ...more]);
		assert.equal(code, 0, stderr);
	}

	it('prints views over archives of lines and of Parquet, whose columns and types are the same', async () => {
		await archive('ndjson:lines/');
		await archive('parquet:columns/');
		const rows: unknown[] = [];
		for (const dir of ['lines', 'columns']) {
			const {code, stdout, stderr} = await sql(dir);
			assert.deepEqual([code, stderr], [0, '']);
			assert.equal(await count(stdout), held().length);
			assert.equal(await count(stdout, 'atlassian_org_events'), held().length);
			const other = dir === 'columns' ? 'EXCLUDE (other)' : '';
			const types = await query(`SELECT column_name, column_type FROM (DESCRIBE SELECT * ${other} FROM events)`);
			rows.push([types, await query(`SELECT * ${other} FROM events ORDER BY id`)]);
		}
		assert.deepEqual(rows[0], rows[1]);
	});

	it('counts several archives together, compressed in any way, with what is pulled behind the script', async () => {
		await archive('ndjson:one/?compression=none', '--until', '2026-01-31T23:40:00Z');
		await archive(
			'parquet:two/',
			'--since',
			'2026-01-31T23:40:00Z',
			'--until',
			'2026-01-31T23:50:00Z',
			'--state',
			'state',
		);
		const {stdout} = await sql('one', 'two');
		const before = await count(stdout);
		assert.ok(before > 0 && before < held().length);
		await archive('parquet:two/', '--until', '2026-02-01', '--state', 'state');
		assert.equal(await count(stdout), held().length);
	});

	it('counts neither manifests nor what else lies there', async () => {
		await archive('ndjson:lines/?layout={year}');
		fs.writeFileSync(path.join(folder(), 'lines', 'dead-letters.ndjson'), '{"id":"x"}\n');
		fs.writeFileSync(path.join(folder(), 'lines', 'notes.ndjson.gz'), 'no gzip');
		assert.equal(await count((await sql('lines')).stdout), held().length);
	});

	for (const name of ["it's", 'a "b"', 'a*b?', '[a]', '[!a]', '{a,b}', 'a\nb', '$HOME; --', 'ä 😀']) {
		it(`finds the files of a folder called ${JSON.stringify(name)}`, async () => {
			const dir = path.join(folder(), name, 'archive');
			fs.mkdirSync(path.dirname(dir));
			await archive('ndjson:lines/');
			await archive('parquet:columns/');
			fs.cpSync(path.join(folder(), 'lines'), dir, {recursive: true});
			assert.equal(await count((await sql(dir)).stdout), held().length);
			fs.rmSync(dir, {recursive: true});
			fs.cpSync(path.join(folder(), 'columns'), dir, {recursive: true});
			assert.equal(await count((await sql(dir)).stdout), held().length);
		});
	}

	it('refuses what is no archive of common records, and says what to do', async () => {
		await archive('ndjson:raw/', '--format', 'raw');
		await archive('ndjson:ecs/?compression=none', '--format', 'ecs');
		await archive('ndjson:lines/');
		fs.mkdirSync(path.join(folder(), 'empty'));
		for (const [dirs, message] of [
			[[], /expected the folders of archives, got none/],
			[['missing'], /missing: expected the folder of an archive: ENOENT/],
			[
				['empty'],
				/empty: expected the folder of an archive, of ndjson:DIR\/ or parquet:DIR\/, with events in it; got none/,
			],
			[['raw'], /expected common records, got others in atlassian-org-events\/.*: write them with --format audit/],
			[['ecs'], /expected common records, got others/],
			[['ndjson:lines/'], /expected a folder, got a target; write lines\//],
			[['lines', './lines/'], /expected folders apart from each other, got it within/],
			[['lines', 'lines/atlassian-org-events'], /lines\/atlassian-org-events: .* got it within .*lines; leave it out/],
			[['a\\b'], /expected a path without \\/],
			[['lines', '--bogus'], /unknown option --bogus/],
		] as [string[], RegExp][]) {
			assertRefused(await sql(...dirs), 2, message);
		}
	});

	it('takes selected members, and has help', async () => {
		await archive('ndjson:some/', '--select', 'id,time,actor.id');
		assert.equal(await count((await sql('some')).stdout), held().length);
		assert.match((await sql('--help')).stdout, /^Usage: rxaudit sql DIR…\n[^]*Examples:\n/);
	});
});
