import type {HeldObject} from './s3-bucket.ts';
import {pageOf} from './store-server.ts';
import type {GivenPart, UploadInParts} from './s3-uploads.ts';

/** The XML of S3, as far as the stand-in speaks it. */

export function xml(root: string, content: string): string {
	return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`;
}

export function element(name: string, value: string | number | boolean): string {
	const escaped = String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
	return `<${name}>${escaped}</${name}>`;
}

/** One page of ListObjectsV2. */
export function listingXml(all: readonly HeldObject[], query: URLSearchParams, listSize = 1000): string {
	const size = Math.min(listSize, Number(query.get('max-keys') ?? listSize));
	const {page, next} = pageOf(all, query.get('continuation-token') ?? '', size);
	const isUrl = query.get('encoding-type') === 'url';
	const contents = page.map(({name, bytes, generation, createdMs}) => {
		const shown = isUrl ? encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%20', '+') : name;
		const time = element('LastModified', new Date(createdMs).toISOString());
		return `<Contents>${element('Key', shown)}${time}${element('ETag', generation)}${element('Size', bytes.length)}</Contents>`;
	});
	const token = next === undefined ? '' : element('NextContinuationToken', next);
	const facts = element('KeyCount', page.length) + element('IsTruncated', next !== undefined) + token;
	return xml('ListBucketResult', facts + (isUrl ? element('EncodingType', 'url') : '') + contents.join(''));
}

export function uploadsXml(uploads: readonly UploadInParts[]): string {
	const shown = uploads.map(({key, id, startedMs}) => {
		const time = element('Initiated', new Date(startedMs).toISOString());
		return `<Upload>${element('Key', key)}${element('UploadId', id)}${time}</Upload>`;
	});
	return xml('ListMultipartUploadsResult', element('IsTruncated', false) + shown.join(''));
}

/** The parts that a CompleteMultipartUpload lists. */
export function partsOf(body: string): GivenPart[] {
	return [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => {
		const [, algorithm, value] = /<Checksum(\w+)>([^<]+)</.exec(part) ?? [];
		return {
			number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
			etag: (/<ETag>([^<]+)</.exec(part)?.[1] ?? '').replaceAll('&quot;', '"'),
			checksum: algorithm === undefined ? undefined : {algorithm: algorithm.toLowerCase(), value: value!},
		};
	});
}
