import {ConfigError} from '../../model/errors.ts';
import {Mistakes, mistakeText} from '../config/mistakes.ts';
import {type NamedPipeline, pipelinesOf} from '../config/pipelines-of.ts';
import {describeFlags, type Flags, parseFlags, textsIn} from '../flags/flags.ts';
import {monitorFlags, monitorFrom} from '../flags/monitor.ts';
import {serveMonitor} from '../monitor/server.ts';
import {count, logFormatOf, logLine, write} from '../output/log.ts';
import {liveLines} from '../output/live-lines.ts';
import {showProgress} from '../output/progress.ts';
import {type Replaced, Supervisor} from '../pipeline/supervisor.ts';
import {exitCodeOf} from '../rxaudit.ts';
import {stopBy, type World} from '../world.ts';

const flags: Flags = {
	only: {value: 'NAME', repeat: true, help: 'run this pipeline, and no other that is not named so'},
	once: {help: 'run each pipeline once, those that read for ever too'},
	metrics: monitorFlags['metrics']!,
	check: {help: 'say what is wrong in the file, all of it, and run nothing'},
	quiet: {help: 'no progress and no summary'},
	'log-format': {value: 'text|json', help: 'of what is said on stderr (default: text)'},
	help: {help: 'this text'},
};

export function help(): string {
	return `Usage: rxaudit run CONFIG.yaml [options]

Runs the pipelines of a file side by side; one that fails stops no other. One with \`every\` or \`follow\` reads for ever.
SIGHUP reads the file again: pipelines that changed are stopped and started anew, the others go on.
Exit code 0: all is done; 3: some failed; that of all where all failed alike; 2: the file is wrong, each mistake with its
line and column.

${describeFlags(flags)}

Example of a file:
  pipelines:
    organization:
      source: {name: atlassian-org-events, orgId: ORG, token: {env: RXAUDIT_TOKEN}}
      to: filesystem:backup
      state: backup.state

Examples:
  rxaudit run rxaudit.yaml --check
  rxaudit run rxaudit.yaml --metrics 9464
`;
}

/** `rxaudit run CONFIG.yaml`: the pipelines of a file. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {values, rest} = parseFlags(args, flags, 1, world);
	const [file] = rest;
	if (file === undefined) throw new ConfigError('run: expected a YAML file with pipelines, got none');
	const {metrics} = monitorFrom(values);
	const format = logFormatOf(values);
	const quiet = values['quiet'] === true;
	const read = async () => {
		const all = await pipelinesOf(file, textsIn(values, 'only'), world);
		return values['once'] ? all.map(once) : all;
	};
	const pipelines = await read();
	if (values['check']) {
		await write(world.stdout, `${file}: ${count(pipelines.length, 'pipeline')}, nothing is wrong\n`);
		return 0;
	}
	const isLive = world.stderr.isTTY === true && format === 'text' && !quiet;
	const lines = isLive ? liveLines(world.stderr) : undefined;
	const say = (level: 'info' | 'warn', text: string, members: object = {}) => {
		const line = logLine(format, level, text, members);
		if (lines) lines.say(line);
		else if (level !== 'info' || !quiet) world.stderr.write(line);
	};
	const signals = stopBy(world.signals, ['SIGINT', 'SIGTERM']);
	const supervisor = new Supervisor({
		world,
		signals,
		codeOf: exitCodeOf,
		show({name, pipeline: {source}}) {
			lines?.set(name, 'begins');
			return showProgress({source: source.name, pipeline: name, lines, format, quiet, stream: world.stderr});
		},
	});
	const reload = async () => {
		try {
			const replaced = await supervisor.replace(await read());
			say('info', `${file} was read again: ${replacedText(replaced)}`, replaced);
		} catch (error) {
			if (!(error instanceof ConfigError)) throw error;
			const all = error instanceof Mistakes ? error.all.map(one => mistakeText(file, one)) : [error.message];
			for (const mistake of all) say('warn', `warning: what is in ${file} is not taken: ${mistake}`);
		}
	};
	const onReload = () => void reload();
	const monitor = metrics && (await serveMonitor(metrics, supervisor.watched, () => world.now()));
	if (monitor) say('info', `metrics are served at ${monitor.url}`);
	world.signals.on('SIGHUP', onReload);
	try {
		return await supervisor.run(pipelines);
	} finally {
		world.signals.off('SIGHUP', onReload);
		signals.release();
		lines?.clear();
		await monitor?.close();
	}
}

/** `started new; stopped gone`: what reading a file again did. */
function replacedText(replaced: Replaced): string {
	const all = Object.entries(replaced).filter(([, names]) => names.length > 0);
	return all.map(([what, names]) => `${what} ${names.join(', ')}`).join('; ') || 'nothing changed';
}

function once(named: NamedPipeline): NamedPipeline {
	const {follow: _, ...options} = named.pipeline.options;
	return {...named, pipeline: {...named.pipeline, follow: undefined, options}};
}
