// A program of somebody else, for tools.spec.ts: no top-level await, since it becomes CommonJS as well. The two buckets
// are there for bundlers, which have to follow what they import.
import {fileState, normalize, run} from 'rxaudit';
import type {Report} from 'rxaudit';
import gcs from 'rxaudit/sinks/gcs';
import ndjson from 'rxaudit/sinks/ndjson';
import s3 from 'rxaudit/sinks/s3';
import orgEvents from 'rxaudit/sources/atlassian-org-events';

const {ENDPOINT: endpoint = '', FILE: path = ''} = process.env;
const source = orgEvents({endpoint, orgId: 'acme', token: 'emulator', since: '2000-01-01'});

export const sinks = [gcs, s3];
export const report: Promise<Report> = Promise.resolve(
	run(source.pipe(normalize()), [ndjson({path})], {state: fileState(`${path}.state`)}),
);
report.then(
	({events}) => console.log(events),
	error => {
		console.error(error);
		process.exitCode = 1;
	},
);
