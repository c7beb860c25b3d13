/** For tests of sources and sinks that are made elsewhere: what each must pass, and the emulator. */
export {describeSink} from './describe-sink.ts';
export type {SinkTarget} from './describe-sink.ts';
export {describeSource} from './describe-source.ts';
export * from '../emulator/index.ts';
export {memorySink} from './memory-sink.ts';
export type {MemorySink, MemorySinkOptions, Step} from './memory-sink.ts';
export {memoryStore} from './memory-store.ts';
export type {MemoryStore} from './memory-store.ts';
