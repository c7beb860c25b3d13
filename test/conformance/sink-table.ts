import fs from 'node:fs';
import path from 'node:path';
import Papa from 'papaparse';
import {startGcsServer} from '../support/gcs-server.ts';
import {type S3ServerOptions, startS3Server} from '../support/s3-server.ts';
import {storeKinds} from '../support/s3-stores.ts';
import {faultAt} from '../support/store-server.ts';
import {isProbe} from '../support/buckets.ts';

/** A sink that writes files: how to point it at a folder of its own, and how another program reads what it holds. */
export interface FileSinkEntry {
	readonly options: (folder: string) => Readonly<Record<string, unknown>>;
	/** The texts of its events; sorted where it keeps no order. */
	readonly read: (folder: string) => string[];
	readonly ordered: boolean;
	/** How a text stands in the file, where that is not as it is. */
	readonly written?: (text: string) => string;
}

/** A sink that changes what an API holds, so that a folder says nothing of it: why, and which spec proves it. */
export interface ApiSinkEntry {
	readonly writesBack: string;
}

/** A sink of whole objects in a store that a stand-in serves. Which spec: test/conformance/bucket-sinks.spec.ts. */
export interface BucketSinkEntry {
	/** For each kind of store that it may meet, how one starts. */
	readonly stores: Readonly<Record<string, (spoolDir: string) => Promise<StandIn>>>;
}

export interface StandIn {
	readonly options: Readonly<Record<string, unknown>>;
	/** The names of all objects of the archive, with their bytes. */
	readonly objects: () => ReadonlyMap<string, Uint8Array>;
	/** Makes every request that writes fail for good, or work again. */
	fail(on: boolean): void;
	close(): Promise<void>;
}

async function startGcs(spoolDir: string): Promise<StandIn> {
	const server = await startGcsServer();
	return {
		options: {bucket: 'evidence/archive', apiEndpoint: server.url, spoolDir},
		objects: () => new Map(server.bucket.list().map(({name, bytes}) => [name, bytes])),
		fail: on => server.setFaults(on ? faultAt('put', {status: 400, code: 'invalid'}, 0, Infinity) : undefined),
		close: server.close,
	};
}

async function startS3(options: S3ServerOptions, spoolDir: string): Promise<StandIn> {
	const server = await startS3Server({minPartBytes: 1, ...options});
	const isRefused = (operation: string) => ['put', 'begin', 'complete'].includes(operation);
	return {
		options: {bucket: 'evidence/archive', endpoint: server.url, spoolDir, chunkBytes: 64},
		objects: () => {
			const own = server.bucket.list().filter(({name}) => !isProbe(name));
			return new Map(own.map(({name, bytes}) => [name, bytes]));
		},
		fail: on => server.setFaults(on ? operation => (isRefused(operation) ? {status: 400} : undefined) : undefined),
		close: server.close,
	};
}

const lines = (file: string) => fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
/** Without the header. */
const rows = (file: string) => Papa.parse<string[]>(fs.readFileSync(file, 'utf8')).data.slice(1, -1);

function filesBelow(folder: string, ending: string): string[] {
	const names = fs.readdirSync(folder, {recursive: true, encoding: 'utf8'});
	return names.filter(name => name.endsWith(ending)).map(name => fs.readFileSync(path.join(folder, name), 'utf8'));
}

/** One entry for each sink of the registry, by its name. */
export const sinkTable: Readonly<Partial<Record<string, FileSinkEntry | ApiSinkEntry | BucketSinkEntry>>> = {
	'atlassian-user-profile': {
		writesBack: 'it changes users instead of keeping events; test/sinks/atlassian-user-profile.spec.ts',
	},
	'crowd-changeset': {
		writesBack: "it stores events in Crowd's own log, of times and ids; test/sinks/crowd-changeset.spec.ts",
	},
	csv: {
		options: folder => ({path: path.join(folder, 'events.csv'), columns: 'text'}),
		read: folder => rows(path.join(folder, 'events.csv')).map(([text]) => text!),
		written: text => `"${text.replaceAll('"', '""')}"`,
		ordered: true,
	},
	filesystem: {
		options: folder => ({dir: path.join(folder, 'events')}),
		read: folder => filesBelow(path.join(folder, 'events'), '.json').sort(),
		ordered: false,
	},
	gcs: {stores: {'as at Google': startGcs}},
	http: {
		writesBack: 'it posts events to a receiver, which keeps them as it likes; test/sinks/http.spec.ts',
	},
	ndjson: {
		options: folder => ({path: path.join(folder, 'events.ndjson')}),
		read: folder => lines(path.join(folder, 'events.ndjson')),
		ordered: true,
	},
	s3: {
		stores: Object.fromEntries(
			Object.entries(storeKinds).map(([kind, options]) => [kind, async spoolDir => startS3(options, spoolDir)]),
		),
	},
};
