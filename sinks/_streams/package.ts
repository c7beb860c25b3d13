import {ConfigError} from '../../lib/model/errors.ts';
import {errnoOf} from '../_files/file-errors.ts';

/** A package that is installed apart. Rejects with a ConfigError that says how, where it is not. */
export async function installed<T>(sink: string, packages: readonly string[], load: () => Promise<T>): Promise<T> {
	try {
		return await load();
	} catch (cause) {
		if (errnoOf(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
		throw new ConfigError(
			`${sink}: expected ${packages.join(' and ')}, which is installed apart, where rxaudit is: ` +
				`npm install ${packages.join(' ')}, with --global where rxaudit is global`,
			{cause},
		);
	}
}
