export * from '../../lib/testing/sink-batch.ts';
