import assert from 'node:assert/strict';
import {isExpired, stampOf} from '../../lib/emulator/server/cursor-life.ts';
import type {ApiRequest} from '../../lib/emulator/server/route.ts';

const request = {number: 7} as ApiRequest;

describe('emulator/cursor-life', () => {
	it('stamps only where it matters', () => {
		const endless = {now: () => 5, cursorTtlMs: undefined, cursorTtlRequests: undefined};
		assert.deepEqual(stampOf(endless, request, false), {issuedMs: 0, request: 0});
		assert.deepEqual(stampOf(endless, request, true), {issuedMs: 0, request: 7});
		assert.deepEqual(stampOf({...endless, cursorTtlMs: 1}, request, false), {issuedMs: 5, request: 0});
		assert.ok(!isExpired(endless, {issuedMs: 0, request: 0}, request));
	});

	it('ends by time or by requests', () => {
		const life = {now: () => 10, cursorTtlMs: 5, cursorTtlRequests: 3};
		assert.ok(!isExpired(life, {issuedMs: 5, request: 4}, request));
		assert.ok(isExpired(life, {issuedMs: 4, request: 4}, request));
		assert.ok(isExpired(life, {issuedMs: 5, request: 3}, request));
	});
});
