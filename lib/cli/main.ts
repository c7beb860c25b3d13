#!/usr/bin/env node
import fs from 'node:fs';
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
let isOver = false;
// a plug-in that ends the process, or a promise that nobody keeps, must not look like success
process.once('exit', code => {
	if (isOver || (code !== 0 && code !== 13)) return;
	fs.writeSync(2, 'rxaudit: error: the process ended before the command was done\n');
	process.exitCode = 1;
});
process.exitCode = await main(argv, {env, cwd: '.', stdin, stdout, stderr, signals, now: () => Date.now()});
isOver = true;
