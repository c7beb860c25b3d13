import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {load, loadAll} from 'js-yaml';
import {type Emulator, startEmulator} from '../../lib/emulator/index.ts';
import {defaultGraceMs} from '../../lib/run/stopping.ts';
import {cliFile, runProcess} from '../support/cli.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {house} from './packed.ts';

const deploy = path.join(house, 'examples/deploy');
const textOf = (file: string) => fs.readFileSync(path.join(deploy, file), 'utf8');
const services = ['rxaudit.service', 'rxaudit-nightly.service', 'rxaudit-status.service'];
const units = [...services, 'rxaudit-nightly.timer', 'rxaudit-status.timer'];

interface Container {
	readonly args: readonly string[];
	readonly securityContext: Readonly<Record<string, unknown>>;
	readonly livenessProbe?: Readonly<Record<string, unknown>>;
	readonly readinessProbe?: {readonly httpGet: {readonly path: string}};
}

interface Pod {
	readonly terminationGracePeriodSeconds: number;
	readonly securityContext: {readonly runAsNonRoot: boolean};
	readonly containers: readonly [Container];
}

interface Workload {
	readonly kind: string;
	readonly spec: {
		readonly replicas?: number;
		readonly strategy?: {readonly type: string};
		readonly concurrencyPolicy?: string;
		readonly template?: {readonly spec: Pod};
		readonly jobTemplate?: {readonly spec: {readonly template: {readonly spec: Pod}}};
	};
}

function workloads(): Workload[] {
	return (loadAll(textOf('kubernetes.yaml')) as Workload[]).filter(({kind}) => kind !== 'PersistentVolumeClaim');
}

function podOf({spec: {template, jobTemplate}}: Workload): Pod {
	return (template ?? jobTemplate!.spec.template).spec;
}

/** The lines that begin `rxaudit`, each as a list of arguments, by where they stand. */
function commands(): [where: string, args: readonly string[]][] {
	const unitLines = units.flatMap(unit =>
		[...textOf(unit).matchAll(/^ExecStart=\/usr\/bin\/rxaudit (.*)$/gm)].map(([, line]): [string, string[]] => [
			unit,
			line!.split(' '),
		]),
	);
	const cronLines = [...textOf('crontab').matchAll(/^\d+ \d+ \* \* \* rxaudit (.*)$/gm)].map(
		([, line], index): [string, string[]] => [`crontab ${index + 1}`, line!.split(' ')],
	);
	const pods = workloads().map((one): [string, readonly string[]] => [one.kind, podOf(one).containers[0].args]);
	return [...unitLines, ...cronLines, ...pods];
}

describe('where it runs', function () {
	this.timeout(300_000);
	const folder = temporaryFolder();
	let emulator: Emulator;

	before(async () => {
		emulator = await startEmulator({events: 40, token: 'secret'});
	});
	after(() => emulator.close());

	it('systemd takes the units', () => {
		for (const unit of units) {
			fs.writeFileSync(path.join(folder(), unit), textOf(unit).replaceAll('/usr/bin/rxaudit', process.execPath));
		}
		const files = units.map(unit => path.join(folder(), unit));
		const {status, stdout, stderr} = spawnSync('systemd-analyze', ['verify', ...files], {encoding: 'utf8'});
		assert.deepEqual([status, stdout, stderr], [0, '', '']);
	});

	it('a stop is no failure to systemd, and a failure of status is one', () => {
		const [follow, nightly, status] = services.map(textOf);
		for (const unit of [follow!, nightly!]) {
			assert.match(unit, /^SuccessExitStatus=130 143$/m);
			assert.match(unit, /^Restart=on-failure$/m);
			assert.match(unit, /^RestartPreventExitStatus=2 (3 )?4 5$/m);
		}
		assert.doesNotMatch(status!, /^(Restart|SuccessExitStatus|DynamicUser|StateDirectory)/m);
	});

	it('every command does what it is for, and ends with 0', async () => {
		const at = (file: string) => path.join(folder(), file);
		fs.writeFileSync(at('token'), 'secret\n');
		const all = commands();
		assert.deepEqual(
			all.map(([where]) => where),
			[...services, 'crontab 1', 'crontab 2', 'Deployment', 'CronJob'],
		);
		for (const [where, args] of all) {
			const here = args.map(arg =>
				arg
					.replace(/\$[({]ORG_ID[)}]|^ORG$/, emulator.orgId)
					.replace(/(%d|\/etc\/rxaudit|\/secret)\/token/, at('token'))
					.replace(/\/var\/lib\/rxaudit|\/data/, folder())
					.replace(/^(0\.0\.0\.0:)?9464$/, '0')
					.replace(/^5h$/, '60s'),
			);
			const isFor = args.includes('--follow') ? ['--max-duration', '1s'] : [];
			const given = here[0] === 'pull' ? [...here, '--endpoint', emulator.url, ...isFor] : here;
			const {code, stdout, stderr} = await runProcess(given, {cwd: folder()});
			assert.equal(code, 0, `${where}: ${stderr}`);
			if (args.includes('--quiet')) assert.equal(stdout + stderr, '', where);
		}
		const kept = fs.readdirSync(at('archive'), {recursive: true, encoding: 'utf8'});
		assert.ok(
			kept.some(name => name.includes('.ndjson')),
			kept.join(),
		);
	});

	it('the alarm of cron speaks when no night came to its end, and says nothing when all is well', async () => {
		const at = (file: string) => path.join(folder(), file);
		const line = /^\d+ \d+ \* \* \* (rxaudit status .*)$/m.exec(textOf('crontab'))![1]!;
		// as cron does it: by a shell, that has what it is to do with the output
		fs.writeFileSync(at('rxaudit'), `#!/bin/sh\nexec '${process.execPath}' '${cliFile}' "$@"\n`, {mode: 0o755});
		const alarm = () =>
			spawnSync('sh', ['-c', line.replace('/var/lib/rxaudit', folder())], {
				encoding: 'utf8',
				env: {PATH: `${folder()}:/usr/bin:/bin`},
			});
		const before = alarm();
		assert.equal(before.status, 1);
		assert.match(before.stdout, /org\.state: needs attention\n {2}problem /);
		const pull = ['pull', 'atlassian-org-events-stream', '--org-id', emulator.orgId, '--endpoint', emulator.url];
		const to = ['--to', 'ndjson:archive/', '--state', 'org.state', '--quiet'];
		const env = {RXAUDIT_TOKEN: 'secret'};
		assert.equal((await runProcess([...pull, ...to], {cwd: folder(), env})).code, 0);
		const {status, stdout, stderr} = alarm();
		assert.deepEqual([status, stdout, stderr], [0, '', '']);
	});

	it('Kubernetes has one writer for a state, gives it time to stop, and seals it', () => {
		const [deployment, cronJob] = workloads();
		assert.deepEqual([deployment!.spec.replicas, deployment!.spec.strategy?.type], [1, 'Recreate']);
		assert.equal(cronJob!.spec.concurrencyPolicy, 'Forbid');
		for (const pod of workloads().map(podOf)) {
			assert.ok(pod.terminationGracePeriodSeconds * 1000 > defaultGraceMs + 1000);
			assert.ok(pod.securityContext.runAsNonRoot);
			assert.equal(pod.containers[0].securityContext['readOnlyRootFilesystem'], true);
		}
		const [container] = podOf(deployment!).containers;
		assert.equal(container.readinessProbe?.httpGet.path, '/healthz');
		assert.deepEqual(Object.keys(container.livenessProbe!), ['tcpSocket', 'initialDelaySeconds']);
	});

	it('the steps of the Dockerfile make what another user can run, with nothing to write but its folder', () => {
		const image = buildImage(folder());
		const own = process.getuid?.() === 0 ? {uid: 65_532, gid: 65_532} : {};
		const said = execFileSync(process.execPath, [...image.entrypoint.slice(1), '--version'], {
			...own,
			cwd: image.workdir,
			env: {},
			encoding: 'utf8',
		});
		const {version} = load(fs.readFileSync(path.join(house, 'package.json'), 'utf8')) as {version: string};
		assert.equal(said, `${version}\n`);
		assert.ok(!fs.existsSync(path.join(image.root, 'opt/rxaudit/node_modules/mocha')), 'tools for development');
		const connector = fs.readFileSync(path.join(house, 'examples/airbyte/Dockerfile'), 'utf8');
		const [, base] = /^FROM (\S+)$/m.exec(connector)!;
		assert.match(textOf('Dockerfile'), new RegExp(` -t ${base} `), 'it begins with this image');
		const entrypoint = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(connector)![1]!) as string[];
		assert.equal(/^ENV AIRBYTE_ENTRYPOINT="(.*)"$/m.exec(connector)![1], entrypoint.join(' '));
		const file = path.join(image.root, entrypoint[1]!);
		const spec = execFileSync(process.execPath, [file, ...entrypoint.slice(2), 'spec'], {
			...own,
			env: {},
			encoding: 'utf8',
		});
		assert.equal((JSON.parse(spec) as {type: string}).type, 'SPEC');
		console.log(`      ${Math.round(image.bytes / 1e6)} MB beside Node's own image`);
	});
});

interface Image {
	readonly root: string;
	readonly workdir: string;
	readonly entrypoint: readonly string[];
	readonly bytes: number;
}

/** Does what the Dockerfile says below a folder; each stage has a root of its own. */
function buildImage(scratch: string): Image {
	fs.chmodSync(scratch, 0o755);
	const stages: string[] = [];
	let workdir = '/';
	let entrypoint: string[] = [];
	const below = (root: string, place: string) => path.join(root, path.resolve(workdir, place));
	for (const [, instruction, rest] of textOf('Dockerfile').matchAll(/^([A-Z]+) (.*)$/gm)) {
		const root = stages.at(-1)!;
		if (instruction === 'FROM') {
			workdir = '/';
			stages.push(path.join(scratch, `stage${stages.length}`));
		} else if (instruction === 'WORKDIR') {
			workdir = rest!;
			fs.mkdirSync(below(root, '.'), {recursive: true});
		} else if (instruction === 'COPY') {
			const [, isFromStage, names] = /^(--from=build )?(.*)$/.exec(rest!)!;
			const all = names!.split(' ');
			const target = all.at(-1)!;
			for (const name of all.slice(0, -1)) {
				const from = path.join(isFromStage ? stages[0]! : house, name);
				const isInside = target.endsWith('/') && fs.statSync(from).isFile();
				copy(from, path.join(below(root, target), isInside ? path.basename(name) : ''));
			}
		} else if (instruction === 'RUN') {
			const command = rest!.replace(' /data', ` ${path.join(root, 'data')}`);
			const env = {PATH: process.env['PATH'], HOME: process.env['HOME'], npm_config_prefer_offline: 'true'};
			execFileSync('sh', ['-ec', command], {cwd: below(root, '.'), env, stdio: 'pipe'});
		} else if (instruction === 'ENTRYPOINT') {
			entrypoint = (JSON.parse(rest!) as string[]).map(arg => (arg.startsWith('/') ? path.join(root, arg) : arg));
		}
	}
	const root = stages.at(-1)!;
	const sizes = fs
		.readdirSync(root, {recursive: true, encoding: 'utf8'})
		.map(name => fs.lstatSync(path.join(root, name)).size);
	return {root, workdir: below(root, '.'), entrypoint, bytes: sizes.reduce((sum, size) => sum + size, 0)};
}

/** Leaves out what .dockerignore names in the folder of the project. */
function copy(from: string, to: string): void {
	const ignored = fs.readFileSync(path.join(house, '.dockerignore'), 'utf8').trim().split('\n');
	const isThere = (file: string) => !ignored.includes(path.relative(house, file).split(path.sep)[0]!);
	fs.cpSync(from, to, {recursive: true, filter: isThere});
}
