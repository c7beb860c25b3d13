import {z} from 'zod';
import {parseEndpoint} from '../lib/http/endpoint.ts';
import {ConfigError} from '../lib/model/errors.ts';
import {wholeNumber} from '../lib/options/options.ts';
import {bucketSink} from './_objects/bucket-sink.ts';
import {openBucket} from './_s3/client.ts';
import {s3Objects} from './_s3/objects.ts';

const mebibyte = 1024 * 1024;
/** Of all parts but the last, at AWS. */
const minPartBytes = 5 * mebibyte;

/**
 * Objects of gzipped NDJSON in Amazon S3, or in a store like it, by source and day, with a manifest that `verify` checks.
 *
 * What is in the bucket is never overwritten. Credentials come from AWS's own default chain. Needs
 * `npm install @aws-sdk/client-s3`. In a bucket with versions, what is removed behind a run that died stays as a version.
 */
export default bucketSink({
	name: 's3',
	docs:
		'Objects of NDJSON or Parquet in Amazon S3 or a store like it, s3:BUCKET/PREFIX, by source and day; exactly once, also ' +
		'under Object Lock. A store that keeps no conditions is refused; one that keeps them for single requests only, like ' +
		'Ceph RGW, gets each object in one. An object _rxaudit.manifest/conditional-write stays: it is what this is tried on. ' +
		"Credentials come from AWS's default chain: environment, profile, SSO or the machine's role. " +
		'Needs npm install @aws-sdk/client-s3.',
	needs: ['@aws-sdk/client-s3'],
	scheme: 's3',
	pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
	letters: '- and .',
	options: {
		region: z
			.string()
			.min(1)
			.optional()
			.describe("the region of the bucket; default: AWS_REGION, or that of AWS's own configuration"),
		endpoint: z
			.string()
			.optional()
			.describe('the address of another store that speaks S3, asked by path; default: AWS_ENDPOINT_URL, or AWS'),
		chunkBytes: wholeNumber(1, 1024 * mebibyte)
			.default(8 * mebibyte)
			.describe(
				'up to here an object is sent in one request, above in parts of this size, of which AWS takes none below ' +
					'5242880; held in memory, in bytes',
			),
	},
	check({endpoint, insecure, chunkBytes}) {
		if (endpoint !== undefined) parseEndpoint('s3', endpoint, insecure);
		else if (chunkBytes < minPartBytes) {
			const expected = `at least ${minPartBytes} at AWS`;
			throw ConfigError.of('s3', [{option: 'chunkBytes', expected, got: String(chunkBytes)}]);
		}
	},
	async openStore(options) {
		const {endpoint, region} = options;
		return s3Objects(await openBucket({...options, endpoint, region}), options);
	},
});
