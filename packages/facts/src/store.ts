import type { Instant, Json } from '@praxis/core';

import type { Fact, FactClassification, FactType } from './model.ts';

/** A write of one value. Lengths are bounded by the constants of `bounds.ts`; instants are microseconds UTC. */
export interface PutFact {
  /** `kind:name`. */
  subject: string;
  predicate: string;
  /** Default `observed`. */
  factType?: FactType;
  value: Json;
  /** What makes a predicate multi-valued. Default: the empty string. */
  valueKey?: string;
  /** The other end, for an edge: `predicate` is its relation and `valueKey` defaults to the target. */
  target?: string;
  /** Default: the instant of recording. */
  validFrom?: Instant;
  /**
   * Absent: until the next later `validFrom` believed for the key, so that a late observation never
   * displaces a newer one. Given (or `infinity`): exactly this period, whatever was believed about it.
   */
  validTo?: Instant | 'infinity';
  /** Compare-and-set: the content hash believed at `validFrom`, null for none. */
  expected?: string | null;
  actor: string;
  reason: string;
  source?: string;
  /** Between 0 and 1. */
  confidence?: number;
  /** When it was seen. Default: the instant of recording. */
  observedAt?: Instant;
  /** A second put with the same key and content answers as the first did and changes nothing. */
  idempotencyKey?: string;
}

/** Removes belief over a valid period, without putting another in its place. */
export interface EndFact {
  subject: string;
  predicate: string;
  factType?: FactType;
  valueKey?: string;
  /** Default: the instant of recording. */
  validFrom?: Instant;
  /** Default `infinity`. */
  validTo?: Instant | 'infinity';
  expected?: string | null;
  actor: string;
  reason: string;
  idempotencyKey?: string;
}

/** What came of a put. */
export interface PutResult {
  /** The instant of the transaction, later than that of every transaction before it. */
  recordedAt: Instant;
  /** SHA-256 of what the fact says, lower-case hexadecimal: what `expected` takes. */
  contentHash: string;
  /** False when the same was believed already: then the observation was counted, no row written. */
  changed: boolean;
  /** Of the version that is believed now. */
  factId: string;
}

/** What came of an end. */
export interface EndResult {
  recordedAt: Instant;
  /** Nothing is believed now; null is what `expected` takes for that. */
  contentHash: null;
  changed: boolean;
}

/** A condition on a value. `path` is a JSON pointer (RFC 6901); the empty string is the whole value. */
export interface ValueCondition {
  path: string;
  /** `contains`: an array has the member, an object the key, a text the text. */
  op: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'contains' | 'exists';
  /** Not used by `exists`. */
  value?: Json;
}

/** Which facts are meant, whatever the instant. All conditions must hold. */
export interface FactFilter {
  subject?: string;
  /** The part of the subject before the colon. */
  kind?: string;
  predicate?: string;
  factType?: FactType;
  valueKey?: string;
  /** Edges to this subject only. */
  target?: string;
  /** True: edges only; false: no edges. */
  edge?: boolean;
  where?: readonly ValueCondition[];
}

/** What is common to all questions that answer in pages. */
export interface PageOptions {
  /** Default `PAGE_LIMIT_DEFAULT`, at most `PAGE_LIMIT_MAX`. */
  limit?: number;
  /** `next` of the page before: the same question, answered as of the same instants. */
  cursor?: string;
  /** Default false: restricted facts are left out and counted in `withheld`. */
  allowRestricted?: boolean;
}

/** Which facts, about which instants, as believed when. All conditions must hold. */
export interface FactQuery extends FactFilter, PageOptions {
  /** Full text: every word is in the subject, predicate or value; `word*` is the beginning of one. */
  text?: string;
  /** About which instant. Default: now. */
  validAt?: Instant;
  /** Instead of one instant: all versions whose valid period meets `[from, to)`. */
  validDuring?: { from: Instant; to: Instant };
  /** As believed when. Default: now. */
  recordedAt?: Instant;
  /** Only what became valid at or after this instant. */
  becameValidSince?: Instant;
  /** Only what was last observed at or after, or before, this instant. `observedBefore` finds the stale. */
  observedSince?: Instant;
  observedBefore?: Instant;
  /** Only what was last observed longer ago than this, in microseconds before now: later pages mean the same now. */
  notObservedForUs?: number;
}

/** One page of facts. */
export interface FactPage {
  facts: Fact[];
  /**
   * How many facts of this page's range were left out because they are restricted. Where the question asks for what
   * facts say, the first page counts all within its subjects, predicates, types and instants, and the others none.
   */
  withheld: number;
  /** The cursor of the next page, or null at the end. */
  next: string | null;
}

/** Whose versions. */
export interface HistoryQuery extends PageOptions {
  subject: string;
  predicate?: string;
  factType?: FactType;
  valueKey?: string;
}

/** A point on both axes; what is absent is now. */
export interface AsOf {
  validAt?: Instant;
  recordedAt?: Instant;
}

/** Which two points are compared, and for which facts. */
export interface DiffQuery extends Omit<FactFilter, 'where'>, PageOptions {
  from: AsOf;
  to: AsOf;
}

/** What one key says at two points. `changed`: something else; `added`, `removed`: nothing at one of them. */
export interface FactChange {
  change: 'added' | 'removed' | 'changed';
  before: Fact | null;
  after: Fact | null;
}

/** One page of differences. */
export interface DiffPage {
  changes: FactChange[];
  /** How many differences of this page's range were left out because they are restricted. */
  withheld: number;
  next: string | null;
}

/** A rule by pattern (`*` stands for any text). Of all rules that match, the most restrictive holds. */
export interface ClassifyFacts {
  subject: string;
  /** Default `*`. */
  predicate?: string;
  classification: FactClassification;
  actor: string;
  reason: string;
}

/** A walk over edges from one subject, as of a point. Throws `FACT_QUERY_INVALID` for bounds out of range. */
export interface TraverseQuery extends AsOf {
  from: string;
  /** `out` follows edges from subject to target; `in` finds who points here. Default `out`. */
  direction?: 'out' | 'in' | 'both';
  /** Only these predicates. Default: all edges. */
  relations?: readonly string[];
  factType?: FactType;
  /** How far to go, in edges. Default 8, at most `TRAVERSE_DEPTH_MAX`. */
  depthMax?: number;
  /** How many subjects to reach. Default 10,000, at most `TRAVERSE_SUBJECTS_MAX`. */
  subjectsMax?: number;
  /** Default false: restricted edges are not followed, and counted in `withheld`. */
  allowRestricted?: boolean;
}

/** A subject that can be reached, with the edges of a shortest path to it. */
export interface Reached {
  subject: string;
  depth: number;
  path: Fact[];
}

/** What a walk came to. */
export interface TraverseResult {
  /** Nearest first. */
  reached: Reached[];
  /** How many edges were not followed because they are restricted. */
  withheld: number;
  /** True when a bound was met: there may be more. */
  truncated: boolean;
}

/** A walk that ends at a subject. */
export interface PathQuery extends TraverseQuery {
  to: string;
}

/** A shortest path (the empty one from a subject to itself), or null when there is none within the bounds. */
export interface PathResult {
  path: Fact[] | null;
  withheld: number;
  truncated: boolean;
}

/** A vector for a content; every fact that says the same has it. */
export interface EmbedFact {
  /** As `PutResult` answers it. */
  contentHash: string;
  /** 1 to `VECTOR_DIMENSIONS_MAX` finite numbers, not all of them zero. */
  vector: Float32Array;
}

/** What is compared with a vector, as of a point. */
export interface NearestQuery extends Omit<FactFilter, 'where'>, AsOf {
  /** What made the vectors. */
  model: string;
  vector: Float32Array;
  /** Default 10, at most `NEIGHBOURS_MAX`. */
  limit?: number;
  allowRestricted?: boolean;
}

/** A fact, and how near it is. */
export interface NearestFact {
  fact: Fact;
  /** The cosine of the angle between the vectors, from -1 to 1. */
  similarity: number;
}

/** Nearest first; of equal ones the one recorded first. */
export interface NearestResult {
  facts: NearestFact[];
  withheld: number;
}

/** The newest link of the chain over the store; its hash is what a ledger's checkpoint keeps. */
export interface SealHead {
  sealId: number;
  /** SHA-256, lower-case hexadecimal. */
  hash: string;
  /** Everything recorded up to this instant is sealed. */
  recordedAt: Instant;
  /** How many rows (versions, supersessions, rules) the link covers. */
  rowsSealed: number;
}

/** What recomputing the chain found. */
export interface FactVerifyReport {
  /** Whether the chain is whole and everything derived fits it. */
  ok: boolean;
  /** How many links there are. */
  seals: number;
  /** The first link that does not fit, or null. */
  firstBad: { sealId: number; code: 'FACT_SEAL_BROKEN' | 'FACT_SEAL_MISSING' } | null;
  head: SealHead | null;
  /** How many rows were recorded after the last seal: nothing vouches for them yet. */
  unsealedRows: number;
  /**
   * How much of what is derived from facts does not fit them: words of the text index, remembered answers to
   * idempotency keys, content hashes of facts that are not sealed yet. Looked at when the chain is whole.
   */
  derived: { textsWrong: number; answersWrong: number; hashesWrong: number };
}

/**
 * The bitemporal store. Every write is one transaction, durable when it resolves, with an instant of
 * its own that is later than all before it, whatever the clock does. Nothing is ever deleted.
 * Throws `FactError` for refused requests and `StorageError` for faults.
 */
export interface FactStore {
  /**
   * Records one value. Throws `FACT_INVALID`, `FACT_TOO_LARGE`, `FACT_VERSION_CONFLICT` (`expected` is not what is
   * believed), `FACT_IDEMPOTENCY_CONFLICT` (the key came with another content), `FACT_KIND_INVALID`.
   */
  put(fact: PutFact): Promise<PutResult>;
  /**
   * All or none, recorded at one instant, answered in the order of the facts; each sees what those before it wrote.
   * At most `TRANSACTION_OPERATIONS_MAX`. Throws as `put` does.
   */
  putMany(facts: readonly PutFact[]): Promise<PutResult[]>;
  /** Removes belief; what was believed stays in the history. Throws as `put` does. */
  end(end: EndFact): Promise<EndResult>;
  /** The one fact believed for a key as of two instants, or null. Throws `FACT_QUERY_INVALID`, as all questions do. */
  get(key: FactPoint): Promise<Fact | null>;
  /**
   * In order of subject, predicate, fact type, value key, validFrom (by UTF-8 bytes). Throws `FACT_CURSOR_INVALID` for a
   * cursor of another question, as all questions do that answer in pages.
   */
  query(query: FactQuery): Promise<FactPage>;
  /** All versions, believed or not, in order of recording. */
  history(query: HistoryQuery): Promise<FactPage>;
  /** What differs between two points; rows that say the same are no difference. */
  diff(query: DiffQuery): Promise<DiffPage>;
  /** All facts of a query, page by page, as of the instants of the first. */
  stream(query: Omit<FactQuery, 'cursor'>): AsyncIterable<Fact>;
  /** What can be reached over edges: with `direction: 'in'`, what depends on a subject. */
  traverse(query: TraverseQuery): Promise<TraverseResult>;
  /** A path with the fewest edges between two subjects. */
  shortestPath(query: PathQuery): Promise<PathResult>;
  /**
   * Keeps vectors for contents. A second vector for the same content and model is ignored. Throws `FACT_INVALID`.
   * Vectors of one model may differ in length: `nearest` compares those of the length it is asked with.
   */
  embed(model: string, facts: readonly EmbedFact[]): Promise<void>;
  /** Exact nearest neighbours by cosine, as of two instants. */
  nearest(query: NearestQuery): Promise<NearestResult>;
  /** Sets who may read. An act of an operator or of configuration. */
  classify(rule: ClassifyFacts): Promise<void>;
  /** Adds a link over all that was recorded since the last; null when there is nothing new. */
  seal(): Promise<SealHead | null>;
  /**
   * Recomputes the chain; reports what does not fit and throws only for faults (`STORE_CORRUPT`). `head`: a hash kept elsewhere (a
   * ledger) that must be one of its links.
   */
  verify(options?: { head?: string }): Promise<FactVerifyReport>;
  /** Copies the store while it is in use, to a new owner-only file. SQLite only: elsewhere `FACT_UNSUPPORTED`. */
  backup(path: string): Promise<void>;
  /** Ends what is under way and lets go of the store. A second call does nothing. */
  close(): Promise<void>;
}

/** One key at one point. A restricted fact is answered like none. */
export interface FactPoint extends AsOf {
  subject: string;
  predicate: string;
  factType?: FactType;
  valueKey?: string;
  allowRestricted?: boolean;
}
