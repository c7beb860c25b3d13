/** Serves the emulator for the benches; sends its address to the parent. */
import {startEmulator} from '../lib/emulator/index.ts';

const {url} = await startEmulator({events: Number(process.argv[2]), spacingMs: 1000});
process.send!(url);
process.once('disconnect', () => process.exit());
