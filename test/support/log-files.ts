import fs from 'node:fs';
import path from 'node:path';

export interface LineFacts {
	/** What tells it from others; two lines with the same one are equal in all. */
	readonly number: number;
	/** Epoch milliseconds; default: a millisecond for each number. */
	readonly ms?: number;
	readonly system?: string;
	readonly node?: string;
	/** Makes it longer. */
	readonly filling?: string;
}

export const firstMs = Date.UTC(2026, 0, 31, 9);

/** A line as Data Center writes them, without its end. */
export function logLine({number, ms = firstMs + number, system, node, filling = ''}: LineFacts): string {
	return JSON.stringify({
		affectedObjects: [{id: `obj-${number}`, name: `Object ${number}${filling}`, type: 'PROJECT'}],
		auditType: {
			action: 'Project updated',
			actionI18nKey: 'jira.auditing.project.updated',
			area: 'LOCAL_CONFIG_AND_ADMINISTRATION',
			category: 'projects',
			categoryI18nKey: 'jira.auditing.category.projects',
			level: 'BASE',
		},
		author: {id: '10100', name: 'Nora Nilsson', type: 'ApplicationUser'},
		changedValues: [],
		extraAttributes: [],
		method: 'Browser',
		...(node ? {node} : {}),
		source: '192.0.2.31',
		system: system ?? 'https://jira.example.com/jira',
		timestamp: {epochSecond: Math.floor(ms / 1000), nano: (ms % 1000) * 1_000_000},
		version: '1.0',
	});
}

/** The line that stands in a file for a record of the API. */
export function lineOfRecord(text: string): string {
	const {timestamp, type, author, affectedObjects, ...rest} = JSON.parse(text) as {
		readonly timestamp: string;
		readonly type: object;
		readonly author: Readonly<Record<string, unknown>>;
		readonly affectedObjects: readonly Readonly<Record<string, unknown>>[];
	};
	const ms = Date.parse(timestamp);
	const {avatarUri: _, uri: _uri, ...person} = author;
	const objects = affectedObjects.map(({uri: _also, ...object}) => object);
	const line = {
		affectedObjects: objects,
		auditType: {...type, area: 'USER_MANAGEMENT', level: 'ADVANCED'},
		author: person,
		...rest,
		timestamp: {epochSecond: Math.floor(ms / 1000), nano: (ms % 1000) * 1_000_000},
		version: '1.0',
	};
	return JSON.stringify(line);
}

/** The name of a file, by its number within its day. */
export function logName(number: number, day = 31): string {
	return `202601${String(day).padStart(2, '0')}.${String(number).padStart(5, '0')}.audit.log`;
}

/** Writes behind what a file of a folder holds. */
export function appendLog(folder: string, name: string, ...lines: readonly string[]): void {
	fs.mkdirSync(folder, {recursive: true});
	fs.appendFileSync(path.join(folder, name), lines.map(line => `${line}\n`).join(''));
}
