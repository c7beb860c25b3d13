import assert from 'node:assert/strict';
import fs from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {ConfigError} from '../../../lib/model/errors.ts';
import {checkAppendable} from '../../../sinks/_csv/append.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

describe('a CSV file that is to be continued', () => {
	const folder = temporaryFolder();
	const header = 'id,time\r\n';

	for (const suffix of ['', '.gz']) {
		const check = (text: string) => {
			const path = join(folder(), `events.csv${suffix}`);
			const bytes = Buffer.from(text);
			fs.writeFileSync(path, suffix ? gzipSync(bytes) : bytes);
			return checkAppendable(path, header);
		};
		const refuses = (text: string, message: RegExp) =>
			assert.rejects(
				check(text),
				(error: unknown) => error instanceof ConfigError && message.test(error.message),
				JSON.stringify(text),
			);

		it(`is empty, or has this header and whole rows${suffix}`, async () => {
			const rows = '1,2\r\n"a ""quoted"" word","and a\r\nline break"\r\n';
			for (const text of ['', '\ufeff', header, `\ufeff${header}`, header + rows, header + rows.repeat(10_000)]) {
				await check(text);
			}
		});

		it(`has no other header${suffix}`, async () => {
			for (const text of ['time,id\r\n', 'id\r\n', 'id,time', 'id;time\r\n', 'id,time\n', 'id,time,source\r\n', 'x']) {
				await refuses(text, /events\.csv.*expected the header "id,time\\r\\n", got/);
			}
		});

		it(`does not end in the middle of a row${suffix}`, async () => {
			for (const row of ['1', '1,2\n', '1,"2\r\n', '"1,2\r\n"",\r\n', `${'"1"\r\n'.repeat(50_000)}"`]) {
				await refuses(header + row, /ends in the middle of a row/);
			}
		});
	}

	it('is missing, or is refused by whoever opens it', async () => {
		await checkAppendable(join(folder(), 'missing.csv'), header);
		await checkAppendable(folder(), header);
		fs.writeFileSync(join(folder(), 'plain.gz'), 'no gzip');
		await checkAppendable(join(folder(), 'plain.gz'), header);
	});
});
