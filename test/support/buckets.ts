import {createHash, randomBytes} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type {ObjectStore, Spooled} from '../../sinks/_objects/object-store.ts';
import {openGcsObjects} from '../../sinks/_gcs/objects.ts';
import {type Abilities, openBucket} from '../../sinks/_s3/client.ts';
import {s3Objects} from '../../sinks/_s3/objects.ts';
import gcs from '../../sinks/gcs.ts';
import s3 from '../../sinks/s3.ts';
import {awsEnvironment} from './aws-environment.ts';
import {startGcsServer} from './gcs-server.ts';
import {startS3Server} from './s3-server.ts';
import type {HeldObject, ObjectFacts} from './store-bucket.ts';
import type {StoreFault, StoreServer} from './store-server.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

/** What a spec asks of the bucket behind a stand-in. */
export interface HeldBucket {
	list(prefix?: string): readonly HeldObject[];
	get(name: string): HeldObject;
	has(name: string): boolean;
	put(name: string, content: ObjectFacts & {readonly bytes: Buffer}): HeldObject;
	remove(name: string): unknown;
	spoil(name: string): unknown;
	writesOf(name: string): number;
}

export interface BucketServer extends StoreServer {
	readonly bucket: HeldBucket;
}

/** What a user may not do. */
export type Deed = 'write' | 'read' | 'list' | 'remove';

/** How a stand-in is to be, in words of any of them. */
export interface BucketTraits {
	readonly retentionMs?: number;
	readonly listSize?: number;
	readonly mayNot?: readonly Deed[];
	readonly ignoresConditions?: boolean;
}

/** What stores are opened with in specs. */
export interface StoreTraits {
	readonly bucket?: string;
	readonly prefix?: string;
	readonly url: string | undefined;
	readonly spoolFolder: string;
	readonly timeoutMs?: number;
	readonly maxWaitMs?: number;
	readonly chunkBytes?: number;
	readonly region?: string;
	readonly insecure?: boolean;
	readonly signal?: AbortSignal;
	readonly can?: Partial<Abilities>;
	warn?(message: string): void;
}

/** A kind of bucket: its sink, its store and its stand-in. */
export interface BucketKind {
	readonly sink: typeof gcs | typeof s3;
	readonly scheme: string;
	/** The option that names another address. */
	readonly endpoint: 'apiEndpoint' | 'endpoint';
	readonly chunkBytes: number;
	readonly start: (traits?: BucketTraits) => Promise<BucketServer>;
	readonly open: (traits: StoreTraits) => Promise<ObjectStore>;
	/** The request that none may make who may not do this, and how the error names it. */
	readonly permissions: Readonly<Record<Deed, string>>;
	/** An answer that refuses the credentials, with secrets in it, and the way out. */
	readonly refusal: {readonly fault: StoreFault; readonly wayOut: RegExp};
	/** The way out where there is no such bucket, and where conditions are overlooked. */
	readonly wayOut: {readonly noBucket: RegExp; readonly unconditional: RegExp};
}

const waits = {maxAttempts: 3, retryBaseMs: 1, retryMaxMs: 1, maxWaitMs: 5_000, timeoutMs: 5_000};
const place = {bucket: 'evidence', prefix: 'archive/of'};
const unheard = () => ({signal: new AbortController().signal, warn() {}});

export const bucketKinds: Readonly<Record<'gcs' | 's3', BucketKind>> = {
	gcs: {
		sink: gcs,
		scheme: 'gs',
		endpoint: 'apiEndpoint',
		chunkBytes: 256 * 1024,
		async start({mayNot = [], ...traits} = {}) {
			const deeds = {write: 'create', read: 'get', list: 'list', remove: 'delete'} as const;
			return startGcsServer({...traits, denied: mayNot.map(deed => deeds[deed])});
		},
		open: async ({url, ...traits}) =>
			openGcsObjects({...place, ...waits, ...unheard(), chunkBytes: 256 * 1024, apiEndpoint: url, ...traits}),
		permissions: {write: 'objects.create', read: 'objects.get', list: 'objects.list', remove: 'objects.delete'},
		refusal: {
			fault: {status: 401, code: 'authError', message: 'Invalid Credentials\nAuthorization: Bearer ya29.secret'},
			wayOut: /Google refused the credentials.*gcloud auth application-default login/,
		},
		wayOut: {noBucket: /buckets create/, unconditional: /overlooks ifGenerationMatch.*use Google itself/},
	},
	s3: {
		sink: s3,
		scheme: 's3',
		endpoint: 'endpoint',
		chunkBytes: 64 * 1024,
		async start({mayNot = [], ignoresConditions, ...traits} = {}) {
			const deeds = {write: 'PutObject', read: 'GetObject', list: 'ListBucket', remove: 'DeleteObject'} as const;
			const ignored = ignoresConditions ? {ignoresConditions: ['put', 'complete', 'delete'] as const} : {};
			const denied = mayNot.map(deed => deeds[deed]);
			return startS3Server({...traits, ...ignored, denied, minPartBytes: 64 * 1024});
		},
		async open({url, can = {parts: true}, region, ...traits}) {
			const bucket = await openBucket({...place, ...waits, ...unheard(), endpoint: url, region, ...traits});
			Object.assign(bucket.can, can);
			return s3Objects(bucket, {chunkBytes: 64 * 1024, ...traits});
		},
		permissions: {write: 'PutObject', read: 'GetObject', list: 'ListBucket', remove: 'DeleteObject'},
		refusal: {
			fault: {
				status: 400,
				code: 'ExpiredToken',
				message: `The token has expired:\nhttps://x/?X-Amz-Signature=abc ${'ab1/'.repeat(80)}`,
			},
			wayOut: /the credentials were refused.*ExpiredToken.*aws sso login/,
		},
		wayOut: {noBucket: /aws s3 mb/, unconditional: /overlooks If-None-Match.*another store/},
	},
};

/** Objects that a store is tried on, which are no part of an archive. */
export function isProbe(name: string): boolean {
	return /\/(conditional|checked)-write$/.test(name);
}

/** A store of a kind and its stand-in, new ones for each test. */
export function storeUnderTest<Server extends BucketServer, Options>(
	kind: BucketKind,
	start: (options?: Options) => Promise<Server>,
) {
	const folder = temporaryFolder();
	const setVariables = awsEnvironment();
	let server: Server;
	let warnings: string[];
	let opened: ObjectStore[];

	async function restart(options?: Options): Promise<void> {
		await server?.close();
		server = await start(options);
	}
	beforeEach(async () => {
		await restart();
		[warnings, opened] = [[], []];
	});
	afterEach(async () => {
		for (const store of opened) await store.close?.();
		await server.close();
	});

	return {
		folder,
		setVariables,
		restart,
		server: () => server,
		warnings: () => warnings,
		async open(traits: Partial<StoreTraits> = {}): Promise<ObjectStore> {
			const warn = (message: string) => void warnings.push(message);
			const store = await kind.open({url: server.url, spoolFolder: folder(), warn, ...traits});
			opened.push(store);
			return store;
		},
		/** Of several requests, where nothing else is said. */
		spool: (content = randomBytes(2.5 * kind.chunkBytes)) => spoolOf(folder(), content),
	};
}

/** A file that is to become an object of some metadata, and what it holds. */
function spoolOf(folder: string, content: Buffer): Spooled & {readonly content: Buffer} {
	const sha256 = createHash('sha256').update(content).digest('hex');
	const file = path.join(folder, sha256);
	fs.writeFileSync(file, content);
	const metadata = {events: '7', 'first-id': 'ä€😀 %'};
	return {file, bytes: content.length, sha256, contentType: 'application/gzip', metadata, content};
}
