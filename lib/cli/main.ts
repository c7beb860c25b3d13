#!/usr/bin/env node
import {takeForeignOutput} from './output/log.ts';
import {main} from './rxaudit.ts';
import type {Signals} from './world.ts';

const signals: Signals = {
	on: (signal, listener) => process.on(signal, listener),
	off: (signal, listener) => process.off(signal, listener),
	end(signal, code) {
		process.kill(process.pid, signal);
		// Process 1 of a container is not ended by signals.
		// oxlint-disable-next-line no-restricted-properties
		if (process.pid === 1) process.exit(code);
	},
};
const argv = process.argv.slice(2);
const {env, stdin, stdout, stderr} = process;
takeForeignOutput(argv, stderr);
process.exitCode = await main(argv, {env, cwd: '.', stdin, stdout, stderr, signals});
