import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {Emulator} from '../../../lib/emulator/index.ts';
import {runCli} from '../../support/cli.ts';
import {query, quoted, type Row} from '../../support/duckdb.ts';
import {startEmulator} from '../../support/emulator.ts';
import {textOf} from '../../support/tree.ts';

/** The queries of the page, by their heading. */
const queries = [...textOf('docs/analyse.md').matchAll(/^## (.+)\n[^]*?```sql\n([^]*?)```/gm)].map(
	([, heading, sql]) => ({heading: heading!, sql: sql!}),
);
const kinds = ['ndjson', 'parquet'] as const;

/** In an order that is the same for ties. */
function sorted(rows: readonly Row[]): string[] {
	return rows
		.map(row => JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)))
		.sort();
}

describe('docs/analyse.md', () => {
	let folder: string;
	const scripts = new Map<string, string>();
	let emulator: Emulator;

	before(async () => {
		folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rxaudit-analyse-'));
		emulator = await startEmulator({events: 3000});
		const env = {
			RXAUDIT_TOKEN: emulator.token,
			RXAUDIT_USERNAME: emulator.username,
			RXAUDIT_PASSWORD: emulator.password,
		};
		for (const kind of kinds) {
			const cwd = path.join(folder, kind);
			fs.mkdirSync(cwd);
			const run = async (...args: readonly string[]) => {
				const {code, stdout, stderr} = await runCli(args, {cwd, env});
				assert.equal(code, 0, stderr);
				return stdout;
			};
			const to = ['--endpoint', emulator.url, '--to', `${kind}:archive/`, '--quiet'];
			await run('pull', 'atlassian-org-events', '--org-id', 'ORG', ...to);
			await run('pull', 'jira-cloud', '--until', '2026-01-31T20:00:00Z', ...to);
			scripts.set(kind, await run('sql', 'archive'));
		}
	});
	after(async () => {
		fs.rmSync(folder, {recursive: true});
		await emulator.close();
	});

	it('has queries', () => assert.equal(queries.length, 6));

	for (const {heading, sql} of queries) {
		it(`answers: ${heading}`, async () => {
			const answers: string[][] = [];
			const exported: string[] = [];
			for (const kind of kinds) {
				const file = path.join(folder, `${kind}.csv`);
				await query(scripts.get(kind)!);
				answers.push(sorted(await query(sql.replace("'audit.csv'", quoted(file)))));
				if (fs.existsSync(file)) exported.push(fs.readFileSync(file, 'utf8'));
			}
			const [lines, parquet] = answers;
			assert.ok(lines!.length > 0);
			assert.deepEqual(lines, parquet);
			if (!sql.includes('COPY')) return;
			assert.ok(
				exported[0]!.includes('2026-01-31T23:59:59.987Z,atlassian-org-events,ORG,'),
				exported[0]!.slice(0, 1000),
			);
			assert.equal(exported[0], exported[1]);
		});
	}
});
