/** What a process takes to start with `import 'rxaudit'`, beside one that is empty: the fastest of each, taken in turns. */
import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const programs = ['', "import 'rxjs'", "import 'zod'", "import 'rxjs'; import 'zod'", "import 'rxaudit'"];
const fastestMs = new Map<string, number>();
for (let round = 0; round < 15; round++) {
	for (const program of programs) {
		const startedMs = performance.now();
		spawnSync(process.execPath, ['--input-type=module', '--eval', program], {cwd});
		fastestMs.set(program, Math.min(fastestMs.get(program) ?? Infinity, performance.now() - startedMs));
	}
}
for (const [program, ms] of fastestMs) console.log(`${ms.toFixed(0).padStart(5)} ms  ${program || 'nothing'}`);
