import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {parse} from 'yaml';
import {z} from 'zod';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {runCli} from '../../support/cli.ts';
import {linesOf} from '../../support/command-line.ts';
import {startEmulator} from '../../support/emulator.ts';
import {scriptedServers} from '../../support/scripted-server.ts';
import {pem} from '../../support/tls-server.ts';
import {root} from '../../support/tree.ts';

const example = fs.readFileSync(new URL('examples/company/rxaudit.yaml', root), 'utf8');
const schema = JSON.parse(fs.readFileSync(new URL('docs/rxaudit.schema.json', root), 'utf8')) as Parameters<
	typeof z.fromJSONSchema
>[0];

describe('the example of a company', () => {
	const folder = temporaryFolder();
	const serve = scriptedServers();

	it('writes all five logs into one archive, and is what the JSON Schema says', async () => {
		const [emulator, other] = await Promise.all([startEmulator({events: 40}), startEmulator({events: 30, seed: 2})]);
		const splunk = await serve(response => response.end('{"text":"Success","code":0}'));
		const pings = await serve(response => response.end());
		try {
			assert.ok(z.fromJSONSchema(schema).safeParse(parse(example)).success);
			const addresses = {
				'https://example-europe.atlassian.net': emulator.endpoints['confluence-cloud']!,
				'https://example-asia.atlassian.net': other.endpoints['confluence-cloud']!,
				'https://jira.example.com/jira': emulator.endpoints['jira-data-center']!,
				'https://crowd.example.com/crowd': emulator.endpoints['crowd-data-center']!,
				'https://splunk.example.com:8088': splunk.origin,
				'orgId:': `endpoint: ${emulator.url}\n      orgId:`,
				'username: audit\n': 'username: admin\n',
				'username: audit@example.com': 'username: admin',
			};
			let text = example;
			for (const [from, to] of Object.entries(addresses)) {
				assert.ok(text.includes(from), from);
				text = text.replaceAll(from, to);
			}
			const at = (name: string) => path.join(folder(), name);
			fs.writeFileSync(at('rxaudit.yaml'), text);
			for (const name of ['organization', 'jira', 'crowd']) put(at(`secrets/${name}`), 'emulator\n');
			put(at('secrets/pseudonyms'), '0123456789abcdef');
			put(at('certificates/example.pem'), fs.readFileSync(pem('authority'), 'utf8'));
			const env = {SITE_TOKEN: 'emulator', SPLUNK_TOKEN: 'x', PING_ORGANIZATION: `${pings.origin}/x`};
			const here = {cwd: folder(), env};
			const {code, stderr} = await runCli(['run', 'rxaudit.yaml', '--once'], here);
			assert.equal(code, 0, stderr);
			const {code: verified, stdout} = await runCli(['verify', 'ndjson:archive/'], here);
			assert.equal(verified, 0, stdout);
			const written = [...stdout.matchAll(/^ {2}written {2}(\d+) events of ([\w-]+)/gm)].map(
				([, count, of]) => `${of} ${count}`,
			);
			assert.deepEqual(written.sort(), [
				'atlassian-org-events-stream 40',
				'confluence-cloud 30',
				'confluence-cloud 40',
				'crowd-data-center 40',
				'jira-data-center 40',
			]);
			assert.ok(splunk.requests.length > 0);
			assert.deepEqual(
				pings.requests.map(({url}) => url),
				['/x/start', '/x'],
			);
			const states = await runCli(['status', 'rxaudit.yaml', '--json'], here);
			assert.deepEqual([states.code, linesOf(states.stdout).length], [0, 5]);
		} finally {
			await Promise.all([emulator.close(), other.close()]);
		}
	});
});

describe('rxaudit.schema.json', () => {
	const isRight = (value: object) => z.fromJSONSchema(schema).safeParse(value).success;
	const source = {name: 'jira-cloud', endpoint: 'https://x.test', username: 'u', password: {env: 'P'}};

	it('takes what the command takes, and what defaults complete', () => {
		assert.ok(isRight({pipelines: {a: {source, to: 'ndjson:x'}}}));
		assert.ok(isRight({pipelines: {a: {source, to: ['ndjson:x', {name: 'csv', path: 'x', bom: true}]}}}));
		assert.ok(isRight({pipelines: {a: {source: {name: './own.mjs', what: 5}, to: 'ndjson:x'}}}));
		assert.ok(isRight({defaults: {source}, pipelines: {a: {source: {endpoint: 'https://y.test'}}}}));
	});

	for (const name of ['_', '__proto__', '-a', '../a', 'a b', 'a/b', 'a\nb', '', 'a'.repeat(101)]) {
		it(`refuses a pipeline called ${JSON.stringify(name)}`, () => {
			const {properties} = schema as {properties: {pipelines: {propertyNames: {pattern: string}}}};
			assert.doesNotMatch(name, new RegExp(properties.pipelines.propertyNames.pattern, 'u'));
		});
	}

	for (const [what, pipeline] of [
		['an unknown member', {source, too: 5}],
		['an unknown option of a source', {source: {...source, sinc: '1d'}}],
		['an unknown option of a sink', {source, to: {name: 'csv', path: 'x', delimter: ';'}}],
		['a secret as such', {source: {...source, password: 'S3CR3T'}}],
		['an address to ping as such', {source, ping: 'https://hc.test/x'}],
		['a number for a span', {source, every: 5}],
	] as const) {
		it(`refuses ${what}`, () => assert.equal(isRight({pipelines: {a: pipeline}}), false));
	}
});

function put(file: string, text: string): void {
	fs.mkdirSync(path.dirname(file), {recursive: true});
	fs.writeFileSync(file, text);
}
