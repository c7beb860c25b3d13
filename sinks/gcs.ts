import {z} from 'zod';
import {parseEndpoint} from '../lib/http/endpoint.ts';
import {wholeNumber} from '../lib/options/options.ts';
import {openGcsObjects} from './_gcs/objects.ts';
import {bucketSink} from './_objects/bucket-sink.ts';

const mebibyte = 1024 * 1024;
/** Google takes chunks of multiples of this. */
const chunkUnitBytes = 256 * 1024;

/**
 * Objects of gzipped NDJSON in Google Cloud Storage, by source and day, with a manifest that `verify` checks.
 *
 * What is in the bucket is never overwritten. Credentials come from Google's own default chain.
 */
export default bucketSink({
	name: 'gcs',
	docs:
		'Objects of NDJSON or Parquet in Google Cloud Storage, gcs:BUCKET/PREFIX, by source and day; exactly once, also where a ' +
		'retention policy locks the bucket. Credentials come from gcloud auth application-default login, ' +
		'GOOGLE_APPLICATION_CREDENTIALS or the machine itself.',
	scheme: 'gs',
	pattern: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/,
	letters: '- _ and .',
	options: {
		apiEndpoint: z
			.string()
			.optional()
			.describe(
				'another address of the API, such as of Private Service Connect; default: STORAGE_EMULATOR_HOST, or Google',
			),
		chunkBytes: wholeNumber(chunkUnitBytes, 1024 * mebibyte)
			.refine(bytes => bytes % chunkUnitBytes === 0, {error: `expected a multiple of ${chunkUnitBytes}`})
			.default(8 * mebibyte)
			.describe('up to here an object is sent in one request, above in several; held in memory, in bytes'),
	},
	check({apiEndpoint, insecure}) {
		if (apiEndpoint !== undefined) parseEndpoint('gcs', apiEndpoint, insecure, 'apiEndpoint');
	},
	openStore: async options => openGcsObjects({...options, apiEndpoint: options.apiEndpoint}),
});
