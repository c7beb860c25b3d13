import type {S3} from '@aws-sdk/client-s3';
import type {CertificateOptions} from '../../lib/http/certificates.ts';
import {openClient} from './client.ts';
import {type BucketRetry, request} from '../_bucket/bucket-retry.ts';
import {s3Failures} from './errors.ts';

export interface S3BucketOptions extends BucketRetry, CertificateOptions {
	/** Without slashes at its ends; may be empty. */
	readonly prefix: string;
	readonly endpoint: string | undefined;
	readonly region: string | undefined;
	readonly timeoutMs: number;
	readonly insecure?: boolean;
}

/** What a store can do, beside what all of them can. */
export interface Abilities {
	/** It keeps to the condition of an upload in parts. Until that is known, objects go in one request each. */
	parts: boolean;
	/** It compares the checksums that it is sent, and shows none that it was only told. */
	checksums: boolean;
}

/** A bucket that exists and can be listed. */
export interface S3Bucket extends BucketRetry {
	/** As far as it is known. */
	readonly can: Abilities;
	readonly client: S3;
	/** What all keys begin with. */
	readonly root: string;
	/** For messages, for example `s3://bucket/prefix`. */
	readonly title: string;
	/** For messages: an object by its name below the root. */
	addressOf(name: string): string;
}

/**
 * Opens a bucket, with credentials from AWS's default chain. One request finds out whether there is such a bucket, in
 * this region and for these credentials: later ones, which have no body, could not tell.
 */
export async function openBucket(options: S3BucketOptions): Promise<S3Bucket> {
	const {bucket, prefix} = options;
	const client = await openClient(options);
	const root = prefix === '' ? '' : `${prefix}/`;
	const title = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
	try {
		const first = {Bucket: bucket, Prefix: root, MaxKeys: 1};
		await request(s3Failures, options, `use ${title}`, async aborting => client.listObjectsV2(first, aborting));
	} catch (error) {
		client.destroy();
		throw error;
	}
	const can = {parts: false, checksums: true};
	return {...options, can, client, root, title, addressOf: name => `s3://${bucket}/${root}${name}`};
}
