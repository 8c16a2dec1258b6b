import type { Instant, Json } from '@praxis/core';

/** Where a fact stands: seen, wanted, a finding between the two, or blessed by an operator. */
export type FactType = 'observed' | 'desired' | 'drift' | 'known_good';

/** Every fact type. */
export const FACT_TYPES: readonly FactType[] = ['observed', 'desired', 'drift', 'known_good'];

/** Whether something is a fact type. */
export function isFactType(value: unknown): value is FactType {
  return typeof value === 'string' && (FACT_TYPES as readonly string[]).includes(value);
}

/** Who may read a fact. Set by configuration or an operator, never by what a collector reports. */
export type FactClassification = 'public' | 'internal' | 'restricted';

/** From open to closed. */
export const FACT_CLASSIFICATIONS: readonly FactClassification[] = ['public', 'internal', 'restricted'];

/** What one value is about. For each key, at each valid instant, at most one value is believed. */
export interface FactKey {
  subject: string;
  predicate: string;
  factType: FactType;
  valueKey: string;
}

/**
 * One version of one belief: `value` holds over the half-open valid period `[validFrom, validTo)` and
 * was believed over the half-open transaction period `[recordedAt, supersededAt)`; null means
 * "without end". Instants are microseconds UTC.
 */
export interface Fact extends FactKey {
  factId: string;
  /** The other end when the fact is an edge (`predicate` is then the relation), else null. */
  target: string | null;
  value: Json;
  validFrom: Instant;
  validTo: Instant | null;
  recordedAt: Instant;
  supersededAt: Instant | null;
  actor: string;
  reason: string;
  supersededActor: string | null;
  supersededReason: string | null;
  source: string | null;
  /** Between 0 and 1, or null when nothing was said. */
  confidence: number | null;
  classification: FactClassification;
  /** SHA-256 of key, target, value and confidence: the token for compare-and-set. */
  contentHash: string;
  lastObservedAt: Instant;
  observationCount: number;
}

/** A fact as a backend keeps it: the classification is a matter of the rules in force at reading. */
export type StoredFact = Omit<Fact, 'classification'>;

/** The kind of a subject `kind:name`: what stands before the first colon. */
export function kindOf(subject: string): string {
  return subject.slice(0, subject.indexOf(':'));
}
