import type { Instant, Json } from '@praxis/core';

/** The part of a believed fact that drift looks at. */
export interface DriftFact {
  readonly subject: string;
  readonly predicate: string;
  readonly valueKey: string;
  readonly value: Json;
  readonly lastObservedAt: Instant;
}

/** A question for what is believed now. */
export interface DriftQuery {
  subject?: string;
  predicate?: string;
  factType?: 'observed' | 'desired' | 'drift' | 'known_good';
  allowRestricted?: boolean;
  cursor?: string;
}

/** One page of facts; `withheld` counts the restricted ones left out, `next` is the cursor of the page after it. */
export interface DriftPage {
  readonly facts: readonly DriftFact[];
  readonly withheld: number;
  readonly next: string | null;
}

/** A blessed value on its way into the store. */
export interface DriftPut {
  subject: string;
  predicate: string;
  valueKey: string;
  factType: 'known_good';
  value: Json;
  actor: string;
  reason: string;
  source: string;
}

/** A blessed value that is no longer to hold. */
export interface DriftEnd {
  subject: string;
  predicate: string;
  valueKey: string;
  factType: 'known_good';
  actor: string;
  reason: string;
}

/** What drift needs to read; every fact store has it. */
export interface DriftReader {
  query(query: DriftQuery): Promise<DriftPage>;
}

/** What blessing needs besides. */
export interface DriftWriter extends DriftReader {
  putMany(facts: readonly DriftPut[]): Promise<unknown>;
  end(end: DriftEnd): Promise<unknown>;
}
