import {z} from 'zod';
import {defineSink} from '../lib/sink/define-sink.ts';
import {ConfigError} from '../lib/model/errors.ts';
import {manifestOption, openAppendFile} from './_files/append-file.ts';
import {archiveOptionNames, archiveOptions} from './_objects/archive-options.ts';
import {retryOptions} from './_files/file-errors.ts';
import {fileTarget, folderTarget, isCompressed} from './_files/file-target.ts';
import {folderArchive, verifyFolderArchive} from './_objects/folder-archive.ts';
import {openStdout} from './_files/stdout.ts';
import {verifyFile} from './_files/verify-file.ts';

/** Members of 4 MiB of lines are within a few per cent of one stream. */
const gzipCommitSize = {pages: 10_000, bytes: 4 * 1024 * 1024, ageMs: 60_000};

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
					'folder: new files with each commit, and rxaudit.manifest/, which says what is in them',
			),
		mode: z
			.enum(['append', 'replace'])
			.optional()
			.describe(
				'what to do with a file or folder that has content but no state: append goes on behind its end, ' +
					'replace (of a file) empties it at once, before the first event is fetched; with a state it means nothing',
			),
		durability: z
			.enum(['process', 'power'])
			.default('power')
			.describe('what a commit survives: process, the end of this process; power, a power failure too'),
		...archiveOptions,
		...manifestOption,
		...retryOptions,
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
				open: async context => openStdout({sink: 'ndjson', ...options, context}),
			};
		}
		return {
			target: path,
			...(isCompressed(path) ? {commitSize: gzipCommitSize} : {}),
			async open(context) {
				const file = await openAppendFile({
					sink: 'ndjson',
					path,
					...options,
					mode: options.mode,
					context,
				});
				const {flush, committed, close} = file;
				return {write: batch => file.write(batch.lines, batch), flush, committed, close};
			},
		};
	},
	verify: async ({path}, how) =>
		path.endsWith('/') ? verifyFolderArchive('ndjson', path, how) : verifyFile('ndjson', path, how),
});
