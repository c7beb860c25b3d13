import {adminError, statusError} from '../server/answer.ts';
import type {Api, EmulatedApi} from '../server/api.ts';
import {createByteWriter} from '../data/byte-writer.ts';
import {createOrgEvents, type OrgEvents} from './org-events.ts';
import {orgRoutes} from './org-routes.ts';
import {createOrgStream, type OrgStream, type Processed} from './org-stream.ts';
import {orgStreamRoutes} from './org-stream-routes.ts';
import {createOrgUsers} from './org-users.ts';
import {orgUsersRoutes} from './org-users-routes.ts';
import type {Route} from '../server/route.ts';
import type {Part, Setting} from '../server/setting.ts';
import {profileError, userProfileRoutes} from './user-profile-routes.ts';

export interface Organization {
	readonly events: OrgEvents;
	readonly stream: OrgStream;
	readonly parts: Readonly<
		Record<'atlassian-org-events' | 'atlassian-org-events-stream' | 'atlassian-org-users', Part>
	>;
	/** The user management API, which holds what the users' API lists. */
	readonly profiles: Api;
}

/** The APIs of an organization: its events in two orders, and its users. All take an API key only. */
export function organization(setting: Setting): Organization {
	const {seed, options, errorBody, prettyPrint} = setting;
	const {switches = {}} = options;
	const timeline = setting.timelineOf('atlassian-org-events', seed);
	const {missing = 'mixed', oddRecords: odd = false, hiddenFractions = false, hostileIds = false} = switches;
	const events = createOrgEvents({
		timeline,
		records: {seed, orgId: options.orgId, prettyPrint, missing, odd},
		hiddenFractions,
		hostileIds,
	});
	const stream = createOrgStream(events, seed);
	const users = createOrgUsers({
		users: setting.countOf('atlassian-org-users'),
		seed,
		newestMs: timeline.newestMs,
		nameOf: setting.nameOf,
	});

	const {cursorTtlMs, cursorTtlRequests} = switches;
	const shared = {...setting, cursorTtlMs, cursorTtlRequests, linkBase: () => `${setting.linkBase()}/admin`};
	const errorOf = (status: number) => statusError(status, errorBody);
	const inOrg = (route: Route): Route => ({
		...route,
		answer(request) {
			const foreign = options.onlyOrgId !== undefined && request.parameters[0] !== options.onlyOrgId;
			return foreign ? adminError('ADMIN-404-2', errorBody) : route.answer(request);
		},
	});
	const part = (routes: readonly Route[], held: EmulatedApi): Part => ({
		api: {routes: routes.map(inOrg), auth: ['bearer'], errorOf},
		held,
	});
	const streamRoutes = orgStreamRoutes({...shared, switches: switches.stream ?? {}}, events, stream);
	return {
		events,
		stream,
		parts: {
			'atlassian-org-events': part(
				orgRoutes({...shared, end: setting.end ?? 'null'}, events),
				heldEvents(events, stream),
			),
			'atlassian-org-events-stream': part(streamRoutes, heldStream(events, stream)),
			'atlassian-org-users': part(orgUsersRoutes(shared, users), users),
		},
		profiles: {
			routes: userProfileRoutes(users),
			auth: ['bearer'],
			errorOf: status => (status === 401 ? errorOf(401) : profileError(status, `status${status}`)),
		},
	};
}

function heldEvents(events: OrgEvents, stream: OrgStream): EmulatedApi {
	const writer = createByteWriter();
	return {
		records: events.list,
		insert: records =>
			stream.add(records).map(position => {
				events.write(writer, position);
				return {id: events.idOf(position), timeMs: position.timeMs, text: writer.take().toString()};
			}),
		remove(isGone) {
			const places = Array.from(events.rows({}));
			const records = Array.from(events.list());
			const gone = records.flatMap((record, index) => (isGone(record, index) ? [index] : []));
			for (const index of gone) stream.remove(places[index]!);
			return gone.map(index => records[index]!);
		},
	};
}

function heldStream(events: OrgEvents, stream: OrgStream): EmulatedApi {
	const writer = createByteWriter();
	const view = (event: Processed) => ({
		id: events.idOf(event),
		timeMs: event.timeMs,
		processedMs: event.processedMs,
		get text() {
			events.write(writer, event, event.processedMs);
			return writer.take().toString();
		},
	});
	return {
		*records({from = -Infinity, to = Infinity} = {}) {
			for (const event of stream.all().toReversed()) {
				if (event.processedMs >= from && event.processedMs <= to) yield view(event);
			}
		},
		insert: records => stream.add(records).map(view),
		remove(isGone) {
			const gone = stream
				.all()
				.toReversed()
				.filter((event, index) => isGone(view(event), index));
			for (const event of gone) stream.remove(event);
			return gone.map(view);
		},
	};
}
