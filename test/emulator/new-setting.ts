import type {EmulatorOptions} from '../../lib/emulator/index.ts';
import {createSetting, type Setting} from '../../lib/emulator/server/setting.ts';

/** What the APIs of an emulator with these options have in common. */
export function newSetting(options: EmulatorOptions = {}): Setting {
	const fixed = {seed: 1, now: () => 0, orgId: 'org', onlyOrgId: undefined, username: 'admin'};
	return createSetting({...fixed, ...options}, () => 'http://127.0.0.1:1');
}
