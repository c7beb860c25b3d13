/**
 * The pictures of a report in docs/, of an archive of the emulator: its beginning in the light theme, the grants in the dark one.
 *
 *   node --import=tsx bench/screenshots.ts
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {startEmulator} from '../lib/emulator/index.ts';
import {startBrowser} from '../test/support/browser.ts';
import {runCli} from '../test/support/cli.ts';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const maxBytes = 150_000;
const pictures = [
	{name: 'report-light.png', theme: 'light', part: 'h1'},
	{name: 'report-dark.png', theme: 'dark', part: '#changes'},
] as const;

const folder = fs.mkdtempSync(join(tmpdir(), 'rxaudit-screenshots-'));
const emulator = await startEmulator({events: 3000, newestMs: Date.UTC(2026, 8, 30, 17), spacingMs: 20 * 60_000});
const browser = await startBrowser();
try {
	const cwd = {cwd: folder, env: {RXAUDIT_TOKEN: emulator.token}};
	const source = ['pull', 'atlassian-org-events', '--org-id', 'acme', '--endpoint', emulator.url];
	const pulled = await runCli([...source, '--to', 'ndjson:audit.ndjson.gz', '--state', 'audit.state'], cwd);
	assert.equal(pulled.code, 0, pulled.stderr);
	const args = ['report', 'ndjson:audit.ndjson.gz', '--state', 'audit.state', '--top', '-o', 'report.html'];
	const reported = await runCli(args, cwd);
	assert.equal(reported.code, 0, reported.stderr);
	const html = fs.readFileSync(join(folder, 'report.html'), 'utf8').replaceAll(folder, '/backup'); // where it lies is no news
	fs.writeFileSync(join(folder, 'report.html'), html);
	const tab = await browser.newPage();
	await tab.setViewport({width: 1000, height: 900});
	for (const {name, theme, part} of pictures) {
		await tab.emulateMediaFeatures([{name: 'prefers-color-scheme', value: theme}]);
		await tab.goto(pathToFileURL(join(folder, 'report.html')).href);
		await tab.$eval(part, element => element.scrollIntoView());
		const bytes = await tab.screenshot();
		assert.ok(bytes.length < maxBytes, `${name}: ${bytes.length} bytes`);
		fs.writeFileSync(join(docs, name), bytes);
	}
} finally {
	await browser.close();
	await emulator.close();
	fs.rmSync(folder, {recursive: true});
}
