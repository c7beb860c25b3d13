import type {Clock} from '../model/clock.ts';
import type {Meter} from '../model/meter.ts';
import {dateMs} from './retry-after.ts';

/** Two clocks that are less apart than this need no word. */
const toleratedMs = 5 * 60_000;

/**
 * Warns once a run where the server's clock is far from ours: bounds are ours, the times of the records are the
 * server's. An answer from a cache is as old as it says and tells nothing.
 */
export function checkServerClock(
	headers: Readonly<Record<string, unknown>>,
	{name, meter, clock}: {readonly name: string; readonly meter: Meter; readonly clock: Clock},
): void {
	const {date} = headers;
	const said = typeof date === 'string' ? dateMs(date) : undefined;
	if (said === undefined || headers['age'] !== undefined) return;
	const apartMs = said - clock.now();
	meter.clockAheadMs = apartMs;
	if (Math.abs(apartMs) <= toleratedMs) return;
	const warning = `${name}: the server's clock is`;
	if (meter.warnings.some(line => line.startsWith(warning))) return;
	const minutes = Math.round(Math.abs(apartMs) / 60_000);
	const apart = minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
	meter.warn(
		`${warning} ${apart} ${apartMs > 0 ? 'ahead of' : 'behind'} ours; set right the one that is wrong, for until and spans like 24h are by ours, records by the server's`,
	);
}
