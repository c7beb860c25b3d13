import type {S3ServerOptions} from './s3-server.ts';

/** Stores that speak S3, each in its own way. */
export const storeKinds: Readonly<Record<string, S3ServerOptions>> = {
	'as at AWS': {},
	'like Ceph RGW': {
		ignoresConditions: ['complete', 'delete'],
		hidesChecksums: true,
		believesChecksums: true,
	},
	'like moto': {hidesPartCount: true},
	'without checksums': {hidesChecksums: true},
	'that believes checksums': {believesChecksums: true},
};
