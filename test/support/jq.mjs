#!/usr/bin/env node
// The little of jq that the README's examples use, for machines without it: [-r|-c] .path.of.members
import {createInterface} from 'node:readline';

const [path, ...flags] = process.argv.slice(2).reverse();
const members = path.split('.').filter(Boolean);
for await (const line of createInterface({input: process.stdin})) {
	const value = members.reduce((inner, member) => inner?.[member] ?? null, JSON.parse(line));
	process.stdout.write(`${flags.includes('-r') && typeof value === 'string' ? value : JSON.stringify(value)}\n`);
}
