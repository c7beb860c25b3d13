import {faultHelp, startEmulator} from '../../emulator/index.ts';
import {ConfigError} from '../../model/errors.ts';
import {list, load} from '../../registry.ts';
import type {Source} from '../../source/define-source.ts';
import {describeSwitches, emulatorFlags, emulatorOptions} from '../flags/emulator.ts';
import {addressesBelow, describeEmulated} from '../output/examples.ts';
import {describeFlags, parseFlags} from '../flags/flags.ts';
import {write} from '../output/log.ts';
import {stopBy, type World} from '../world.ts';

/** `rxaudit emulate`: a local stand-in of the audit APIs, until it is stopped. */
export async function run(args: string[], world: World): Promise<number> {
	const {values} = parseFlags(args, emulatorFlags, 0, world);
	const emulator = await startEmulator(emulatorOptions(values)).catch((error: NodeJS.ErrnoException) => {
		if (error.code === 'EADDRINUSE' || error.code === 'EACCES') {
			throw new ConfigError(
				`--port: expected a free port, got ${values['port'] as string} (${error.code}); leave it out for any free one`,
			);
		}
		throw error;
	});
	const signals = stopBy(world.signals);
	await write(world.stdout, `${emulator.url}\n`);
	await write(
		world.stderr,
		`rxaudit: the emulator listens; the token is ${emulator.token}, the user ${emulator.username}, the password ${emulator.password}.
${describeEmulated(await sources(), emulator.endpoints)}
Try, in another terminal:
  RXAUDIT_TOKEN=${emulator.token} rxaudit pull atlassian-org-events --org-id ${emulator.orgId} --endpoint ${emulator.url} | jq .action
`,
	);
	await new Promise<void>(resolve => {
		if (signals.stop.aborted) resolve();
		signals.stop.addEventListener('abort', () => resolve(), {once: true});
	});
	await emulator.close();
	signals.release();
	return 0;
}

function sources(): Promise<Source[]> {
	return Promise.all(list('source').map(async name => load('source', name)));
}

export async function help(): Promise<string> {
	return `Usage: rxaudit emulate [options]

Serves the audit APIs on 127.0.0.1 until it is stopped, and prints its address on stdout. Every organization id works;
the token is emulator, the user admin, the password emulator. What --endpoint is for each API, and what lets in:

${describeEmulated(await sources(), addressesBelow('http://127.0.0.1:PORT'))}

Options:
${describeFlags({...emulatorFlags, help: {help: 'this text'}})}

${faultHelp}

${describeSwitches()}

Examples:
  rxaudit emulate --port 8080 --events 5000
  rxaudit emulate --port 8080 --rate-limit 60/min --fault status:503@3,4 --fault hang:body@9
  rxaudit emulate --port 8080 --switch end=absent --switch churn.insert-every=3
`;
}
