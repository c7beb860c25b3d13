#!/usr/bin/env node
import {main} from './main-command.ts';

process.exitCode = await main(process.argv.slice(2));
