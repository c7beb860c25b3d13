import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {Readable} from 'node:stream';
import type {ObjectStore, Spooled} from '../../sinks/_objects/object-store.ts';
import type {Step} from '../../lib/testing/memory-sink.ts';

export interface MemoryObjects extends ObjectStore {
	/** What it holds, by name. */
	readonly objects: Map<string, Held>;
	/** True: nothing that is there can be removed, as under a retention lock. */
	locked: boolean;
}

export interface Held {
	readonly content: Buffer;
	readonly generation: number;
	readonly spooled?: Spooled;
}

/** A store of objects in memory. `step` hears of each call, and again when it has had its effect; it may throw. */
export function memoryObjects(spoolFolder: string, step: Step = () => {}): MemoryObjects {
	const objects = new Map<string, Held>();
	let generation = 0;
	const shown = (name: string, held: Held) => ({
		name,
		bytes: held.content.length,
		generation: String(held.generation),
	});
	const store: MemoryObjects = {
		objects,
		locked: false,
		title: 'memory',
		spoolFolder,
		async put(name, spooled) {
			await step(`put ${name}`);
			const content = fs.readFileSync(spooled.file);
			const there = objects.get(name);
			if (there && !there.content.equals(content)) return 'taken';
			if (!there) objects.set(name, {content, generation: generation++, spooled});
			await step(`has put ${name}`);
			return 'stored';
		},
		async stat(name) {
			await step(`stat ${name}`);
			const held = objects.get(name);
			return held && shown(name, held);
		},
		async isSame({name}, {sha256}) {
			return createHash('sha256').update(objects.get(name)!.content).digest('hex') === sha256;
		},
		async remove({name, generation: asked}) {
			await step(`remove ${name}`);
			if (store.locked) return 'locked';
			if (String(objects.get(name)?.generation) === asked) objects.delete(name);
			await step(`has removed ${name}`);
			return 'removed';
		},
		async *list(prefix) {
			await step(`list ${prefix}`);
			for (const [name, held] of [...objects].sort(([a], [b]) => (a < b ? -1 : 1))) {
				if (name.startsWith(prefix)) yield shown(name, held);
			}
		},
		read: name => Readable.from([objects.get(name)!.content]),
		async close() {
			await step('close');
		},
	};
	return store;
}
