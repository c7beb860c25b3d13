/** Who and what the records of all APIs are about. */

export interface Person {
	readonly id: string;
	readonly name: string;
	/** Not an address for apps: the real API says "Atlassian app". */
	readonly email: string;
	readonly type: 'atlassian' | 'app' | 'customer';
}

const names = [
	'Lila Smalls|Mia Krystof|Emma Richards|Zoë Ångström|José Núñez|Łukasz Żółkiewski|李雷|田中 さくら|محمد علي',
	'Δημήτρης Παππάς|O\'Brien, "Bob"|Back\\Slash|Tab\tName|Two\nLines|🦊 Fox 👩‍💻|=SUM(A1:A9)|Nguyễn Thị Hương',
	"Anna-Lena|X Æ A-12|Null|undefined|Line\u2028Separator|Robert'); DROP TABLE|Ömer",
].flatMap(line => line.split('|'));

export const people: readonly Person[] = [
	...names.map((name, index): Person => ({
		id: `${index % 4 === 3 ? '5b10a2844c20165700ede2' : '712020:6f2d1c8e-4b1a-4c3d-9e5f-0a1b2c3d4e'}${index + 10}`,
		name,
		email: `user${index}@example.${index % 3 === 0 ? 'com' : 'io'}`,
		type: index % 9 === 8 ? 'customer' : 'atlassian',
	})),
	{id: 'confluence', name: 'Confluence', email: 'Atlassian app', type: 'app'},
	{id: '557058:f58131cb-b67d-43c7-b30d-6b58d40bd077', name: 'Automation for Jira', email: 'Atlassian app', type: 'app'},
];

export const groups = ['site-admins', 'jira-users', 'org-admins', 'Vertrieb & Co <süd>', 'readers'];
export const spaces = ['Engineering', 'Human Resources', 'Überblick', 'Security 🔐'];

/** The cells of a table, a line each, `|` between them. */
export function rowsOf(table: string): string[][] {
	return table
		.trim()
		.split('\n')
		.map(line => line.split('|').map(cell => cell.trim()));
}
