import type {SourceRecord} from '../model/page.ts';
import type {Lack} from '../state/state.ts';

/** How many records there were, and the times between which they lie, as `--since` and `--until` bound them. */
export class TimeSpan {
	events = 0;
	#fromMs = Infinity;
	#toMs = -Infinity;

	add(records: readonly Pick<SourceRecord, 'orderMs'>[]): void {
		this.events += records.length;
		for (const {orderMs} of records) {
			if (orderMs < this.#fromMs) this.#fromMs = orderMs;
			if (orderMs > this.#toMs) this.#toMs = orderMs;
		}
	}

	copy(): TimeSpan {
		const span = new TimeSpan();
		span.events = this.events;
		span.#fromMs = this.#fromMs;
		span.#toMs = this.#toMs;
		return span;
	}

	/** The span as something that a sink lacks; there must be events in it. */
	lack(reason: string): Lack {
		const [from, to] = [this.#fromMs, this.#toMs].map(ms => new Date(ms).toISOString());
		return {from: from!, to: to!, events: this.events, reason};
	}
}
