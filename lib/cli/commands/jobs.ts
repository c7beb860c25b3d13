import {ConfigError} from '../../model/errors.ts';
import {describeFlags, type Flags, nearest, parseFlags} from '../flags/flags.ts';
import {redisFlags} from '../flags/redis.ts';
import {count, write} from '../output/log.ts';
import {readEtas} from '../queue/eta.ts';
import {jobList, jobListText, readLags} from '../queue/list-jobs.ts';
import type {QueuedJob} from '../../queue/job-queue.ts';
import {openQueue} from '../queue/open-queue.ts';
import type {World} from '../world.ts';

const flags: Flags = {
	...redisFlags,
	json: {help: 'all of it as JSON'},
	help: {help: 'this text'},
};

export function help(): string {
	return `Usage: rxaudit jobs --redis URL [--json]
       rxaudit jobs retry [ID|PIPELINE…] --redis URL
       rxaudit jobs remove ID|PIPELINE… --redis URL

Says how many jobs wait, are done, are delayed and why, and have failed and why; how long the rest takes within the quota of
each credential, as far as jobs of its pipelines were done before; and how far each pipeline is. A job that fails is tried 8 times, later and later, then kept:
\`retry\` begins jobs anew that failed, kept or not, these or all of them. \`remove\` takes jobs out that nobody does at the moment, such as one that comes again and again.

${describeFlags(flags)}

Examples:
  rxaudit jobs --redis redis://127.0.0.1:6379
  rxaudit jobs retry --redis redis://127.0.0.1:6379
`;
}

/** `rxaudit jobs`: how the queue is. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {values, rest} = parseFlags(args, flags, Infinity, world);
	const [action, ...ids] = rest;
	if (action !== undefined && action !== 'retry' && action !== 'remove') {
		throw new ConfigError(
			`jobs: expected retry, remove or nothing${nearest(action, ['retry', 'remove'])}, got another word`,
		);
	}
	if (action === 'remove' && ids.length === 0) throw new ConfigError('jobs remove: expected the ids of jobs, got none');
	const {redis, queue, close} = await openQueue(values, world);
	try {
		if (action === undefined) {
			const all = await queue.list();
			const list = jobList(all, await readEtas(redis, all), await readLags(redis, world.now()));
			await write(world.stdout, values['json'] ? `${JSON.stringify(list)}\n` : jobListText(list, world.now()));
			return 0;
		}
		const wanted = ids.length > 0 ? idsOf(ids, await queue.list()) : undefined;
		const done = action === 'retry' ? await queue.retry(wanted) : await queue.remove(wanted!);
		const others = action === 'retry' ? 'have not failed' : 'are at work';
		const missing =
			wanted && done < wanted.length ? `; ${wanted.length - done} of those named are not there, or ${others}` : '';
		await write(world.stdout, `${count(done, 'job')} ${action === 'retry' ? 'begun anew' : 'removed'}${missing}\n`);
		return wanted && done < wanted.length ? 1 : 0;
	} finally {
		await close();
	}
}

/** The ids of jobs that are named by their id or their pipeline. */
function idsOf(names: readonly string[], jobs: readonly QueuedJob[]): string[] {
	return names.flatMap(name => {
		const found = jobs.filter(({id, job}) => id === name || job.pipeline === name);
		return found.length > 0 ? found.map(({id}) => id) : [name];
	});
}
