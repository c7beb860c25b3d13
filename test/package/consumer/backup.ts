// A project that has installed the package: compiled and run by consumer.spec.ts.
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {fileState, normalize, run} from 'rxaudit';
import type {AuditEvent} from 'rxaudit';
import {startEmulator} from 'rxaudit/emulator';
import filesystem from 'rxaudit/sinks/filesystem';
import ndjson from 'rxaudit/sinks/ndjson';
import orgEvents from 'rxaudit/sources/atlassian-org-events';

const emulator = await startEmulator({events: 120});
try {
	const {url: endpoint, orgId, token} = emulator;
	await run(
		orgEvents({endpoint, orgId, token, since: '2000-01-01'}).pipe(normalize()),
		[ndjson({path: 'events.ndjson'}), filesystem({dir: 'backup'})],
		{state: fileState('backup.state.json')},
	);
	const lines = readFileSync('events.ndjson', 'utf8').trimEnd().split('\n');
	const events = lines.map(line => JSON.parse(line) as AuditEvent);
	const files = readdirSync('backup', {recursive: true, encoding: 'utf8'}).filter(name => name.endsWith('.json'));
	const held = [...emulator.events()].map(({id}) => id);
	assert.deepEqual(events.map(({id}) => id).sort(), held.sort());
	console.log(JSON.stringify({held: held.length, lines: lines.length, files: files.length}));
} finally {
	await emulator.close();
}
