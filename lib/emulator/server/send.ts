import type {ServerResponse} from 'node:http';
import type {Answer} from './answer.ts';
import type {WireFault} from './faults.ts';

const MEGABYTE = 2 ** 20;
const BIG_MEGABYTES = 50;

/** Sends an answer as it is. */
export function send(response: ServerResponse, {status, headers, body}: Answer): void {
	response.writeHead(status, {...headers, 'content-length': String(body.length)}).end(body);
}

/** Sends an answer as a fault wants it. */
export function sendBadly(response: ServerResponse, answer: Answer, fault: WireFault): void {
	const {socket} = response;
	const half = Math.ceil(answer.body.length / 2);
	const sendHalf = (then?: () => void) => {
		response.writeHead(answer.status, {...answer.headers, 'content-length': String(answer.body.length)});
		response.write(answer.body.subarray(0, half), then);
	};
	switch (fault.kind) {
		case 'reset':
			if (fault.where === 'body') sendHalf(() => socket?.resetAndDestroy());
			else socket?.resetAndDestroy();
			return;
		case 'short':
			return sendHalf(() => socket?.end());
		case 'hang':
			return fault.where === 'body' ? sendHalf() : undefined;
		case 'drip':
			return drip(response, answer, fault.bytesPerSecond ?? 1);
		case 'big':
			return void sendBig(response, answer, fault.megabytes ?? BIG_MEGABYTES);
		case 'delay':
			later(response, fault.delayMs, () => send(response, answer));
	}
}

/** Calls back after a delay, unless the connection has gone by then. */
export function later(response: ServerResponse, delayMs: number, then: () => void): void {
	const timer = setTimeout(then, delayMs);
	response.once('close', () => clearTimeout(timer));
}

function drip(response: ServerResponse, {status, headers, body}: Answer, bytesPerSecond: number): void {
	response.writeHead(status, {...headers, 'content-length': String(body.length)}).flushHeaders();
	let sent = 0;
	const timer = setInterval(() => {
		response.write(body.subarray(sent, ++sent));
		if (sent < body.length) return;
		clearInterval(timer);
		response.end();
	}, 1000 / bytesPerSecond);
	response.once('close', () => clearInterval(timer));
}

async function sendBig(response: ServerResponse, {status, headers, body}: Answer, megabytes: number): Promise<void> {
	const length = body.length + megabytes * MEGABYTE;
	response.writeHead(status, {...headers, 'content-length': String(length)}).write(body.subarray(0, -1));
	const spaces = Buffer.alloc(MEGABYTE, ' ');
	const gone = new Promise<void>(resolve => response.once('close', resolve));
	for (let sent = 0; sent < megabytes && !response.destroyed; sent++) {
		if (response.write(spaces)) continue;
		await Promise.race([gone, new Promise<void>(resolve => response.once('drain', resolve))]);
	}
	response.end(body.subarray(-1));
}
