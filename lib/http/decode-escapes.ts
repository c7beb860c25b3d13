/** What templates write for the signs that tokens and passwords have: sign and name. */
const names =
	'&amp <lt >gt "quot \'apos !excl #num $dollar %percnt (lpar )rpar *ast *midast +plus ,comma .period /sol :colon ;semi ' +
	'=equals ?quest @commat [lsqb [lbrack \\bsol ]rsqb ]rbrack ^hat _lowbar _underbar `grave {lcub {lbrace |verbar |vert ' +
	'|verticalline }rcub }rbrace';
const signs = new Map([['nbsp', ' '], ...names.split(' ').map((pair): [string, string] => [pair.slice(1), pair[0]!])]);
const short: Readonly<Record<string, string>> = {b: '\b', f: '\f', n: '\n', r: '\r', t: '\t'};

const escapes =
	/(?<bytes>(?:%[0-9a-f]{2})+)|(?:&#x|\\u\{)0*(?<hex>[0-9a-f]{1,6})(?:;|\})?|(?:%u|\\u)(?<unit>[0-9a-f]{4})|\\x(?<byte>[0-9a-f]{2})|&#0*(?<decimal>\d{1,7});?|&(?<name>[a-z]+);?|\\(?<short>[bfnrt])/gi;

/** Escapes within escapes that anybody may mean; more are there to keep a reader busy. */
const maxDepth = 16;

/**
 * The text with its entities, percent and backslash escapes decoded, until there are none, and without backslashes. It
 * is for a search: what comes out need not be what anybody meant. Undefined where there is no end to them. Takes time in
 * proportion to the text.
 */
export function decodeEscapes(text: string): string | undefined {
	let read = text;
	for (let depth = 0; depth <= maxDepth; depth++) {
		// JSON within JSON doubles them again and again
		const next = read.replaceAll(/\\+/g, '\\').replaceAll(escapes, decoded);
		if (next === read) return next.replaceAll('\\', '');
		read = next;
	}
	return undefined;
}

function decoded(whole: string, ...rest: unknown[]): string {
	const found = rest.at(-1) as Readonly<Record<string, string | undefined>>;
	if (found['bytes'] !== undefined) return Buffer.from(whole.replaceAll('%', ''), 'hex').toString('utf8');
	if (found['name'] !== undefined) return signs.get(found['name'].toLowerCase()) ?? whole;
	if (found['short'] !== undefined) return short[found['short']] ?? whole;
	const hex = found['hex'] ?? found['unit'] ?? found['byte'];
	const code = hex === undefined ? Number(found['decimal']) : Number.parseInt(hex, 16);
	return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}
