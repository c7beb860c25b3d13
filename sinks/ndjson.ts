import {z} from 'zod';
import {defineSink} from '../lib/sink/define-sink.ts';
import {ConfigError} from '../lib/model/errors.ts';
import {appendOptions, commitSizeOf, openAppendFile} from './_files/append-file.ts';
import {readFile} from './_files/read-file.ts';
import {archiveOptionNames, archiveOptions} from './_objects/archive-options.ts';
import {fileTarget, folderTarget} from './_files/file-target.ts';
import {folderArchive, readFolderArchive, verifyFolderArchive} from './_objects/folder-archive.ts';
import {openStdout} from './_files/stdout.ts';
import {verifyFile} from './_files/verify-file.ts';

/**
 * One event per line, in a file, in the files of a folder, or on standard output.
 *
 * Files are exact: a run with the same state goes on behind the last committed line. A pipe is not: what its reader
 * had buffered when the process was killed comes again, so prefer a file.
 */
export default defineSink({
	name: 'ndjson',
	docs:
		'One event per line: a file (gzip when its name ends in .gz), DIR/ for files by source and day that never change ' +
		'again, or - for standard output. ' +
		'Files go on exactly where the state says; a pipe may see the last uncommitted pages twice.',
	target: 'path',
	options: z.object({
		path: z
			.string()
			.min(1)
			.meta({file: true})
			.describe(
				'the file, or - for standard output; one whose name ends in .gz is compressed; with a / at its end, a ' +
					'folder: new files with each commit, and _rxaudit.manifest/, which says what is in them',
			),
		...appendOptions,
		...archiveOptions,
	}),
	create({path: given, ...options}) {
		if (given.endsWith('/')) {
			return folderArchive('ndjson', {path: `${folderTarget('ndjson', given)}/`, ...options, mode: options.mode});
		}
		const path = fileTarget('ndjson', given, ['.ndjson', '.jsonl', '.json']);
		const misplaced = archiveOptionNames.find(name => options[name] !== undefined);
		if (misplaced !== undefined) throw new ConfigError(`ndjson: ${misplaced} is for folders: write ndjson:DIR/`);
		if (path === '-') {
			return {
				target: '-',
				exclusive: true,
				open: async context => openStdout({sink: 'ndjson', ...options, context}),
			};
		}
		return {
			target: path,
			exclusive: true,
			...commitSizeOf(path),
			async open(context) {
				const file = await openAppendFile({sink: 'ndjson', path, ...options, mode: options.mode, context});
				const {flush, committed, close} = file;
				return {write: batch => file.write(batch.lines, batch), flush, committed, close};
			},
		};
	},
	verify: async ({path}, how) =>
		path.endsWith('/') ? verifyFolderArchive('ndjson', path, how) : verifyFile('ndjson', path, how),
	read: ({path}, how) => (path.endsWith('/') ? readFolderArchive('ndjson', path, how) : readFile('ndjson', path, how)),
});
