/** For tests of sources that are made elsewhere: what every source must pass, and the emulator that they run against. */
export {describeSource} from './describe-source.ts';
export * from '../emulator/index.ts';
export {memorySink} from './memory-sink.ts';
export type {MemorySink, MemorySinkOptions, Step} from './memory-sink.ts';
export {memoryStore} from './memory-store.ts';
export type {MemoryStore} from './memory-store.ts';
