import {loadApis} from '../../lib/emulator/index.ts';
import {toEcs} from '../../lib/schemas/ecs.ts';
import {toOcsf} from '../../lib/schemas/ocsf.ts';
import {type MappedRecord, mapRecord} from '../../lib/source/common-record.ts';
import type {Source} from '../../lib/source/define-source.ts';
import {startEmulator} from './emulator.ts';
import {block, code, table} from './tables.ts';

/** A record of each source in each format. */
export async function examplesDoc(sources: readonly Source[]): Promise<string> {
	const apis = await loadApis();
	const emulator = await startEmulator({events: 400});
	try {
		const sections = sources.map(source => {
			const {name} = source;
			const texts = Array.from(emulator.api(name).records(), ({text}) => text);
			const tenant = apis.get(name)?.reading?.options ? 'acme' : 'example';
			return {name, mapped: richest(texts.map(text => mapRecord(source, text, tenant)))};
		});
		const links = (name: string) => `[example](#${name})`;
		return `# One record of each source in each format

Made from the code by \`npm run docs\`; a test compares. The records are the emulator's. All but \`raw\` are shown as with
\`--no-raw\`; without it the record's own text is in \`raw\`, \`event.original\` and \`raw_data\`.

${table(
	['source', '`--format raw`', '`--format audit`', '`--format ecs`', '`--format ocsf`'],
	sections.map(({name}) => [code(name), ...['raw', 'audit', 'ecs', 'ocsf'].map(format => links(`${name}-${format}`))]),
)}

${sections.map(({name, mapped}) => exampleSection(name, mapped)).join('\n')}`;
	} finally {
		await emulator.close();
	}
}

function exampleSection(name: string, {event, product, ownIds}: MappedRecord): string {
	const {raw, ...audit} = event;
	return [
		`## ${name}: raw\n\n${block(JSON.parse(raw!))}\n`,
		`## ${name}: audit\n\n${block(audit)}\n`,
		`## ${name}: ecs\n\n${block(toEcs(audit, {product}))}\n`,
		`## ${name}: ocsf\n\n${block(toOcsf(audit, {product, ownIds}))}\n`,
	].join('\n');
}

/** The one that says the most, the first of several. */
function richest(all: readonly MappedRecord[]): MappedRecord {
	return all.reduce((best, one) => (leavesOf(one.event) > leavesOf(best.event) ? one : best));
}

function leavesOf(value: object): number {
	const paths = new Set<string>();
	const walk = (inner: unknown, path: string): void => {
		if (typeof inner !== 'object' || inner === null) paths.add(path);
		else
			for (const [key, member] of Object.entries(inner)) walk(member, Array.isArray(inner) ? path : `${path}.${key}`);
	};
	walk(value, '');
	return paths.size;
}
