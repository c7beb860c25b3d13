export * from '../../lib/testing/memory-store.ts';
