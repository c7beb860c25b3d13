CREATE TABLE audit_events (id TEXT NOT NULL, time TEXT NOT NULL, action TEXT, event TEXT);
CREATE TABLE audit_state (pipeline TEXT PRIMARY KEY, version INTEGER, checkpoint TEXT);
CREATE TABLE audit_identities (pipeline TEXT, version INTEGER, bytes BLOB, PRIMARY KEY (pipeline, version));
