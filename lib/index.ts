/** The public API of rxaudit. Sources and sinks are imported by name: `rxaudit/sources/*`, `rxaudit/sinks/*`. */

// running
export {run} from './pipeline.ts';
export type {Build, Report, Run, RunOptions} from './pipeline.ts';
export type {Progress} from './meter.ts';
export {fileState} from './file-state.ts';
export {deadLetters} from './dead-letters.ts';
export type {DeadLettersOptions} from './dead-letters.ts';
export {signer} from './manifest.ts';

// operators
export {paginate} from './operators/paginate.ts';
export type {Answer, PaginateOptions, ReadPage} from './operators/paginate.ts';
export {normalize} from './operators/normalize.ts';
export type {NormalizeOptions} from './operators/normalize.ts';
export {ecs} from './operators/ecs.ts';
export {ocsf} from './operators/ocsf.ts';
export {enrich} from './operators/enrich.ts';
export type {EnrichOptions} from './operators/enrich.ts';
export {redact} from './operators/redact.ts';
export type {RedactOptions} from './operators/redact.ts';
export {select} from './operators/select.ts';
export {dedupe} from './operators/dedupe.ts';
export type {DedupeOptions} from './operators/dedupe.ts';
export {rateLimit} from './operators/rate-limit.ts';
export type {RateLimitOptions} from './operators/rate-limit.ts';
export {mapEvents} from './operators/map-events.ts';
export {filterEvents} from './operators/filter-events.ts';
export {toEvents} from './operators/to-events.ts';

// contracts
export {defineSource} from './source.ts';
export type {NormalizedMembers, Source, SourceDefinition, SourceRequest, Window} from './source.ts';
export {defineOperation} from './define-operation.ts';
export {defineSink} from './define-sink.ts';
export type {SinkDefinition, SinkFactory} from './define-sink.ts';
export type {Accepted, Batch, CommitSize, Delivery, EventFormat, OpenSink, Sink, SinkContext} from './sink.ts';
export type {Page, Product, Rejected, SourceFacts, SourceRecord} from './page.ts';
export type {Scan, SourcePosition} from './scan.ts';
export type {Start} from './start.ts';
export type {Checkpoint, Journal, Lack, StateStore, StoredCheckpoint} from './state.ts';
export type {Chain, SourceTally} from './manifest.ts';
export type {Damage, Verification, VerifyOptions} from './verification.ts';
export {auditEvent} from './event.ts';
export type {
	AuditActor,
	AuditChange,
	AuditCredential,
	AuditEvent,
	AuditOrigin,
	AuditPerson,
	AuditService,
	AuditTarget,
	Json,
} from './event.ts';
export {activities} from './activity.ts';
export type {ActionRules, Activity} from './activity.ts';
export {toEcs} from './schemas/ecs.ts';
export type {EcsEvent} from './schemas/ecs.ts';
export {toOcsf} from './schemas/ocsf.ts';
export type {OcsfEvent} from './schemas/ocsf.ts';

// errors
export {AuditError, AuthError, ConfigError, RateLimitError, SinkError, SourceError, StateError} from './errors.ts';
export type {ErrorCode} from './errors.ts';
