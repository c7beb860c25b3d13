import type {ListMultipartUploadsOutput} from '@aws-sdk/client-s3';
import {objectOf} from '../_archive/archive-names.ts';
import {request} from '../_bucket/bucket-retry.ts';
import {refused} from '../_files/file-errors.ts';
import type {S3Bucket} from './bucket.ts';
import {failureOf, isPassing, s3Failures} from './errors.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** No object has it. */
const probe = 'rxaudit.manifest/conditional-write';

/** What a run does before it writes: `run` is the mark of the archive, where a state knows it. */
export async function beginWriting(bucket: S3Bucket, run: string | undefined): Promise<void> {
	await refuseUnconditional(bucket);
	await abortStaleUploads(bucket, run);
}

/** Some stores overlook conditions, so that of two writers the second would win. A proper one stores nothing here. */
async function refuseUnconditional({client, bucket, root, title, ...retry}: S3Bucket): Promise<void> {
	const at = {Bucket: bucket, Key: root + probe};
	const condition = {Body: 'x', IfMatch: '"00000000000000000000000000000000"'};
	const stored = await request(
		s3Failures,
		{bucket, ...retry},
		`use ${title}`,
		async aborting => client.putObject({...at, ...condition}, aborting),
		// Credentials that may not do this are found out by what is written.
		failure => (isPassing(failure) || failure.status === 501 ? undefined : 'refused'),
	);
	if (stored === 'refused') return;
	await request(s3Failures, {bucket, ...retry}, `use ${title}`, async aborting => client.deleteObject(at, aborting));
	throw refused(
		's3',
		`${title} is in a store that overlooks If-Match: two writers would overwrite each other's evidence`,
	);
}

/** Uploads in parts of runs that died are invisible, and paid for. Those of others may go on: they get a day. */
async function abortStaleUploads({client, bucket, root, title, signal, warn}: S3Bucket, run?: string): Promise<void> {
	const aborting = {abortSignal: signal};
	try {
		for (let next: object | undefined = {}; next !== undefined;) {
			const query = {Bucket: bucket, Prefix: root, ...next};
			const answer: ListMultipartUploadsOutput = await client.listMultipartUploads(query, aborting);
			for (const {Key = '', UploadId, Initiated} of answer.Uploads ?? []) {
				const object = objectOf(Key);
				const isOld = Initiated !== undefined && Date.now() - Initiated.getTime() > dayMs;
				if (!object || !(object.run === run || isOld)) continue;
				await client.abortMultipartUpload({Bucket: bucket, Key, UploadId}, aborting);
			}
			const {IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker} = answer;
			next = IsTruncated ? {KeyMarker, UploadIdMarker} : undefined;
		}
	} catch (error) {
		signal.throwIfAborted();
		const {message} = failureOf(error);
		warn(
			`s3: cannot look for uploads in ${title} that were left behind: ${message}; a lifecycle rule removes them too`,
		);
	}
}
