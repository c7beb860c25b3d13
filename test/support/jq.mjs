// The little of jq that the README's examples use, for machines without it: [-r] .path.of.members
const [path, ...flags] = process.argv.slice(2).reverse();
const members = path.split('.').filter(Boolean);
let rest = '';
process.stdin.setEncoding('utf8');
// not by readline, which takes U+2028 within a string for the end of a line
for await (const chunk of process.stdin) {
	const lines = (rest + chunk).split('\n');
	rest = lines.pop();
	for (const line of lines) {
		const value = members.reduce((inner, member) => inner?.[member] ?? null, JSON.parse(line));
		process.stdout.write(`${flags.includes('-r') && typeof value === 'string' ? value : JSON.stringify(value)}\n`);
	}
}
