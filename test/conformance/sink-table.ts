import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import Papa from 'papaparse';

/** A sink that writes files: how to point it at a folder of its own, and how another program reads what it holds. */
export interface FileSinkEntry {
	readonly options: (folder: string, ending: string) => Readonly<Record<string, unknown>>;
	/** The texts of its events; sorted where it keeps no order. */
	readonly read: (folder: string, ending: string) => string[];
	/** What may stand behind the name of its file. Default: nothing. */
	readonly endings?: readonly string[];
	readonly ordered: boolean;
	/** How a text stands in the file, where that is not as it is. */
	readonly written?: (text: string) => string;
}

/** A sink of which a folder says nothing: why, and which spec proves it. */
export interface OtherSinkEntry {
	readonly elsewhere: string;
}

/** Nothing where there is no file: one of no bytes is no gzip. */
function textIn(file: string): string {
	const bytes = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
	return (file.endsWith('.gz') && bytes.length > 0 ? gunzipSync(bytes) : bytes).toString();
}

const endings = ['', '.gz'];
const lines = (file: string) => textIn(file).split('\n').slice(0, -1);
/** Without the header. */
const rows = (file: string) => Papa.parse<string[]>(textIn(file)).data.slice(1, -1);

function filesBelow(folder: string, ending: string): string[] {
	const names = fs.readdirSync(folder, {recursive: true, encoding: 'utf8'});
	return names.filter(name => name.endsWith(ending)).map(name => fs.readFileSync(path.join(folder, name), 'utf8'));
}

/** One entry for each sink of the registry, by its name. */
export const sinkTable: Readonly<Partial<Record<string, FileSinkEntry | OtherSinkEntry>>> = {
	'atlassian-user-profile': {
		elsewhere: 'it changes users instead of keeping events; test/sinks/atlassian-user-profile.spec.ts',
	},
	'crowd-changeset': {
		elsewhere: "it stores events in Crowd's own log, of times and ids; test/sinks/crowd-changeset.spec.ts",
	},
	csv: {
		endings,
		options: (folder, ending) => ({path: path.join(folder, `events.csv${ending}`), columns: 'text'}),
		read: (folder, ending) => rows(path.join(folder, `events.csv${ending}`)).map(([text]) => text!),
		written: text => `"${text.replaceAll('"', '""')}"`,
		ordered: true,
	},
	filesystem: {
		options: folder => ({dir: path.join(folder, 'events')}),
		read: folder => filesBelow(path.join(folder, 'events'), '.json').sort(),
		ordered: false,
	},
	gcs: {elsewhere: 'it keeps objects in a bucket; test/conformance/bucket-sinks.spec.ts'},
	http: {
		elsewhere: 'it posts events to a receiver, which keeps them as it likes; test/sinks/http.spec.ts',
	},
	kafka: {elsewhere: 'it sends messages to a broker; test/sinks/kafka.spec.ts'},
	nats: {elsewhere: 'as kafka; test/sinks/nats.spec.ts'},
	ndjson: {
		endings,
		options: (folder, ending) => ({path: path.join(folder, `events.ndjson${ending}`)}),
		read: (folder, ending) => lines(path.join(folder, `events.ndjson${ending}`)),
		ordered: true,
	},
	parquet: {elsewhere: 'another program reads it, asynchronously; test/sinks/parquet.spec.ts, crashes.spec.ts'},
	s3: {elsewhere: 'as gcs'},
};

/** Those that write files: each has its cases in crashes.spec.ts and two-writers.spec.ts too. */
export const namesOfFileSinks = Object.entries(sinkTable).flatMap(([name, entry]) =>
	entry && 'read' in entry ? [name] : [],
);
