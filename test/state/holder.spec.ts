import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import {setImmediate} from 'node:timers/promises';
import {lifeOf, thisProcess} from '../../lib/state/holder.ts';

describe('lifeOf()', () => {
	const here = thisProcess();

	it('knows this process', () => {
		assert.equal(here.pid, process.pid);
		assert.equal(lifeOf(here), 'running');
	});

	it('reads the start time behind any program name', () => {
		const title = process.title;
		process.title = 'a) Z 1 (b';
		try {
			assert.deepEqual(thisProcess(), here);
			assert.equal(lifeOf(here), 'running');
		} finally {
			process.title = title;
		}
	});

	it('takes a later process with the same id for another one', () => {
		assert.equal(lifeOf({...here, startTime: '1'}), 'dead');
	});

	it('cannot see into another host, another container, or another machine of the same name', () => {
		assert.equal(lifeOf({...here, host: 'elsewhere', bootId: 'another', pid: 1}), 'unseen');
		assert.equal(lifeOf({...here, pidNamespace: 'pid:[1]', startTime: '1'}), 'unseen');
		assert.equal(lifeOf({...here, bootId: 'another'}), 'unseen');
	});

	it('cannot tell one process from another with its id where the system does not show them', () => {
		const real = fs.readFileSync;
		fs.readFileSync = ((file: string, ...rest: []) => {
			if (String(file).startsWith('/proc/')) throw new Error('hidden');
			return real(file, ...rest);
		}) as typeof fs.readFileSync;
		try {
			assert.equal(lifeOf({...here, startTime: ''}, here), 'unseen');
		} finally {
			fs.readFileSync = real;
		}
	});

	it('tells a process that runs from one that has ended', async () => {
		const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
		await once(child, 'spawn');
		const holder = {...here, pid: child.pid!, startTime: startTimeOf(child.pid!)};
		assert.equal(lifeOf(holder), 'running');
		child.kill('SIGKILL');
		await once(child, 'close');
		assert.equal(lifeOf(holder), 'dead');
	});

	it('takes a killed process that its parent has not noticed for dead', async () => {
		const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
		try {
			const [line] = (await once(parent.stdout, 'data')) as [Buffer];
			const holder = {...here, pid: Number(line), startTime: startTimeOf(Number(line))};
			assert.equal(lifeOf(holder), 'running');
			await until(parent.pid!, '(sleep)'); // As long as it is a shell it would notice.
			process.kill(holder.pid, 'SIGKILL');
			await until(holder.pid, ') Z ');
			assert.equal(lifeOf(holder), 'dead');
		} finally {
			parent.kill('SIGKILL');
		}
	});
});

async function until(pid: number, text: string): Promise<void> {
	while (!fs.readFileSync(`/proc/${pid}/stat`, 'utf8').includes(text)) await setImmediate();
}

/** Good for programs with a plain name. */
function startTimeOf(pid: number): string {
	return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[21]!;
}
