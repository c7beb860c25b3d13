import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import {runProcess} from '../support/cli.ts';
import {linesOf} from '../support/command-line.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

describe('rxaudit demo', () => {
	const folder = temporaryFolder();
	const inDemo = (name: string) => path.join(folder(), 'rxaudit-demo', name);

	it('backs up, goes on, and can be run again', async () => {
		for (const _ of [1, 2]) {
			const {code, stdout, stderr} = await runProcess(['demo'], {cwd: folder()});
			assert.equal(code, 0, stderr);
			assert.match(stderr, /done: 2000 events[^]*done: 2 events/);
			assert.match(stdout, /\$ rxaudit pull atlassian-org-events --org-id/);
			const lines = linesOf(zlib.gunzipSync(fs.readFileSync(inDemo('events.ndjson.gz'))).toString());
			const files = fs.readdirSync(inDemo('events'), {recursive: true, encoding: 'utf8'});
			assert.equal(lines.length, 2002);
			assert.equal(files.filter(file => file.endsWith('.json')).length, 2002);
		}
	});
});
