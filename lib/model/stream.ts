/** One subscription of a source: what became of the pages that it gave. */
export class PageStream {
	/** Names the source in the checkpoint: `name:tenant`, and `#2` behind it for a second one. */
	readonly key: string;
	/** How many pages it gave. */
	emitted = 0;
	/** The first page that has neither arrived at the sinks, in order, nor been acknowledged by an operator. */
	next = 0;
	/** The pages behind it that an operator acknowledged. */
	readonly acked = new Set<number>();
	/** How it ended: `left` when its subscriber turned away, or when it failed. */
	ended: 'complete' | 'left' | undefined;
	onAck: () => void = () => {};

	constructor(key: string) {
		this.key = key;
	}

	ack(sequence: number): void {
		if (sequence < this.next) return;
		this.acked.add(sequence);
		this.onAck();
	}
}
