export {startEmulator} from './server/emulator.ts';
export type {EmulatedEvent, Emulator, EmulatorOptions} from './server/emulator.ts';
export type {EmulatorSwitches} from './server/switches.ts';
export type {ApiDefinition, EmulatedApi, EmulatedRecord, NewRecord, RecordBounds} from './server/api.ts';
export {faultHelp, parseFault, type Fault} from './server/faults.ts';
export type {EventFilter} from './apis/_organization.ts';
export type {RateLimitOptions} from './server/rate-limit.ts';
export type {RequestLogEntry} from './server/request-log.ts';
