/** What authors of sources and sinks need; `z` describes their options. */
export {z} from 'zod';
export {defineSource} from './source/define-source.ts';
export type {PageAnswer, Source, SourceDefinition, SourceRequest, Window} from './source/define-source.ts';
export {by, constant, each, first, json} from './source/words.ts';
export type {Mapping} from './source/mapping.ts';
export {defineOperation} from './source/define-operation.ts';
export {cursorInLink, linkOf} from './http/link.ts';
export {defineSink} from './sink/define-sink.ts';
export type {SinkDefinition, SinkFactory} from './sink/define-sink.ts';
export type {Accepted, Batch, CommitSize, Delivery, EventFormat, OpenSink, Sink, SinkContext} from './sink/sink.ts';
export type {ActionRules, Activity} from './model/activity.ts';
export {ConfigError, SinkError, SourceError} from './model/errors.ts';
export type {Rejected} from './model/page.ts';
export type {AuditEvent, Json} from './model/event.ts';
