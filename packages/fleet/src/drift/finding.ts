import type { Instant, Json } from '@praxis/core';

/** How what is observed differs from what was blessed. */
export type FindingKind = 'missing' | 'changed' | 'unexpected';
/** How urgent a finding is. */
export type Severity = 'info' | 'warning' | 'critical';

/** How many entries each list of a finding's detail holds; the counts beside them are exact. */
export const DETAIL_ENTRIES_MAX = 50;
/** How many characters of canonical JSON one entry of a detail may take before it is left out. */
export const DETAIL_ENTRY_LENGTH_MAX = 4096;

/** A row that is on both sides with different columns. */
export interface ChangedEntry {
  readonly key: string;
  readonly before: Json;
  readonly after: Json;
}

/** What exactly differs, bounded for display; `counts` is exact. */
export interface FindingDetail {
  readonly added: readonly Json[];
  readonly removed: readonly Json[];
  readonly changed: readonly ChangedEntry[];
  readonly counts: { readonly added: number; readonly removed: number; readonly changed: number };
  /** True when entries were left out of the lists. */
  readonly truncated: boolean;
}

/** One difference between what is and what should be. */
export interface Finding {
  readonly subject: string;
  readonly predicate: string;
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly detail: FindingDetail;
  /** When the observed side became valid; null when nothing is observed. */
  readonly observedAt: Instant | null;
  /** True when the observation is older than the scan allows. */
  readonly stale: boolean;
}

/** Predicates whose drift is a way in: who may log on, what listens, what was tampered with. */
const CRITICAL_PREDICATES: ReadonlySet<string> = new Set([
  'file_integrity',
  'listening_ports',
  'ssh_config',
  'users',
]);

/**
 * The default severity: `file_integrity`, `listening_ports`, `ssh_config`, `users` and every `cis:`
 * predicate are critical; other unexpected facts are info; the rest is a warning.
 */
export function severityOf(predicate: string, kind: FindingKind): Severity {
  if (CRITICAL_PREDICATES.has(predicate) || predicate.startsWith('cis:')) return 'critical';
  return kind === 'unexpected' ? 'info' : 'warning';
}
