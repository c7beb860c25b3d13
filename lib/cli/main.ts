#!/usr/bin/env node
import {takeForeignOutput} from './output/foreign-output.ts';
import {main} from './rxaudit.ts';

const argv = process.argv.slice(2);
takeForeignOutput(argv, process.stderr);
process.exitCode = await main(argv);
