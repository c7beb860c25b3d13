import assert from 'node:assert/strict';
import fc from 'fast-check';
import {createZoneTime, isTimeZone} from '../../lib/emulator/data/zone-time.ts';

describe('emulator/zone-time', () => {
	const helsinki = createZoneTime('Europe/Helsinki');

	it('shows the same local hour twice, with another offset', () => {
		const repeatMs = Date.UTC(2025, 9, 26, 1);
		assert.equal(helsinki.format(repeatMs - 1), '2025-10-26T03:59:59.999+0300');
		assert.equal(helsinki.format(repeatMs), '2025-10-26T03:00:00.000+0200');
	});

	it('knows zones west of Greenwich and of half hours', () => {
		assert.equal(createZoneTime('America/St_Johns').format(0), '1969-12-31T20:30:00.000-0330');
		assert.equal(createZoneTime('UTC').format(0), '1970-01-01T00:00:00.000+0000');
	});

	it('knows which zones there are', () => {
		assert.deepEqual(['Europe/Helsinki', 'UTC', 'Moon', ''].map(isTimeZone), [true, true, false, false]);
	});

	it('reads what it writes', () => {
		const zones = ['Europe/Helsinki', 'America/New_York', 'Asia/Kathmandu'].map(createZoneTime);
		fc.assert(
			fc.property(fc.integer({min: 1e12, max: 2e12}), fc.constantFrom(...zones), (timeMs, zone) => {
				assert.equal(zone.parse(zone.format(timeMs)), timeMs);
			}),
			{numRuns: 50},
		);
	});

	it('reads nothing else', () => {
		const wrong = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000+02:00', '2026-01-01T00:00:00+0200', 5, null];
		for (const value of wrong) assert.equal(helsinki.parse(value), undefined);
		assert.equal(helsinki.parse('2026-13-01T00:00:00.000+0200'), undefined);
	});
});
