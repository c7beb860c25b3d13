import {createSpool, type Spool, type SpooledFile, type SpoolOptions} from './spool.ts';

/** A compressor takes up to 4 MB, and a page rarely touches more days than this. */
const maxOpen = 16;

/** Files in the making, by name: any number of them, of which few are open. */
export interface Spools {
	/** Resolves when the bytes are with the operating system, or in a compressor. */
	add(name: string, bytes: Uint8Array): Promise<void>;
	/** Ends them all; in the order in which they were begun. */
	finish(): Promise<ReadonlyMap<string, SpooledFile>>;
	/** Removes all files and begins anew. */
	discard(): void;
}

export function createSpools(options: SpoolOptions): Spools {
	const spools = new Map<string, Spool>();
	/** The one that was used last is the last. */
	const open = new Set<Spool>();

	async function use(name: string): Promise<Spool> {
		const spool = spools.get(name) ?? createSpool(options);
		spools.set(name, spool);
		open.delete(spool);
		for (const oldest of open) {
			if (open.size < maxOpen) break;
			open.delete(oldest);
			await oldest.park();
		}
		open.add(spool);
		return spool;
	}

	return {
		async add(name, bytes) {
			const spool = await use(name);
			await spool.add(bytes);
		},
		async finish() {
			const finished = new Map<string, SpooledFile>();
			for (const [name, spool] of spools) finished.set(name, await spool.finish());
			open.clear();
			return finished;
		},
		discard() {
			for (const spool of spools.values()) spool.discard();
			spools.clear();
			open.clear();
		},
	};
}
