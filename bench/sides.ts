import {type ChildProcess, fork} from 'node:child_process';
import {cpus} from 'node:os';
import {fileURLToPath} from 'node:url';

/** What one side of a comparison did. */
export interface Outcome {
	readonly events: number;
	readonly seconds: number;
	/** Of the processor, on all threads. */
	readonly cpuSeconds: number;
	readonly peakRssMb?: number;
}

/** Does the work; `finish` checks it and cleans up, outside the time that is measured. */
export type Side = () => Promise<{events: number; finish?(): void}>;

/**
 * Compares sides: each runs in a fresh process, in turn, with the order reversed every round; the first round does
 * not count. Prints the medians, and each side's speed as a multiple of the first one's, round by round.
 */
export async function compare(
	file: string,
	sides: Record<string, Side>,
	prepare: () => Promise<{env: NodeJS.ProcessEnv; done(): void}>,
) {
	const side = process.env['BENCH_SIDE'];
	if (side !== undefined) return runSide(sides[side]!);
	const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
	const names = Object.keys(sides);
	const {env, done} = await prepare();
	const outcomes: Record<string, Outcome[]> = Object.fromEntries(names.map(name => [name, []]));
	for (let round = 0; round <= rounds; round++) {
		for (const name of round % 2 ? names : [...names].reverse()) {
			const outcome = await runFresh(file, {...env, BENCH_SIDE: name});
			if (round > 0) outcomes[name]!.push(outcome);
		}
	}
	done();
	const speed = ({events, seconds}: Outcome) => events / seconds;
	const cpu = ({events, cpuSeconds}: Outcome) => (cpuSeconds / events) * 1e6;
	const [base] = names;
	console.log(
		`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} processors, Node ${process.version}, ${rounds} rounds`,
	);
	for (const name of names) {
		const runs = outcomes[name]!;
		const ratios = runs.map((run, index) => speed(run) / speed(outcomes[base!]![index]!));
		console.log(
			`${name.padEnd(28)} ${String(Math.round(median(runs.map(speed)))).padStart(8)} events/s   ` +
				`× ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})   ` +
				`${median(runs.map(cpu)).toFixed(1).padStart(6)} CPU s per million   ` +
				`peak RSS ${Math.round(median(runs.map(run => run.peakRssMb ?? 0)))} MB`,
		);
	}
}

async function runSide(side: Side): Promise<void> {
	const cpuBegan = cpuSecondsNow();
	const began = performance.now();
	const {events, finish} = await side();
	const seconds = (performance.now() - began) / 1000;
	const cpuSeconds = cpuSecondsNow() - cpuBegan;
	const peakRssMb = process.resourceUsage().maxRSS / 1024;
	finish?.();
	process.send!({events, seconds, cpuSeconds, peakRssMb}, () => process.disconnect());
}

function cpuSecondsNow(): number {
	const {user, system} = process.cpuUsage();
	return (user + system) / 1e6;
}

function runFresh(file: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
	return new Promise((resolve, reject) => {
		const child = fork(fileURLToPath(file), {env: {...process.env, ...env}});
		child.once('message', message => resolve(message as Outcome));
		child.once('exit', code => reject(new Error(`a side ended with ${code}`)));
	});
}

/** An emulator in a process of its own, as a real server would be. */
export async function emulatorProcess(events: number): Promise<{url: string; done(): void}> {
	const child: ChildProcess = fork(fileURLToPath(new URL('emulator-process.ts', import.meta.url)), [String(events)]);
	const url = await new Promise<string>(resolve => child.once('message', message => resolve(message as string)));
	return {url, done: () => void child.kill()};
}

function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)]!;
}
