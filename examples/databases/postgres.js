// @ts-check
import {StateError, transactionalState} from 'rxaudit';

/**
 * Events as rows of audit_events, and the state of a pipeline, in the PostgreSQL database of a `pg.Client`.
 *
 * @param {{query(sql: string, values?: unknown[]): Promise<{rows: any[], rowCount: number | null}>}} client
 * @param {string} pipeline
 */
export function postgresState(client, pipeline) {
	const query = (/** @type {string} */ sql, /** @type {unknown[]} */ ...values) =>
		client.query(sql, [pipeline, ...values]);
	return transactionalState({
		name: 'postgres',
		target: 'audit_events',
		async load() {
			const lock = await query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held');
			if (!lock.rows[0].held) throw new StateError('STATE_LOCKED', `${pipeline}: another run is at work`);
			await query('INSERT INTO audit_state VALUES ($1, 0) ON CONFLICT DO NOTHING');
			const state = await query('SELECT version, checkpoint FROM audit_state WHERE pipeline = $1');
			const parts = await query('SELECT bytes FROM audit_identities WHERE pipeline = $1 ORDER BY version');
			return {...state.rows[0], identities: parts.rows.map(({bytes}) => bytes)};
		},
		close: () => query('SELECT pg_advisory_unlock(hashtextextended($1, 0))'),
		async commit({expectedVersion, version, checkpoint, events, identities: {bytes, replaces}}) {
			try {
				await client.query('BEGIN');
				const update = 'UPDATE audit_state SET version = $3, checkpoint = $4 WHERE pipeline = $1 AND version = $2';
				const {rowCount} = await query(update, expectedVersion, version, checkpoint);
				if (rowCount !== 1) throw new StateError('STATE_CONFLICT', `${pipeline}: another run has taken over`);
				const columns = [events.map(({id}) => id), events.map(({time}) => time), events.map(({action}) => action)];
				const texts = events.map(event => JSON.stringify(event)).join('\n'); // one text is sent faster than a list
				const rows = "unnest($1::text[], $2::timestamptz[], $3::text[], string_to_array($4, E'\\n')::json[])";
				const insert = `INSERT INTO audit_events (id, time, action, event) SELECT * FROM ${rows}`;
				await client.query(insert, [...columns, texts]);
				if (replaces) await query('DELETE FROM audit_identities WHERE pipeline = $1');
				if (bytes.length > 0) await query('INSERT INTO audit_identities VALUES ($1, $2, $3)', version, bytes);
				await client.query('COMMIT');
			} catch (error) {
				await client.query('ROLLBACK').catch(() => {});
				throw error;
			}
		},
	});
}
