// @ts-check
import {StateError, transactionalState} from 'rxaudit';

/** @typedef {{run(...values: any[]): {changes: number | bigint}, get(...values: any[]): any, all(...values: any[]): any[]}} Statement */

/**
 * Events as rows of audit_events, and the state of a pipeline, in a SQLite database: a `DatabaseSync` of node:sqlite, or
 * of @photostructure/sqlite, or a `Database` of better-sqlite3.
 *
 * @param {{exec(sql: string): unknown, prepare(sql: string): Statement}} db
 * @param {string} pipeline
 */
export function sqliteState(db, pipeline) {
	return transactionalState({
		name: 'sqlite',
		target: 'audit_events',
		async load() {
			db.prepare('INSERT OR IGNORE INTO audit_state VALUES (?, 0, NULL)').run(pipeline);
			const state = db.prepare('SELECT version, checkpoint FROM audit_state WHERE pipeline = ?').get(pipeline);
			const parts = db.prepare('SELECT bytes FROM audit_identities WHERE pipeline = ? ORDER BY version').all(pipeline);
			return {...state, checkpoint: JSON.parse(state.checkpoint), identities: parts.map(({bytes}) => bytes)};
		},
		async commit({expectedVersion, version, checkpoint, events, identities: {bytes, replaces}}) {
			db.exec('BEGIN IMMEDIATE');
			try {
				const update = db.prepare(
					'UPDATE audit_state SET version = ?, checkpoint = ? WHERE pipeline = ? AND version = ?',
				);
				const {changes} = update.run(version, JSON.stringify(checkpoint), pipeline, expectedVersion);
				if (Number(changes) !== 1) throw new StateError('STATE_CONFLICT', `${pipeline}: another run has taken over`);
				const insert = db.prepare('INSERT INTO audit_events (id, time, action, event) VALUES (?, ?, ?, ?)');
				for (const event of events) insert.run(event.id, event.time, event.action ?? null, JSON.stringify(event));
				if (replaces) db.prepare('DELETE FROM audit_identities WHERE pipeline = ?').run(pipeline);
				if (bytes.length > 0) db.prepare('INSERT INTO audit_identities VALUES (?, ?, ?)').run(pipeline, version, bytes);
				db.exec('COMMIT');
			} catch (error) {
				db.exec('ROLLBACK');
				throw error;
			}
		},
	});
}
