import type { Instant, Json, JsonObject } from '@praxis/core';

/** The largest telemetry text accepted, in characters (UTF-16 code units). */
export const TELEMETRY_LENGTH_MAX: number = 4_194_304;
/** How deep telemetry may nest, in levels. */
export const TELEMETRY_DEPTH_MAX = 100;
/** How many typed facts one parse yields at most. */
export const TYPED_FACTS_MAX = 20_000;

/** A source of telemetry that praxis can read. */
export type CollectorName = 'osquery' | 'aide' | 'probe' | 'talos' | 'cis';
/** Every collector. */
export const COLLECTOR_NAMES: readonly CollectorName[] = ['osquery', 'aide', 'probe', 'talos', 'cis'];

/** Why telemetry was not believed, or only in part. Stable. */
export type CollectErrorCode =
  | 'collector_unknown'
  | 'payload_too_large'
  | 'empty'
  | 'invalid_json'
  | 'too_deep'
  | 'not_a_table'
  | 'not_an_object'
  | 'report_unrecognised'
  | 'report_incomplete'
  | 'value_unusable'
  | 'limit_reached'
  | 'internal';

/** What of a telemetry text was not believed; the message is for people. */
export interface CollectError {
  readonly code: CollectErrorCode;
  readonly message: string;
}

/** What was seen, in the shape baselines are compared in. Never carries a classification of its own. */
export interface CollectedFact {
  readonly subject: string;
  readonly predicate: string;
  readonly factType: 'observed';
  readonly value: JsonObject;
}

/** The same observation as a fact about one entity: `package:openssl@web1`, `identity:root@web1`. */
export interface TypedFact {
  readonly subject: string;
  readonly predicate: string;
  readonly factType: 'observed';
  readonly value: Json;
  readonly valueKey?: string;
}

/** What a telemetry text came to: facts as baselines compare them, the same as facts about entities, and what was left out. */
export interface ParsedTelemetry {
  readonly facts: readonly CollectedFact[];
  readonly typed: readonly TypedFact[];
  readonly errors: readonly CollectError[];
}

/** Telemetry as it arrives: text nobody vouches for. */
export interface TelemetryInput {
  readonly collector: string;
  readonly subject: string;
  readonly predicate?: string | null | undefined;
  readonly raw: string;
  readonly now: Instant;
}

/** One collector: pure, total, linear in the length of `raw`. */
export type CollectorParser = (input: {
  readonly subject: string;
  readonly predicate: string | null;
  readonly raw: string;
}) => ParsedTelemetry;

/** One observed fact. */
export function observed(subject: string, predicate: string, value: JsonObject): CollectedFact {
  return { subject, predicate, factType: 'observed', value };
}

/** A result without facts. */
export function refused(code: CollectErrorCode, message: string): ParsedTelemetry {
  return { facts: [], typed: [], errors: [{ code, message }] };
}
