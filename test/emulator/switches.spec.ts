import assert from 'node:assert/strict';
import {emulatorSwitches} from '../../lib/emulator/server/switches.ts';

// that each has a description and changes what is served: test/cli/emulator-switches.spec.ts
describe('emulator/switches', () => {
	it('may all be left out', () => {
		assert.deepEqual(emulatorSwitches.parse({}), {});
	});

	it('are known by name, those of a group too', () => {
		const isRight = (switches: object) => emulatorSwitches.safeParse(switches).success;
		assert.ok(isRight({crowd: {stableSets: true}, dataCenter: {contexts: {jira: ''}}}));
		for (const group of ['bursts', 'churn', 'stream', 'confluenceCloud', 'dataCenter', 'crowd']) {
			assert.ok(isRight({[group]: {}}));
			assert.ok(!isRight({[group]: {other: true}}), group);
		}
		assert.ok(!isRight({other: true}));
		assert.ok(!isRight({dataCenter: {contexts: {crowd: ''}}}));
	});
});
