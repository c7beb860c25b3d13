import type {Observable} from 'rxjs';

/** What an Observable has said so far, and how to turn away from it. */
export interface Heard<T> {
	readonly values: T[];
	error: unknown;
	ended: 'error' | 'complete' | undefined;
	/** Resolves when it has ended, either way. */
	readonly over: Promise<void>;
	unsubscribe(): void;
}

export function listen<T>(stream: Observable<T>, onValue: (value: T) => void = () => {}): Heard<T> {
	let end!: () => void;
	const heard: Heard<T> = {
		values: [],
		error: undefined,
		ended: undefined,
		over: new Promise(resolve => (end = resolve)),
		unsubscribe: () => subscription.unsubscribe(),
	};
	const subscription = stream.subscribe({
		next(value) {
			heard.values.push(value);
			onValue(value);
		},
		error(error: unknown) {
			heard.error = error;
			heard.ended = 'error';
			end();
		},
		complete() {
			heard.ended = 'complete';
			end();
		},
	});
	return heard;
}

/** Lets everything happen that can happen without a timer or I/O. */
export async function settle(): Promise<void> {
	for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve));
}
