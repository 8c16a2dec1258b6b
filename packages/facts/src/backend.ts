import type { Instant } from '@praxis/core';

import type { FactType, FactClassification, FactKey, StoredFact } from './model.ts';
import type { PutFact } from './store.ts';
import type { Write } from './validate.ts';

/** What a write did. For an end `factId` and `contentHash` are null. */
export interface WriteOutcome {
  readonly recordedAt: Instant;
  readonly changed: boolean;
  readonly factId: string | null;
  readonly contentHash: string | null;
}

/** What has been recorded when a question was asked; pages of one answer share it. */
export interface Horizon {
  /** The latest instant of recording. */
  readonly recordedAt: Instant;
  /** The present: the clock, or the latest recording when the clock has stepped back behind it. */
  readonly now: Instant;
  /** Where transactions commit out of order: which of them were visible. */
  readonly snapshot: string | null;
}

/** What an embedded database has at once, and one over a network later: points are too quick to wait for nothing. */
export type NowOrLater<V> = V | Promise<V>;

/** Conditions a backend evaluates on its rows. */
export interface RowFilter {
  readonly subject?: string | undefined;
  /** The subject starts with the kind and a colon. */
  readonly kind?: string | undefined;
  readonly predicate?: string | undefined;
  readonly factType?: FactType | undefined;
  readonly valueKey?: string | undefined;
  readonly target?: string | undefined;
  readonly edge?: boolean | undefined;
  readonly validFromSince?: Instant | undefined;
  readonly observedSince?: Instant | undefined;
  readonly observedBefore?: Instant | undefined;
  /** Subjects (of edges: or targets) out of a set, for traversal. */
  readonly subjectIn?: readonly string[] | undefined;
  readonly targetIn?: readonly string[] | undefined;
  readonly predicateIn?: readonly string[] | undefined;
  readonly factIdIn?: readonly string[] | undefined;
  /** Every term is in the text of the fact; a term that ends in `*` is the beginning of a word. */
  readonly terms?: readonly string[] | undefined;
}

/** A period (or an instant, when `to` is one microsecond later) of validity, as believed when. */
export interface Visibility {
  readonly validFrom: Instant;
  readonly validTo: Instant;
  readonly recordedAt: Instant;
  readonly snapshot: string | null;
}

/** Rows visible at one point, in key order. */
export interface Scan {
  readonly filter: RowFilter;
  readonly visible: Visibility;
  /** Continue after this row, in key order. */
  readonly afterFactId: string | null;
  readonly rowsMax: number;
}

/** Versions up to a horizon, in order of recording. */
export interface HistoryScan {
  readonly filter: RowFilter;
  /** Rows recorded later do not exist yet; supersessions later have not happened yet. */
  readonly horizon: Horizon;
  readonly afterFactId: string | null;
  readonly rowsMax: number;
}

/** Rows visible at exactly one of two points, in key order. */
export interface DiffScan {
  readonly filter: RowFilter;
  readonly from: Visibility;
  readonly to: Visibility;
  /** Continue after all rows of the key of this row. */
  readonly afterFactId: string | null;
  readonly rowsMax: number;
}

/** A fact's vector, with what decides who may read it. */
export interface VectorRow {
  readonly factId: string;
  readonly subject: string;
  readonly predicate: string;
  readonly vector: Float32Array;
}

/** Vectors of rows visible at one point, in order of fact ids. */
export interface VectorScan extends Omit<Scan, 'afterFactId'> {
  readonly model: string;
  /** Continue after this row, in order of fact ids. */
  readonly afterFactId: string | null;
}

/** The vectors that are nearest by the database's own reckoning, nearest first. */
export interface NearestScan extends Omit<VectorScan, 'afterFactId'> {
  readonly vector: Float32Array;
}

/** A row of a diff scan: visible at exactly one of the two points. */
export interface DiffRow {
  readonly side: 'before' | 'after';
  readonly fact: StoredFact;
}

/** A classification rule in force. */
export interface ClassificationRule {
  readonly subject: string;
  readonly predicate: string;
  readonly classification: FactClassification;
}

/** A fact read at a point, with the rules that were in force when it was read. */
export interface PointAnswer {
  readonly fact: StoredFact;
  readonly rules: readonly ClassificationRule[];
}

/** Up to where everything is committed and nothing that comes later can fall before it. */
export interface SealBounds {
  readonly seq: number;
  readonly recordedAt: Instant;
  readonly ruleId: number;
}

/** A link of the chain: its hash covers the link before and all rows between their bounds. */
export interface Seal extends SealBounds {
  readonly sealId: number;
  readonly rowsSealed: number;
  readonly sealedAt: Instant;
  readonly hash: string;
}

/** How much of what is derived from facts does not fit them. */
export interface DerivedReport {
  /** Facts that are not indexed under exactly their words. */
  readonly textsWrong: number;
  /** Remembered answers to idempotency keys that are not those of a fact. */
  readonly answersWrong: number;
}

/** A row as a seal covers it, and what its content hash must be that of. */
export interface SealedRow {
  readonly position: readonly number[];
  /** What is hashed. */
  readonly text: string;
  /** Of a fact: its content, and the content hash beside it, which is not sealed. */
  readonly content?: {
    readonly key: FactKey;
    readonly value: string;
    readonly target: string | null;
    readonly confidence: number | null;
    readonly contentHash: string;
    /** Whether it says by whom it was superseded but not when, or the other way round. */
    readonly isHalfSuperseded: boolean;
  };
}

/** What a seal covers, each in an order that never changes. */
export type SealedRows = 'recorded' | 'superseded' | 'rules';

/**
 * What differs between the places facts are kept in. Order of keys is that of the UTF-8 bytes of
 * (subject, predicate, factType, valueKey), then `validFrom`, then the fact id as a number.
 */
export interface FactBackend {
  /** Applies the writes in one transaction, recorded at one instant; resolves when durable. */
  write(writes: readonly Write[]): Promise<readonly WriteOutcome[]>;
  /**
   * The same for many puts that are not checked yet, where the backend can write some while others are checked. Checks
   * all of them before it returns; null where `write` is the better way.
   */
  writeMany?(
    facts: readonly PutFact[],
    check: (fact: PutFact) => Write,
  ): Promise<readonly WriteOutcome[]> | null;
  /** Copies the store to a new file; absent where the database has tools of its own. */
  backup?(path: string): Promise<void>;
  horizon(): Promise<Horizon>;
  point(
    key: FactKey,
    at: { validAt: Instant | undefined; recordedAt: Instant | undefined },
  ): NowOrLater<PointAnswer | null>;
  /** In key order. */
  scan(scan: Scan): Promise<readonly StoredFact[]>;
  /** In order of (recordedAt, fact id). */
  history(scan: HistoryScan): Promise<readonly StoredFact[]>;
  /** In key order; rows of one key are adjacent, `before` first. */
  diff(scan: DiffScan): Promise<readonly DiffRow[]>;
  /** The vectors of visible facts, in order of fact ids as numbers. */
  vectors(scan: VectorScan): Promise<readonly VectorRow[]>;
  /**
   * The first rows of a ranking by cosine, of vectors of the same length, where the database can rank; it may round
   * otherwise than `nearestFacts`, which ranks them again. Null: it cannot now.
   */
  nearest?: ((scan: NearestScan) => Promise<readonly VectorRow[] | null>) | undefined;
  /** Keeps the vector of a content, once per model. */
  addVectors(model: string, vectors: readonly { contentHash: string; vector: Float32Array }[]): Promise<void>;
  /** Checks what the database can check of itself. Throws `STORE_CORRUPT`, and `STORE_TAMPERED` for time set back. */
  checkIntegrity(): NowOrLater<void>;
  sealBounds(): Promise<SealBounds>;
  /** Runs `work` while no other process seals, where the store can see to that; others wait for their turn. */
  sealAlone?<R>(work: () => Promise<R>): Promise<R>;
  /** All seals, oldest first. */
  seals(): Promise<readonly Seal[]>;
  /** Adds a link. Throws when another was added meanwhile. */
  addSeal(seal: Seal): Promise<void>;
  /** Rows between two bounds as JSON texts, continued by `skip`: their order is the chain's. */
  sealedRows(
    rows: SealedRows,
    bounds: { after: SealBounds; through: SealBounds },
    page: { skip: readonly number[] | null; rowsMax: number },
  ): Promise<readonly SealedRow[]>;
  /** Compares what is derived from facts with the facts; absent where nothing is derived. */
  verifyDerived?(): Promise<DerivedReport>;
  classificationRules(): NowOrLater<readonly ClassificationRule[]>;
  addClassificationRule(rule: ClassificationRule & { actor: string; reason: string }): Promise<void>;
  close(): Promise<void>;
}
