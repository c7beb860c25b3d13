import {z} from 'zod';
import {defineSink} from '../lib/sink/define-sink.ts';
import {layoutProblem} from './_files/event-path.ts';
import {openEventFolder} from './_files/event-folder.ts';
import {retryOptions} from './_files/file-errors.ts';
import {folderTarget} from './_files/file-target.ts';
import {readFolder} from './_files/read-folder.ts';
import {verifyFolder} from './_files/verify-folder.ts';

/**
 * One file per event, named by its time and id.
 *
 * Writing the same event again changes nothing, nor does another order of its lists where the source says that they
 * are sets. Another event of the same name does not overwrite the first: it is handed back as rejected.
 */
export default defineSink({
	name: 'filesystem',
	docs: 'One file per event below a folder, by day in UTC. Writing an event again changes nothing.',
	target: 'dir',
	options: z.object({
		dir: z.string().min(1).meta({file: true}).describe('the folder; it is made when it is missing'),
		layout: z
			.string()
			.superRefine((layout, context) => {
				const problem = layoutProblem(layout);
				if (problem !== undefined) context.addIssue(`expected ${problem}`);
			})
			.optional()
			.describe(
				'the path of an event below the folder, of {year} {month} {day} {hour} {source} {tenant} {id}; default: ' +
					'{year}/{month}/{day}/{id}.json, below {source}/{tenant}/ where ids are not unique everywhere',
			),
		durability: z
			.enum(['process', 'power'])
			.default('process')
			.describe('what a commit survives: process, the end of this process; power, a power failure too, but slower'),
		...retryOptions,
	}),
	create({dir, ...options}) {
		const path = folderTarget('filesystem', dir);
		return {
			target: path,
			layout: {layout: options.layout ?? 'default'},
			open: async context =>
				openEventFolder({sink: 'filesystem', dir: path, ...options, layout: options.layout, context}),
		};
	},
	verify: async ({dir}, how) => verifyFolder('filesystem', dir, how),
	read: ({dir}, how) => readFolder(dir, how),
});
