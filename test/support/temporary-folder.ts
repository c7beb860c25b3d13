export * from '../../lib/testing/temporary-folder.ts';
