import { createHash } from 'node:crypto';

import type { Instant, Json } from '@praxis/core';

import type { Fact, FactClassification } from '../src/model.ts';
import type { AsOf, ClassifyFacts, EndFact, PutFact } from '../src/store.ts';

// Nothing of the implementation is used here but its types: what both have wrong would not be found.

/** What a version says, and where it is in the order of recording. */
export type Version = Omit<Fact, 'factId' | 'classification'> & { seq: number };

/** What a write came to. */
export interface Outcome {
  changed: boolean;
  contentHash: string | null;
  recordedAt: Instant;
}

type Key = Pick<Version, 'subject' | 'predicate' | 'factType' | 'valueKey'>;
/** One write of a transaction. */
export type Write = { put: PutFact } | { end: EndFact };

/** A write that the model refuses. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** JSON with sorted members, as RFC 8785 has it for the values of these tests. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${(value as Json[]).map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`;
}

/** SHA-256 over key, target, confidence and value. */
function hashOf(key: Key, fact: PutFact): string {
  const said = [
    key.subject,
    key.predicate,
    key.factType,
    key.valueKey,
    fact.target ?? null,
    fact.confidence ?? null,
  ];
  return createHash('sha256')
    .update(`${JSON.stringify(said)}\n${canonical(fact.value)}`)
    .digest('hex');
}

const sameKey = (a: Key, b: Key): boolean =>
  a.subject === b.subject &&
  a.predicate === b.predicate &&
  a.factType === b.factType &&
  a.valueKey === b.valueKey;
const endOf = (version: { validTo: Instant | null }): number => version.validTo ?? Infinity;

/** The store as a list of versions that is looked through from one end to the other for every question. */
export class NaiveModel {
  versions: Version[] = [];
  vectors: { model: string; contentHash: string; vector: readonly number[] }[] = [];
  rules: ClassifyFacts[] = [];
  #answered: { key: string; asked: string; outcome: Outcome }[] = [];
  #last: Instant = Number.MIN_SAFE_INTEGER;
  readonly #clock: { now(): Instant };

  constructor(clock: { now(): Instant }) {
    this.#clock = clock;
  }

  /** The latest instant of recording. */
  get last(): Instant {
    return this.#last;
  }

  /** What a question without instants means. */
  get now(): Instant {
    return Math.max(this.#clock.now(), this.#last);
  }

  /** The instant the next transaction is recorded at. */
  get next(): Instant {
    return Math.max(this.#clock.now(), this.#last + 1);
  }

  /** One transaction: all or nothing, at one instant. */
  write(writes: readonly Write[]): Outcome[] {
    // What can never be is refused before it is a transaction.
    for (const one of writes) {
      const { validFrom, validTo } = 'put' in one ? one.put : one.end;
      if (validFrom !== undefined && typeof validTo === 'number' && validFrom >= validTo)
        throw new Refused('FACT_INVALID');
    }
    const recordedAt = this.next;
    this.#last = recordedAt;
    const before = {
      versions: this.versions.map((version) => ({ ...version })),
      answered: [...this.#answered],
    };
    try {
      return writes.map((write) => this.#once(write, recordedAt));
    } catch (error) {
      this.versions = before.versions;
      this.#answered = before.answered;
      throw error;
    }
  }

  /** What is believed about a key at an instant. */
  believed(key: Key, validAt: Instant): Version | undefined {
    return this.versions.find(
      (v) => sameKey(v, key) && v.supersededAt === null && v.validFrom <= validAt && validAt < endOf(v),
    );
  }

  /** Whether a version was believed at one instant about another. */
  isVisible(v: Version, at: AsOf): boolean {
    return this.isVisibleDuring(v, at.validAt ?? this.now, (at.validAt ?? this.now) + 1, at.recordedAt);
  }

  /** Whether a version was believed at an instant about some part of a period. */
  isVisibleDuring(v: Version, from: Instant, to: Instant, recordedAt: Instant = this.#last): boolean {
    return (
      v.validFrom < to &&
      from < endOf(v) &&
      v.recordedAt <= recordedAt &&
      (v.supersededAt === null || recordedAt < v.supersededAt)
    );
  }

  /** The most restrictive of the rules in force: of each pair of patterns the latest. */
  classification({ subject, predicate }: { subject: string; predicate: string }): FactClassification {
    const order: FactClassification[] = ['public', 'internal', 'restricted'];
    const fits = (pattern: string, text: string): boolean =>
      new RegExp(`^${pattern.replaceAll('*', '[^]*')}$`, 'u').test(text);
    const inForce = this.rules.filter(
      (rule, n) =>
        !this.rules.some(
          (later, m) =>
            m > n && later.subject === rule.subject && (later.predicate ?? '*') === (rule.predicate ?? '*'),
        ),
    );
    const ranks = inForce
      .filter((rule) => fits(rule.subject, subject) && fits(rule.predicate ?? '*', predicate))
      .map((rule) => order.indexOf(rule.classification));
    return order[Math.max(...ranks)] ?? 'internal';
  }

  #once(write: Write, recordedAt: Instant): Outcome {
    const key = 'put' in write ? write.put.idempotencyKey : write.end.idempotencyKey;
    if (key === undefined) return this.#apply(write, recordedAt);
    const asked = JSON.stringify(write);
    const known = this.#answered.find((one) => one.key === key);
    if (known !== undefined) {
      if (known.asked !== asked) throw new Refused('FACT_IDEMPOTENCY_CONFLICT');
      return known.outcome;
    }
    const outcome = this.#apply(write, recordedAt);
    this.#answered.push({ key, asked, outcome });
    return outcome;
  }

  #apply(write: Write, recordedAt: Instant): Outcome {
    const said = 'put' in write ? write.put : write.end;
    const target = 'put' in write ? write.put.target : undefined;
    const key = {
      subject: said.subject,
      predicate: said.predicate,
      factType: said.factType ?? 'observed',
      valueKey: said.valueKey ?? target ?? '',
    };
    const from = said.validFrom ?? recordedAt;
    const to = this.#endOf(write, key, from);
    if (from >= to) throw new Refused('FACT_INVALID');
    if (said.expected !== undefined && (this.believed(key, from)?.contentHash ?? null) !== said.expected)
      throw new Refused('FACT_VERSION_CONFLICT');
    const touched = this.versions
      .filter((v) => sameKey(v, key) && v.supersededAt === null && v.validFrom < to && from < endOf(v))
      .sort((a, b) => a.validFrom - b.validFrom);
    const contentHash = 'put' in write ? hashOf(key, write.put) : null;
    const first = touched[0];
    if (first !== undefined && 'put' in write && this.#saysSo(touched, from, to, contentHash)) {
      first.observationCount += 1;
      first.lastObservedAt = Math.max(first.lastObservedAt, write.put.observedAt ?? recordedAt);
      return { changed: false, contentHash, recordedAt };
    }
    for (const one of touched) {
      one.supersededAt = recordedAt;
      one.supersededActor = said.actor;
      one.supersededReason = said.reason;
      const current = {
        ...one,
        recordedAt,
        supersededAt: null,
        supersededActor: null,
        supersededReason: null,
      };
      if (one.validFrom < from) this.#add({ ...current, validTo: from });
      if (to < endOf(one)) this.#add({ ...current, validFrom: to });
    }
    if ('put' in write)
      this.#add(newVersion({ key, fact: write.put, from, to, recordedAt, contentHash: contentHash ?? '' }));
    return { changed: 'put' in write || touched.length > 0, contentHash, recordedAt };
  }

  #endOf(write: Write, key: Key, from: Instant): number {
    const { validTo } = 'put' in write ? write.put : write.end;
    if (validTo !== undefined) return validTo === 'infinity' ? Infinity : validTo;
    if ('end' in write) return Infinity;
    const starts = this.versions
      .filter((v) => sameKey(v, key) && v.supersededAt === null)
      .map((v) => v.validFrom);
    return Math.min(Infinity, ...starts.filter((start) => start > from));
  }

  /** Whether what is believed already says the same at every instant of a period. */
  #saysSo(touched: readonly Version[], from: number, to: number, contentHash: string | null): boolean {
    const bounds = [from, ...touched.map((v) => v.validFrom), ...touched.map(endOf)];
    return bounds
      .filter((instant) => from <= instant && instant < to)
      .every((instant) =>
        touched.some((v) => v.validFrom <= instant && instant < endOf(v) && v.contentHash === contentHash),
      );
  }

  #add(version: Omit<Version, 'seq'>): void {
    this.versions.push({ ...version, seq: this.versions.length + 1 });
  }
}

function newVersion(write: {
  key: Key;
  fact: PutFact;
  from: Instant;
  to: number;
  recordedAt: Instant;
  contentHash: string;
}): Omit<Version, 'seq'> {
  const { key, fact, from, to, recordedAt, contentHash } = write;
  return {
    ...key,
    target: fact.target ?? null,
    value: JSON.parse(JSON.stringify(fact.value)) as Json,
    validFrom: from,
    validTo: to === Infinity ? null : to,
    recordedAt,
    supersededAt: null,
    actor: fact.actor,
    reason: fact.reason,
    supersededActor: null,
    supersededReason: null,
    source: fact.source ?? null,
    confidence: fact.confidence ?? null,
    contentHash,
    lastObservedAt: fact.observedAt ?? recordedAt,
    observationCount: 1,
  };
}
