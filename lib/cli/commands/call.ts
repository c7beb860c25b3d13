import fs from 'node:fs';
import {Socket} from 'node:net';
import {reasonOf, SinkError} from '../../model/errors.ts';
import {printable} from '../../http/secrets.ts';
import {list, load} from '../../registry.ts';
import {callHelp} from '../output/call-help.ts';
import {callOperation, noName} from './call-operation.ts';
import {credentialFlags} from '../flags/credentials.ts';
import {refuseSecrets} from '../flags/flags.ts';
import {write} from '../output/write.ts';
import {logFormatIn, logLine} from '../output/progress.ts';
import {stopSignals} from '../world.ts';

/** `rxaudit call <source> <operation>`: what an API can do beside giving its log. */
export async function call(args: string[]): Promise<number> {
	const names = list('source');
	const name = args.find(arg => names.includes(arg));
	const source = name === undefined ? undefined : await load('source', name);
	if (args.includes('--help') || args.includes('-h')) {
		const operation = source && args.find(arg => Object.hasOwn(source.operations, arg));
		await write(process.stdout, await callHelp(source, operation));
		return 0;
	}
	if (!source) {
		refuseSecrets(args, credentialFlags);
		throw noName('source', args[0], names);
	}
	const {env, stdin, stderr} = process;
	const signals = stopSignals();
	try {
		return await callOperation(source, args, {env, stdin, stderr, give, signal: signals.stop});
	} catch (error) {
		const code = signals.exitCode();
		if (code === undefined) throw error;
		await write(stderr, logLine(logFormatIn(args), 'warn', reasonOf(signals.stop.reason)));
		stdin.destroy(); // what waits for it would keep the process alive, as would a reader that takes nothing
		if (process.stdout.writableLength > 0) signals.endNow();
		return code;
	} finally {
		signals.release();
	}
}

/** To standard output. Node's own stream for a redirected file drops the rest of a partial write. */
async function give(answer: string): Promise<void> {
	const text = process.stdout.isTTY ? printable(answer) : answer;
	try {
		if (!(process.stdout instanceof Socket)) return fs.writeFileSync(1, text);
		process.stdout.on('error', () => {}); // the write's callback gets it
		await new Promise<void>((resolve, reject) => {
			process.stdout.write(text, error => (error ? reject(error) : resolve()));
		});
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'EPIPE' || code === 'ECONNRESET') {
			throw new SinkError('READER_GONE', 'call: the reader of standard output went away', {cause: error});
		}
		throw new SinkError('SINK_FAILED', `call: standard output: ${reasonOf(error)}`, {cause: error});
	}
}
