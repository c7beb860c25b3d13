import {createHash, createHmac} from 'node:crypto';
import {commonMembers} from '../../model/event.ts';
import {memberTree} from '../../operators/member-tree.ts';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import {redact, type RedactOptions, type RedactPattern} from '../../operators/redact.ts';
import {select} from '../../operators/select.ts';
import {secretIn} from './credentials.ts';
import {type Flags, type FlagValues, textsIn, nearest} from './flags.ts';
import type {World} from '../world.ts';
import {inFlags} from './options.ts';

export const redactFlags: Flags = {
	redact: {
		value: 'MEMBER|email|ip|/REGEX/',
		repeat: true,
		help:
			'take out a member of the common record (actor.email) and its value in other texts, all addresses, or what ' +
			"matches; with it goes the record's own text. For --format raw: take out a whole member of the record",
	},
	'redact-key-file': {
		value: 'FILE',
		help: 'put pseudonyms in its place, the same for the same value, made with this key (else: RXAUDIT_REDACT_KEY)',
	},
	select: {
		value: 'MEMBER[,MEMBER]',
		repeat: true,
		help: 'write these members only, of the --format that is written',
	},
};

interface RedactionFlags {
	readonly redact?: RedactOptions;
	/** Members of the API's own records that are taken out. */
	readonly remove?: readonly string[];
	readonly select?: readonly string[];
	/** The state is bound to these flags: with others, or another key, the target would hold two kinds of events. */
	readonly binding: Readonly<Record<string, string>>;
}

/** What the flags ask for. Throws a ConfigError, before anything is opened, that never shows the key. */
export function redactionFrom(values: FlagValues, env: World['env'], format: string): RedactionFlags {
	const given = textsIn(values, 'redact');
	const hasKey = values['redact-key-file'] !== undefined;
	if (hasKey && given.length === 0) throw new ConfigError('--redact-key-file: expected --redact beside it, got none');
	const isRaw = format === 'raw';
	if (hasKey && isRaw) throw needsCommon('--redact-key-file', 'pseudonyms');
	const redacted = given.length > 0 && !isRaw ? redactOptions(given, values, env) : undefined;
	const selected = textsIn(values, 'select').flatMap(text => text.split(',').map(member => member.trim()));
	if (selected.length > 0) checkSelect(selected, format);
	return {
		...(redacted ? {redact: redacted} : {}),
		...(given.length > 0 && isRaw ? {remove: given.map(ownMember)} : {}),
		...(selected.length > 0 ? {select: selected} : {}),
		binding: {
			...(given.length > 0 ? {'--redact': JSON.stringify([...new Set(given.map(bound))].sort())} : {}),
			...(redacted?.key === undefined ? {} : {'--redact-key-file': fingerprint(redacted.key)}),
			...(selected.length > 0 ? {'--select': [...new Set(selected)].sort().join()} : {}),
		},
	};
}

function redactOptions(given: readonly string[], values: FlagValues, env: World['env']): RedactOptions {
	const patterns: RedactPattern[] = [];
	const members: string[] = [];
	for (const text of given) {
		const pattern = patternIn(text);
		if (pattern === undefined) members.push(commonMember(text));
		else patterns.push(pattern);
	}
	const options = {members, patterns, key: keyFrom(values['redact-key-file'], env)};
	inFlags(
		() => redact(options),
		() => '--redact',
	);
	return options;
}

function commonMember(member: string): string {
	const known = commonMembers();
	if (known.includes(member)) return member;
	throw new ConfigError(
		`--redact: expected email, ip, /REGEX/ or a member of the common record, got ${JSON.stringify(member)}` +
			nearest(member, known),
	);
}

/** A member of the API's own record: only its text says whether there is one of that name. */
function ownMember(member: string): string {
	if (patternIn(member) !== undefined) throw needsCommon('--redact', 'patterns');
	inFlags(
		() => memberTree('redact', [member]),
		() => '--redact',
	);
	// it would take out nothing, without a word
	if (!member.includes('.') || !commonMembers().includes(member)) return member;
	throw new ConfigError(
		`--redact: expected a member of the API's own record beside --format raw, got ${member} of the common record; ` +
			'rxaudit explain shows what it is made from',
	);
}

function needsCommon(flag: string, what: string): ConfigError {
	return new ConfigError(
		`${flag}: expected --format audit, ecs or ocsf beside it, got raw, of which whole members can be taken out: ` +
			`${what} stand in common records only`,
	);
}

function patternIn(text: string): RedactPattern | undefined {
	if (text === 'email' || text === 'ip') return text;
	if (!text.startsWith('/')) return undefined;
	const [, source, flags] = /^\/(.+)\/([imsu]*)$/s.exec(text) ?? [];
	if (source === undefined) {
		throw new ConfigError(
			'--redact: expected /REGEX/, if need be with the flags i, m, s or u behind it, got another end',
		);
	}
	try {
		return new RegExp(source, flags);
	} catch (error) {
		throw new ConfigError(`--redact: expected a regular expression of JavaScript, but ${reasonOf(error)}`);
	}
}

function keyFrom(file: FlagValues[string], env: World['env']): string | undefined {
	const isFile = typeof file === 'string';
	const key = isFile ? secretOf(file) : env['RXAUDIT_REDACT_KEY']?.trim() || undefined;
	if (key === undefined || Buffer.byteLength(key) >= 16) return key;
	throw new ConfigError(
		`${isFile ? '--redact-key-file' : 'RXAUDIT_REDACT_KEY'}: expected a key of at least 16 bytes, ` +
			`got ${Buffer.byteLength(key)}; openssl rand -hex 32 makes one`,
	);
}

function secretOf(file: string): string {
	const read = secretIn(file, '--redact-key-file') as () => string; // it reads files at once
	return read();
}

function checkSelect(members: readonly string[], format: string): void {
	if (format === 'raw') {
		throw new ConfigError(
			"--select: expected --format audit, ecs or ocsf beside it, got raw, which writes each record's own text",
		);
	}
	inFlags(
		() => select(members),
		() => '--select',
	);
}

/** How the state file names an expression: by its hash only, since it may hold somebody's name. */
function bound(text: string): string {
	return text.startsWith('/') ? `/${createHash('sha256').update(text).digest('hex').slice(0, 16)}/` : text;
}

/** Tells a key from another one, and nothing of what it is. */
function fingerprint(key: string | Uint8Array): string {
	return createHmac('sha256', key).update('rxaudit redact key').digest('hex').slice(0, 8);
}
