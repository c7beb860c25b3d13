import {CRC32C} from '@google-cloud/storage';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {crc32c, crc32cText} from '../../../sinks/_gcs/upload.ts';

describe('crc32c', () => {
	it("agrees with Google's own, in one piece and in two", () => {
		fc.assert(
			fc.property(fc.uint8Array({maxLength: 300}), fc.nat(300), (bytes, at) => {
				const theirs = new CRC32C();
				theirs.update(Buffer.from(bytes));
				assert.equal(crc32cText(crc32c(bytes)), theirs.toString());
				assert.equal(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at))), crc32c(bytes));
			}),
		);
	});
});
