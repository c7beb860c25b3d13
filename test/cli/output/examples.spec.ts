import assert from 'node:assert/strict';
import {
	addressesBelow,
	describeEmulated,
	exampleEnvironment,
	exampleFlags,
	isEmulated,
} from '../../../lib/cli/output/examples.ts';
import {startEmulator} from '../../support/emulator.ts';
import {load} from '../../../lib/registry.ts';
import {apiSources} from '../../support/api-sources.ts';

const sources = apiSources;
const crowd = await load('source', 'crowd-data-center');
const events = await load('source', 'atlassian-org-events');

describe('exampleEnvironment', () => {
	it('sets what the source prefers', () => {
		assert.equal(exampleEnvironment(events, 'api'), 'RXAUDIT_TOKEN=…');
		assert.equal(exampleEnvironment(crowd, 'emulator'), 'RXAUDIT_USERNAME=admin RXAUDIT_PASSWORD=emulator');
	});

	it('names the credentials of the emulator', async () => {
		const emulator = await startEmulator({events: 0});
		await emulator.close();
		const {token, username, password} = emulator;
		assert.equal(exampleEnvironment(events, 'emulator'), `RXAUDIT_TOKEN=${token}`);
		assert.equal(exampleEnvironment(crowd, 'emulator'), `RXAUDIT_USERNAME=${username} RXAUDIT_PASSWORD=${password}`);
	});
});

describe('exampleFlags', () => {
	it('are what is needed, the address with the path of the API', () => {
		assert.equal(exampleFlags(events), ' --org-id ORG');
		assert.equal(exampleFlags(events, 'http://localhost:1'), ' --org-id ORG --endpoint http://localhost:1');
		assert.equal(exampleFlags(crowd), ' --endpoint https://HOST/crowd');
		assert.equal(exampleFlags(crowd, 'http://localhost:1'), ' --endpoint http://localhost:1/crowd');
	});
});

describe('describeEmulated', () => {
	it('gives each API the address that it has, and what lets in', async () => {
		const emulator = await startEmulator({events: 0});
		await emulator.close();
		assert.deepEqual(addressesBelow(emulator.url), emulator.endpoints);
		const lines = describeEmulated(sources, emulator.endpoints).split('\n');
		assert.equal(lines.length, Object.keys(emulator.endpoints).length);
		assert.ok(lines.some(line => /^ {2}crowd-data-center +http:\S+\/crowd +user and password$/.test(line)));
		assert.ok(lines.some(line => /^ {2}jira-cloud +http:\S+ +user and password, or the token$/.test(line)));
	});
});

describe('isEmulated', () => {
	it('says of every API whether there is a stand-in', () => {
		assert.deepEqual(
			sources.filter(source => !isEmulated(source)).map(({name}) => name),
			[],
		);
		assert.equal(isEmulated({name: 'constructor'}), false);
	});
});
