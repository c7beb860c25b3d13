import {fileName} from './file-name.ts';

/** What a layout is filled with. */
export interface EventPlace {
	readonly id: string;
	readonly timeMs: number;
	readonly source: string;
	readonly tenant: string;
}

/** The relative path of an event. Whatever the place says, it stays below the folder that it is joined to. */
export type EventPath = (place: EventPlace) => string;

const byDay = '{year}/{month}/{day}/{id}.json';

/** The layout where none is given: ids that are unique within a tenant only get a folder per tenant. */
export function defaultLayout(ids: 'global' | 'tenant'): string {
	return ids === 'global' ? byDay : `{source}/{tenant}/${byDay}`;
}

const placeholders: Readonly<Record<string, (place: EventPlace, time: Date) => string>> = {
	year: (_, time) => year(time),
	month: (_, time) => twoDigits(time.getUTCMonth() + 1),
	day: (_, time) => twoDigits(time.getUTCDate()),
	hour: (_, time) => twoDigits(time.getUTCHours()),
	date: (_, time) => `${year(time)}-${twoDigits(time.getUTCMonth() + 1)}-${twoDigits(time.getUTCDate())}`,
	id: place => fileName(place.id),
	source: place => fileName(place.source),
	tenant: place => fileName(place.tenant),
};

/** What is wrong with a layout of files, one per event, as the end of `expected …`, or undefined. */
export function layoutProblem(layout: string): string | undefined {
	return (
		pathProblem(layout, Object.keys(placeholders)) ??
		(layout.split('/').at(-1)!.includes('{id}') ? undefined : '{id} in the file name')
	);
}

/** What is wrong with a layout of partitions, each of many events, as the end of `expected …`, or undefined. */
export function partitionProblem(layout: string): string | undefined {
	return pathProblem(
		layout,
		Object.keys(placeholders).filter(name => name !== 'id'),
	);
}

function pathProblem(layout: string, names: readonly string[]): string | undefined {
	const used = Array.from(layout.matchAll(/\{([^{}]*)\}/g), match => match[1]!);
	if (!used.every(name => names.includes(name))) {
		return `placeholders among ${names.map(name => `{${name}}`).join(' ')}`;
	}
	if (/[{}\\\0]/.test(layout.replaceAll(/\{\w+\}/g, '')))
		return 'no brace outside a placeholder, no backslash and no NUL';
	if (layout.split('/').some(segment => segment === '' || segment.startsWith('.'))) {
		return 'a relative path whose parts are not empty and do not begin with a dot';
	}
	return undefined;
}

/** Compiles a layout that has no {@link layoutProblem}. */
export function eventPath(layout: string): EventPath {
	// Odd parts are placeholders.
	const parts = layout.split(/\{(\w+)\}/);
	return place => {
		const time = new Date(place.timeMs);
		let path = '';
		for (const [index, part] of parts.entries()) path += index % 2 === 0 ? part : placeholders[part]!(place, time);
		return path;
	};
}

function year(time: Date): string {
	return String(time.getUTCFullYear()).padStart(4, '0');
}

function twoDigits(value: number): string {
	return value < 10 ? `0${value}` : String(value);
}
