import {createHash} from 'node:crypto';
import type {Checkpoint, StoredCheckpoint} from './state.ts';

const formatVersion = 1;

/** How many bytes of a state file hold its version and checksum, and so tell it from any other. */
export const headBytes = 160;

/**
 * The text of a state file: one line of JSON. The checksum is the SHA-256 of that line as it would be without its
 * `checksum` member and line break, so that it covers the version too.
 */
export function formatState({checkpoint, version}: StoredCheckpoint): string {
	const text = JSON.stringify(checkpoint);
	return `${start(version)},"checksum":"${checksum(version, text)}","checkpoint":${text}}\n`;
}

/** Reads what {@link formatState} wrote, or says in `found` what is there instead. */
export function parseState(bytes: Buffer): StoredCheckpoint | {readonly found: string} {
	if (bytes.length === 0) return {found: 'an empty file'};
	const text = bytes.toString();
	const format = /^\{"rxaudit":"state","format":(\d+),/.exec(text)?.[1];
	if (format === undefined) return {found: 'something else'};
	if (format !== `${formatVersion}`) return {found: `format ${format}, which only a newer rxaudit may know`};
	const head = /^\{.*?,"version":(\d+),"checksum":"([0-9a-f]{64})","checkpoint":/.exec(text);
	if (head === null || !text.endsWith('}\n')) return {found: 'a truncated or altered file'};
	const version = Number(head[1]);
	// The head is ASCII, so that its length in characters is its length in bytes.
	const checkpoint = bytes.subarray(head[0].length, -2);
	if (checksum(version, checkpoint) !== head[2]) return {found: 'a wrong checksum'};
	return {checkpoint: JSON.parse(checkpoint.toString()) as Checkpoint, version};
}

function start(version: number): string {
	return `{"rxaudit":"state","format":${formatVersion},"version":${version}`;
}

function checksum(version: number, checkpoint: string | Uint8Array): string {
	return createHash('sha256')
		.update(`${start(version)},"checkpoint":`)
		.update(checkpoint)
		.update('}')
		.digest('hex');
}
