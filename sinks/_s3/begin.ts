import type {ListMultipartUploadsOutput} from '@aws-sdk/client-s3';
import {objectOf} from '../_archive/archive-names.ts';
import type {S3Bucket} from './bucket.ts';
import {failureOf} from './errors.ts';
import {probeNames, probeStore} from './probe.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** What a run does before it writes: `run` is the mark of the archive, where a state knows it. */
export async function beginWriting(bucket: S3Bucket, run: string | undefined): Promise<void> {
	Object.assign(bucket.can, await probeStore(bucket));
	await abortStaleUploads(bucket, run);
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
				const isProbe = Key === root + probeNames.condition;
				const isOld = Initiated !== undefined && Date.now() - Initiated.getTime() > dayMs;
				if (!isProbe && !(object && (object.run === run || isOld))) continue;
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
