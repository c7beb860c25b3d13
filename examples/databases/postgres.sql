CREATE TABLE audit_events (id text NOT NULL, time timestamptz NOT NULL, action text, event json);
CREATE TABLE audit_state (pipeline text PRIMARY KEY, version integer, checkpoint json);
CREATE TABLE audit_identities (pipeline text, version integer, bytes bytea, PRIMARY KEY (pipeline, version));
