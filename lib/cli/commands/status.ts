import {ConfigError} from '../../model/errors.ts';
import {systemClock} from '../../model/clock.ts';
import {describeFlags, type Flags, parseFlags, textIn} from '../flags/flags.ts';
import {spanIn} from '../flags/options.ts';
import {write} from '../output/log.ts';
import {type PipelineStatus, pipelineText} from '../output/pipeline.ts';
import {checkPage, replacePage} from '../report/page-file.ts';
import {statusPage} from '../report/status-page.ts';
import {assertNone, isConfig, readConfig, stateFileOf} from '../config/read-config.ts';
import {fileIn, type World} from '../world.ts';
import {readStatus} from './read-status.ts';

const statusFlags: Flags = {
	'max-age': {value: 'SPAN', help: 'how old the last success may be, such as 26h for a pull of each night'},
	'alert-silence': {
		value: 'SPAN',
		help: 'how old the newest event may be, such as 1d where something happens each day',
	},
	quiet: {help: 'only states that need attention: nothing at all when all is well, as cron wants it'},
	json: {help: 'one JSON object a state, a line each'},
	html: {value: 'FILE', help: 'write one page of HTML about all of them too, in place of the one that is there'},
	help: {help: 'this text'},
};

export function help(): string {
	return `Usage: rxaudit status STATE|CONFIG.yaml… [options]

How pipelines are, by their state files (rxaudit pull --state, or those of rxaudit run CONFIG.yaml): the newest event, the last success, how far behind, gaps,
dead letters, and what the API will delete before it was read. No lock is taken and nothing is changed, so that it may be
asked while a run goes on. A success is a run that came to its end with no gap left; one that was stopped or killed is none.
Exit code 0: all is well; 1: a success is older than --max-age, the newest event than --alert-silence, a gap is open, a
success or what was read is ahead of this clock, or a state is missing or cannot be read.

${describeFlags(statusFlags)}

Examples:
  rxaudit status backup.state --max-age 26h
  rxaudit status rxaudit.yaml --max-age 15m
  rxaudit status *.state --max-age 26h --quiet
  rxaudit status rxaudit.yaml --max-age 26h --quiet --html audit.html
  rxaudit status *.state --json | jq -r '.problems[]'
`;
}

/** `rxaudit status STATE…`: whether somebody must look after a pipeline. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {values, rest} = parseFlags(args, statusFlags, Infinity, world);
	if (rest.length === 0) throw new ConfigError('status: expected the state files of pulls, got none');
	const limits = {maxAgeMs: spanIn(values, 'max-age'), alertSilenceMs: spanIn(values, 'alert-silence')};
	const file = textIn(values, 'html');
	if (file !== undefined) checkPage('status', file);
	const all: PipelineStatus[] = [];
	const nowMs = systemClock.now();
	for (const {pipeline, state} of rest.flatMap(name => statesIn(name, world))) {
		const status = {...(pipeline === undefined ? {} : {pipeline}), ...(await readStatus(state, nowMs, limits))};
		all.push(status);
		if (status.ok && values['quiet']) continue;
		await write(world.stdout, values['json'] ? `${JSON.stringify(status)}\n` : pipelineText(status, nowMs));
	}
	if (file !== undefined) replacePage('status', file, statusPage(all, nowMs));
	return all.every(({ok}) => ok) ? 0 : 1;
}

/** The state that an argument names, or those of the pipelines of a file. */
function statesIn(name: string, world: World): readonly {readonly pipeline?: string; readonly state: string}[] {
	if (!isConfig(name)) return [{state: fileIn(world, name)}];
	const config = readConfig(name, world);
	assertNone(name, config.mistakes);
	const states = config.pipelines.flatMap(pipeline => {
		const state = stateFileOf(config, pipeline);
		return state === undefined ? [] : [{pipeline: pipeline.name, state}];
	});
	if (states.length > 0) return states;
	throw new ConfigError(`status: expected pipelines with a state in ${name}, got none`);
}
