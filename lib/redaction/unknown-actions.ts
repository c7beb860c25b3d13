/** An action of which nothing is left. */
const nameless = '[redacted]';

/**
 * How many events have an action that no rule knows, by what is left of it in its event; without a name where that
 * event is not in the page any more.
 */
export function actionsLeft(
	actions: ReadonlyMap<string, number>,
	before: readonly unknown[],
	after: readonly unknown[],
): ReadonlyMap<string, number> {
	const unseen = new Map(actions);
	const left = new Map<string, number>();
	const count = (action: string, times: number) => left.set(action, (left.get(action) ?? 0) + times);
	for (const [index, event] of before.entries()) {
		const action = actionOf(event);
		const times = action === undefined ? undefined : unseen.get(action);
		if (!times) continue;
		unseen.set(action!, times - 1);
		count(actionOf(after[index]) ?? nameless, 1);
	}
	const rest = [...unseen.values()].reduce((sum, times) => sum + times, 0);
	if (rest > 0) count(nameless, rest);
	return left;
}

function actionOf(event: unknown): string | undefined {
	const {action} = (event ?? {}) as {readonly action?: unknown};
	return typeof action === 'string' ? action : undefined;
}
