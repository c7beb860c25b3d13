import type {HeldObject} from './s3-bucket.ts';
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
	const after = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString();
	const from = after === '' ? 0 : all.findIndex(({key}) => key === after) + 1;
	const page = all.slice(from, from + Math.min(listSize, Number(query.get('max-keys') ?? listSize)));
	const last = page.at(-1);
	const more = last !== undefined && last !== all.at(-1);
	const isUrl = query.get('encoding-type') === 'url';
	const contents = page.map(({key, bytes, etag, createdMs}) => {
		const shown = isUrl ? encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+') : key;
		const time = element('LastModified', new Date(createdMs).toISOString());
		return `<Contents>${element('Key', shown)}${time}${element('ETag', etag)}${element('Size', bytes.length)}</Contents>`;
	});
	const token = more ? element('NextContinuationToken', Buffer.from(last.key).toString('base64')) : '';
	const facts = element('KeyCount', page.length) + element('IsTruncated', more) + token;
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
