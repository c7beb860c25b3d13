export * from '../../lib/testing/memory-sink.ts';
