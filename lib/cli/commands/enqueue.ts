import {ConfigError} from '../../model/errors.ts';
import {redisState, stateKeys} from '../../redis/redis-state.ts';
import {type NamedPipeline, pipelinesOf} from '../config/pipelines-of.ts';
import {describeFlags, type Flags, parseFlags, textsIn} from '../flags/flags.ts';
import {spanIn} from '../flags/options.ts';
import {redisFlags} from '../flags/redis.ts';
import {count, write} from '../output/log.ts';
import {jobsOf} from '../queue/jobs-of.ts';
import type {QueuedJob} from '../../queue/job-queue.ts';
import {openQueue} from '../queue/open-queue.ts';
import {takeOver} from '../queue/take-over.ts';
import type {World} from '../world.ts';

const flags: Flags = {
	...redisFlags,
	only: {value: 'NAME', repeat: true, help: 'queue this pipeline, and no other that is not named so'},
	window: {
		value: 'SPAN',
		help: 'cut the time from since on into jobs of so long, such as 1d, the oldest first; default: a job a pipeline',
	},
	help: {help: 'this text'},
};

export function help(): string {
	return `Usage: rxaudit enqueue CONFIG.yaml --redis URL [options]

Puts the pipelines of a file into a queue, for rxaudit worker on any number of machines. What is queued already runs once.
One with \`every\` or \`follow\` comes again and again. The states of the pipelines move into Redis: a state file that is there
is taken over, and renamed to FILE.moved.

${describeFlags(flags)}

Examples:
  rxaudit enqueue rxaudit.yaml --redis redis://127.0.0.1:6379
  rxaudit enqueue rxaudit.yaml --redis rediss://rxaudit@redis.example --redis-password-file redis.secret --window 7d
`;
}

/** `rxaudit enqueue CONFIG.yaml`: the pipelines of a file as jobs. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {values, rest} = parseFlags(args, flags, 1, world);
	const [file] = rest;
	if (file === undefined) throw new ConfigError('enqueue: expected a YAML file with pipelines, got none');
	const windowMs = spanIn(values, 'window', 60_000);
	const {redis, queue, close} = await openQueue(values, world);
	try {
		const pipelines = await pipelinesOf(file, textsIn(values, 'only'), world, name => redisState(redis, name));
		const lines: string[] = [];
		let fresh = 0;
		for (const {name, pipeline} of pipelines) {
			if (await takeOver(pipeline.stateFile, pipeline.options.state!)) {
				lines.push(`${name}: the state ${pipeline.stateFile} is in Redis now, the file is called .moved`);
			} else if ((await redis.hexists(stateKeys + name, 'state')) === 0) fresh++;
		}
		const jobs = jobsOf(pipelines, windowMs, world.now());
		const known = await queue.add(jobs);
		const all = await queue.list();
		const failed = new Set(all.filter(({state}) => state === 'failed').map(({id}) => id));
		const stuck = known.filter(id => failed.has(id)).length;
		lines.push(
			`${count(jobs.length - known.length, 'job')} queued for ${count(pipelines.length, 'pipeline')}` +
				(known.length > 0 ? `, ${known.length} were there already` : ''),
			...(stuck > 0 ? [`${stuck} of them failed before: rxaudit jobs retry --redis URL begins them anew`] : []),
			...foreignLines(all, pipelines, textsIn(values, 'only').length > 0),
			...(fresh > 0
				? [`${count(fresh, 'pipeline')} without a state: ${fresh > 1 ? 'they begin' : 'it begins'} at the beginning`]
				: []),
		);
		await write(world.stdout, lines.map(line => `${line}\n`).join(''));
		return 0;
	} finally {
		await close();
	}
}

/** What is queued by another file, or by this one as it was. */
function foreignLines(jobs: readonly QueuedJob[], pipelines: readonly NamedPipeline[], isPart: boolean): string[] {
	if (isPart) return [];
	const ours = new Set(pipelines.map(({name}) => name));
	const others = [...new Set(jobs.map(({job}) => job.pipeline))].filter(name => !ours.has(name));
	if (others.length === 0) return [];
	const named = others.slice(0, 5).join(', ') + (others.length > 5 ? ' and others' : '');
	return [
		`${count(others.length, 'pipeline')} in the queue ${others.length > 1 ? 'are' : 'is'} not in this file: ${named}; one database of ` +
			'Redis is for one file, and rxaudit jobs remove takes out what is gone',
	];
}
