#!/usr/bin/env node
import {takeForeignOutput} from './foreign-output.ts';
import {main} from './main-command.ts';

const argv = process.argv.slice(2);
takeForeignOutput(argv, process.stderr);
process.exitCode = await main(argv);
