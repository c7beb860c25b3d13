import type {Api, ApiName, EmulatedApi} from '../server/api.ts';
import {withChurn} from '../server/churn.ts';
import {confluenceCloud} from './confluence-cloud-routes.ts';
import {crowd} from './crowd-routes.ts';
import {dataCenter} from './data-center-routes.ts';
import {jiraCloud} from './jira-cloud-routes.ts';
import type {NewEvent, OrgEvents} from './org-events.ts';
import {organization} from './organization.ts';
import {createSetting, type Part, type SettingOptions} from '../server/setting.ts';

/** All APIs, what they hold, and what only an organization's events can do. */
export interface Apis {
	readonly all: readonly Api[];
	held(name: ApiName): EmulatedApi;
	readonly events: OrgEvents['list'];
	insert(events: readonly NewEvent[]): string[];
	renameActor(from: string, to: string): void;
}

/** The APIs of one emulator. `url` is what links begin with by default, known once the server listens. */
export function createApis(options: SettingOptions, url: () => string): Apis {
	const {switches = {}} = options;
	const setting = createSetting(options, url);
	const org = organization(setting);
	const parts: Readonly<Record<ApiName, Part>> = {
		...org.parts,
		'confluence-cloud': confluenceCloud(setting, switches.confluenceCloud),
		'jira-cloud': jiraCloud(setting),
		'crowd-data-center': crowd(setting, switches.crowd),
		'jira-data-center': dataCenter(setting, 'jira-data-center', 'jira', switches.dataCenter),
		'confluence-data-center': dataCenter(setting, 'confluence-data-center', 'confluence', switches.dataCenter),
		'bitbucket-data-center': dataCenter(setting, 'bitbucket-data-center', 'bitbucket', switches.dataCenter),
	};
	const {churn} = switches;
	const apis = Object.values(parts).map(({api, held}) => (churn ? withChurn(api, held, churn) : api));
	return {
		all: [...apis, org.profiles],
		held: name => parts[name].held,
		events: org.events.list,
		insert: events => org.stream.add(events).map(org.events.idOf),
		renameActor(from, to) {
			org.events.renameActor(from, to);
			setting.rename(from, to);
		},
	};
}
