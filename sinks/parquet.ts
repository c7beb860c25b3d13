import {z} from 'zod';
import {ConfigError} from '../lib/model/errors.ts';
import {defineSink} from '../lib/sink/define-sink.ts';
import {appendOptions} from './_files/append-file.ts';
import {retryOptions} from './_files/file-errors.ts';
import {folderTarget} from './_files/file-target.ts';
import {archiveOptions} from './_objects/archive-options.ts';
import {folderArchive, readFolderArchive, verifyFolderArchive} from './_objects/folder-archive.ts';
import {parquetFacts, parquetFormat} from './_parquet/format.ts';

/**
 * Parquet files in a folder, by source and day, with a manifest that `verify` checks: columns of the common record, nested
 * as it is, times in UTC, `raw` as the text that came.
 *
 * A Parquet file cannot be appended to, so a commit comes when files are full. Needs `npm install hyparquet-writer`.
 */
export default defineSink({
	name: 'parquet',
	docs:
		'Parquet files of common records in a folder, parquet:DIR/, by source and day, that never change again: nested ' +
		'columns, times in UTC, raw as text. What has no column, as a member of your own, is JSON in the column other. ' +
		'Needs npm install hyparquet-writer.',
	target: 'path',
	options: z.object({
		path: z
			.string()
			.min(1)
			.meta({file: true})
			.describe('the folder, with a / at its end: new files with each commit, and a manifest of what is in them'),
		mode: z
			.enum(['append'])
			.optional()
			.describe(
				'what to do with a folder that has content but no state: append goes on behind its last entry; ' +
					'with a state it means nothing',
			),
		durability: appendOptions.durability,
		...archiveOptions,
		...retryOptions,
	}),
	create({path: given, ...options}) {
		const path = folderTarget('parquet', given);
		if (!given.endsWith('/')) {
			throw new ConfigError(`parquet: ${given}: expected a folder, got no / at its end; write parquet:${given}/`);
		}
		const archive = folderArchive(
			'parquet',
			{path, ...options, mode: options.mode, manifest: true},
			parquetFormat('parquet'),
		);
		return {...archive, ...parquetFacts};
	},
	verify: async ({path}, how) => verifyFolderArchive('parquet', path, how),
	read: ({path}, how) => readFolderArchive('parquet', path, how),
});
