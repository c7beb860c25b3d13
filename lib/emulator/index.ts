export {startEmulator} from './emulator.ts';
export type {Emulator, EmulatorOptions, EmulatorSwitches} from './emulator.ts';
export {faultHelp, parseFault} from './parse-fault.ts';
export type {Fault} from './faults.ts';
export type {EventFilter} from './event-filter.ts';
export type {EmulatedEvent, NewEvent} from './org-events.ts';
export type {RateLimitOptions} from './rate-limit.ts';
export type {RequestLogEntry} from './request-log.ts';
