export {startEmulator} from './server/emulator.ts';
export type {EmulatedEvent, Emulator, EmulatorOptions} from './server/emulator.ts';
export type {EmulatorSwitches} from './server/switches.ts';
export {loadApis} from './server/load-apis.ts';
export type {
	Api,
	ApiDefinition,
	ApiRequest,
	EmulatedApi,
	EmulatedRecord,
	NewRecord,
	Reading,
	RecordBounds,
	Route,
} from './server/api.ts';
// what the API of a source from elsewhere is made with
export {type Answer, jsonAnswer} from './server/answer.ts';
export {type Cursors, createCursors, linkOrigin} from './server/cursors.ts';
export type {Setting} from './server/setting.ts';
export {wholeNumber} from './server/setting.ts';
export {type Hole, hole} from './data/json.ts';
export {fillWith, type Place, type RecordLog, type Row} from './data/record-log.ts';
export {faultHelp, parseFault, type Fault} from './server/faults.ts';
export type {EventFilter} from './apis/_organization.ts';
export type {RateLimitOptions} from './server/rate-limit.ts';
export type {RequestLogEntry} from './server/request-log.ts';
