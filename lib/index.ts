/** The public API of rxaudit. Sources and sinks are imported by name: `rxaudit/sources/*`, `rxaudit/sinks/*`. */

// running
export {run} from './run/run.ts';
export type {Build, Report, Run, RunOptions} from './run/run.ts';
export type {Progress} from './model/meter.ts';
export {toAsyncIterable} from './run/to-async-iterable.ts';
export type {EventOf, Pages, PulledPage, PullOptions} from './run/to-async-iterable.ts';
export {toReadable, toWebStream} from './run/to-stream.ts';
export type {StreamOptions} from './run/to-stream.ts';
export {fromWritable} from './sink/from-writable.ts';
export type {WritableOptions} from './sink/from-writable.ts';
export {fileState} from './state/file-state.ts';
export {transactionalState} from './sink/transactional-state.ts';
export type {Transaction, TransactionalStateOptions} from './sink/transactional-state.ts';
export {deadLetters} from './source/dead-letters.ts';
export type {DeadLettersOptions} from './source/dead-letters.ts';
export {signer} from './sink/manifest.ts';

// operators
export {paginate} from './source/paginate.ts';
export type {Fetched, PaginateOptions, ReadPage} from './source/paginate.ts';
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
export {defineSource} from './source/define-source.ts';
export type {Source, SourceDefinition, SourceRequest, Window} from './source/define-source.ts';
export type {Mapping} from './source/mapping.ts';
export {defineOperation} from './source/define-operation.ts';
export {defineSink} from './sink/define-sink.ts';
export type {SinkDefinition, SinkFactory} from './sink/define-sink.ts';
export type {Accepted, Batch, CommitSize, Delivery, EventFormat, OpenSink, Sink, SinkContext} from './sink/sink.ts';
export type {Entry, Page, Product, Rejected, SourceFacts, SourceRecord} from './model/page.ts';
export type {Scan, SourcePosition} from './source/scan.ts';
export type {Start} from './model/start.ts';
export type {Checkpoint, Journal, Lack, StateStore, StoredCheckpoint} from './state/state.ts';
export type {Chain, SourceTally} from './sink/manifest.ts';
export type {Damage, Verification, VerifyOptions} from './sink/verification.ts';
export {auditEvent} from './model/event.ts';
export type {
	AuditActor,
	AuditAttribute,
	AuditChange,
	AuditCredential,
	AuditEvent,
	AuditOrigin,
	AuditPerson,
	AuditService,
	AuditTarget,
	Json,
} from './model/event.ts';
export {activities} from './model/activity.ts';
export type {ActionRules, Activity} from './model/activity.ts';
export {toEcs} from './schemas/ecs.ts';
export type {EcsEvent} from './schemas/ecs.ts';
export {toOcsf} from './schemas/ocsf.ts';
export type {OcsfEvent} from './schemas/ocsf.ts';

// errors
export {
	AuditError,
	AuthError,
	ConfigError,
	RateLimitError,
	SinkError,
	SourceError,
	StateError,
} from './model/errors.ts';
export type {ErrorCode} from './model/errors.ts';
