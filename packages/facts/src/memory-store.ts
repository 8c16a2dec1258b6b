import { type Clock, type Instant, type Json, strictlyIncreasing } from '@praxis/core';

import type {
  ClassificationRule,
  DiffRow,
  DiffScan,
  FactBackend,
  HistoryScan,
  Horizon,
  RowFilter,
  Scan,
  Seal,
  SealBounds,
  SealedRows,
  VectorScan,
  Visibility,
  WriteOutcome,
} from './backend.ts';
import { FactError, factInvalid } from './errors.ts';
import { createFactStore } from './fact-store.ts';
import type { FactKey, StoredFact } from './model.ts';
import type { FactStore } from './store.ts';
import { FOREVER } from './timeline.ts';
import type { Write } from './validate.ts';
import { holdTerms, wordsOf } from './words.ts';

/**
 * The model of the store: what the real ones are compared with. It keeps the writes of a key as a
 * list and derives belief from first principles: what is believed about an instant is what the last
 * write that covers it said. Nothing here is fast.
 */
export function openMemoryFactStore(options: { clock: Clock }): FactStore {
  return createFactStore(memoryBackend(options.clock), options.clock);
}

/** A write with the period it turned out to cover. */
interface Applied {
  readonly write: Write;
  readonly from: Instant;
  readonly to: Instant;
}

/** A maximal period over which one write is the last that covers it. */
interface Segment {
  readonly by: Applied;
  readonly from: Instant;
  readonly to: Instant;
}

type Row = { -readonly [K in keyof StoredFact]: StoredFact[K] } & { by: Applied };

export function memoryBackend(clock: Clock): FactBackend {
  const rows: Row[] = [];
  const applied = new Map<string, Applied[]>();
  const remembered = new Map<string, { digest: string; outcome: WriteOutcome }>();
  const rules = new Map<string, ClassificationRule>();
  const seals: Seal[] = [];
  const embedded = new Map<string, Float32Array>();
  const ticks = strictlyIncreasing(clock);
  let last = Number.MIN_SAFE_INTEGER;

  const writeOne = (write: Write, recordedAt: Instant): WriteOutcome => {
    const known = write.idempotency && remembered.get(write.idempotency.key);
    if (known) {
      if (known.digest === write.idempotency?.digest) return known.outcome;
      throw new FactError('FACT_IDEMPOTENCY_CONFLICT', 'the idempotency key belongs to another write');
    }
    const outcome = applyWrite(rows, applied, write, recordedAt);
    if (write.idempotency)
      remembered.set(write.idempotency.key, { digest: write.idempotency.digest, outcome });
    return outcome;
  };

  return {
    async write(writes) {
      const recordedAt = ticks.now();
      last = recordedAt;
      return undoable([rows, applied, remembered], () => writes.map((write) => writeOne(write, recordedAt)));
    },
    horizon: async (): Promise<Horizon> => ({
      recordedAt: last,
      now: Math.max(clock.now(), last),
      snapshot: null,
    }),
    async point(key, at) {
      const validAt = at.validAt ?? Math.max(clock.now(), last);
      const visible = {
        validFrom: validAt,
        validTo: validAt + 1,
        recordedAt: at.recordedAt ?? last,
        snapshot: null,
      };
      const found = rows.find((row) => sameKey(row, key) && isVisible(row, visible));
      return found === undefined ? null : toFact(found);
    },
    scan: async (scan: Scan) => {
      const wanted = rows
        .filter((row) => isVisible(row, scan.visible) && matches(row, scan.filter))
        .sort(byKey);
      const after = rows.find((row) => row.factId === scan.afterFactId);
      const rest = after === undefined ? wanted : wanted.filter((row) => byKey(row, after) > 0);
      return rest.slice(0, scan.rowsMax).map(toFact);
    },
    history: async (scan: HistoryScan) => {
      const { recordedAt } = scan.horizon;
      const wanted = rows.filter((row) => row.recordedAt <= recordedAt && matches(row, scan.filter));
      const after = wanted.findIndex((row) => row.factId === scan.afterFactId);
      return wanted
        .slice(after + 1, after + 1 + scan.rowsMax)
        .map((row) => maskLater(toFact(row), recordedAt));
    },
    diff: async (scan: DiffScan) => diffRows(rows, scan),
    async vectors(scan: VectorScan) {
      const after = scan.afterFactId === null ? 0 : Number(scan.afterFactId);
      return rows
        .filter(
          (row) => Number(row.factId) > after && isVisible(row, scan.visible) && matches(row, scan.filter),
        )
        .flatMap((row) => {
          const vector = embedded.get(`${scan.model}\n${row.contentHash}`);
          const { factId, subject, predicate } = row;
          return vector === undefined ? [] : [{ factId, subject, predicate, vector }];
        })
        .slice(0, scan.rowsMax);
    },
    async addVectors(model, vectors) {
      for (const { contentHash, vector } of vectors) {
        const key = `${model}\n${contentHash}`;
        if (!embedded.has(key)) embedded.set(key, vector.slice());
      }
    },
    checkIntegrity: () => undefined,
    sealBounds: async () => ({ seq: rows.length, recordedAt: last, ruleId: rules.size }),
    seals: async () => seals,
    async addSeal(seal) {
      seals.push(seal);
    },
    sealedRows: async (part, { after, through }, { skip, rowsMax }) => {
      const all = sealedTexts(rows, part).filter(
        ({ position: [n = 0] }) =>
          part === 'rules' || (n > boundOf(part, after) && n <= boundOf(part, through)),
      );
      const start = skip === null ? 0 : all.findIndex(({ position }) => position.join() === skip.join()) + 1;
      return all.slice(start, start + rowsMax);
    },
    classificationRules: async () => [...rules.values()],
    async addClassificationRule(rule) {
      rules.set(JSON.stringify([rule.subject, rule.predicate]), rule);
    },
    async close() {},
  };
}

function sealedTexts(rows: readonly Row[], part: SealedRows): { position: number[]; text: string }[] {
  if (part === 'rules') return [];
  if (part === 'recorded') {
    return rows.map((row) => {
      const { by: _by, supersededAt: _at, supersededActor: _actor, supersededReason: _reason, ...rest } = row;
      const { lastObservedAt: _observed, observationCount: _count, ...said } = rest;
      return { position: [Number(row.factId)], text: JSON.stringify(said) };
    });
  }
  return rows
    .flatMap((row) =>
      row.supersededAt === null
        ? []
        : [
            {
              position: [row.supersededAt, Number(row.factId)],
              text: JSON.stringify([row.factId, row.supersededActor]),
            },
          ],
    )
    .sort(
      (a, b) => (a.position[0] ?? 0) - (b.position[0] ?? 0) || (a.position[1] ?? 0) - (b.position[1] ?? 0),
    );
}

function boundOf(part: SealedRows, bounds: SealBounds): number {
  return part === 'recorded' ? bounds.seq : bounds.recordedAt;
}

/** Runs `work`; when it throws, everything is as it was before: a transaction. */
function undoable<R>(state: [Row[], Map<string, Applied[]>, Map<string, unknown>], work: () => R): R {
  const [rows, applied, remembered] = state;
  const before = rows.map((row) => ({ ...row }));
  const appliedBefore = new Map(applied);
  const rememberedBefore = new Map(remembered);
  try {
    return work();
  } catch (error) {
    rows.splice(0, rows.length, ...before);
    restore(applied, appliedBefore);
    restore(remembered, rememberedBefore);
    throw error;
  }
}

function restore<V>(map: Map<string, V>, before: ReadonlyMap<string, V>): void {
  map.clear();
  for (const [key, value] of before) map.set(key, value);
}

function applyWrite(
  rows: Row[],
  applied: Map<string, Applied[]>,
  write: Write,
  recordedAt: Instant,
): WriteOutcome {
  const id = JSON.stringify([write.key.subject, write.key.predicate, write.key.factType, write.key.valueKey]);
  const writes = applied.get(id) ?? [];
  const before = segmentsOf(writes);
  const from = write.validFrom ?? recordedAt;
  const to = write.validTo ?? Math.min(FOREVER, ...before.map((s) => s.from).filter((start) => start > from));
  if (from >= to) throw factInvalid('validTo', 'is not later than validFrom');
  checkExpected(write, before, from);
  const touched = before.filter((segment) => segment.from < to && from < segment.to);
  const contentHash = write.content?.contentHash ?? null;
  const length = touched.reduce((sum, s) => sum + (Math.min(s.to, to) - Math.max(s.from, from)), 0);
  const allSame = touched.every((s) => s.by.write.content?.contentHash === contentHash);
  const current = rows.filter((row) => row.supersededAt === null && sameKey(row, write.key));
  if (contentHash !== null && length === to - from && allSame) {
    const row = current.find((r) => r.validFrom === touched[0]?.from);
    if (row === undefined) throw factInvalid('fact', 'has no row for a segment');
    row.observationCount += 1;
    row.lastObservedAt = Math.max(row.lastObservedAt, write.observedAt ?? recordedAt);
    return { recordedAt, changed: false, factId: row.factId, contentHash };
  }
  if (contentHash === null && touched.length === 0)
    return { recordedAt, changed: false, factId: null, contentHash: null };
  const now: Applied = { write, from, to };
  const all = [...writes, now];
  applied.set(id, all);
  replaceRows(rows, current, segmentsOf(all), { write, recordedAt });
  const row = rows.find((r) => r.by === now && r.supersededAt === null);
  return { recordedAt, changed: true, factId: row?.factId ?? null, contentHash };
}

function checkExpected(write: Write, segments: readonly Segment[], from: Instant): void {
  if (write.expected === undefined) return;
  const found = segments.find((s) => s.from <= from && from < s.to)?.by.write.content?.contentHash ?? null;
  if (found !== write.expected)
    throw new FactError('FACT_VERSION_CONFLICT', 'the fact is not the one expected');
}

/** The belief after a list of writes: for each stretch between two bounds, the last write covering it. */
function segmentsOf(writes: readonly Applied[]): Segment[] {
  const bounds = [...new Set(writes.flatMap((w) => [w.from, w.to]))].sort((a, b) => a - b);
  const segments: Segment[] = [];
  bounds.slice(0, -1).forEach((from, index) => {
    const to = bounds[index + 1] ?? FOREVER;
    const by = writes.findLast((w) => w.from <= from && to <= w.to);
    const previous = segments.at(-1);
    if (by === undefined) return;
    if (previous?.by === by && previous.to === from)
      segments[segments.length - 1] = { by, from: previous.from, to };
    else segments.push({ by, from, to });
  });
  return segments.filter((s) => s.by.write.content !== null);
}

/** Supersedes the rows that are no segment any more, adds one for each segment that has none. */
function replaceRows(
  rows: Row[],
  current: readonly Row[],
  segments: readonly Segment[],
  tx: { write: Write; recordedAt: Instant },
): void {
  const isRowOf = (row: Row, s: Segment): boolean =>
    row.by === s.by && row.validFrom === s.from && (row.validTo ?? FOREVER) === s.to;
  for (const row of current) {
    if (segments.some((s) => isRowOf(row, s))) continue;
    row.supersededAt = tx.recordedAt;
    row.supersededActor = tx.write.actor;
    row.supersededReason = tx.write.reason;
  }
  const added = segments.filter((s) => !current.some((row) => isRowOf(row, s)));
  // What remains of older versions is recorded before what is new.
  const ordered = [
    ...added.filter((s) => s.by.write !== tx.write),
    ...added.filter((s) => s.by.write === tx.write),
  ];
  for (const segment of ordered) {
    const parent = current.find(
      (row) =>
        row.by === segment.by && row.validFrom <= segment.from && segment.to <= (row.validTo ?? FOREVER),
    );
    rows.push(newRow(rows.length + 1, segment, tx.recordedAt, parent));
  }
}

function newRow(number: number, segment: Segment, recordedAt: Instant, parent: Row | undefined): Row {
  const { write } = segment.by;
  if (write.content === null) throw factInvalid('fact', 'has no content');
  return {
    by: segment.by,
    factId: String(number),
    ...write.key,
    target: write.content.target,
    value: JSON.parse(write.content.value) as Json,
    validFrom: segment.from,
    validTo: segment.to === FOREVER ? null : segment.to,
    recordedAt,
    supersededAt: null,
    actor: write.actor,
    reason: write.reason,
    supersededActor: null,
    supersededReason: null,
    source: write.source,
    confidence: write.content.confidence,
    contentHash: write.content.contentHash,
    lastObservedAt: parent?.lastObservedAt ?? write.observedAt ?? recordedAt,
    observationCount: parent?.observationCount ?? 1,
  };
}

function sameKey(row: FactKey, key: FactKey): boolean {
  return (
    row.subject === key.subject &&
    row.predicate === key.predicate &&
    row.factType === key.factType &&
    row.valueKey === key.valueKey
  );
}

function isVisible(row: Row, at: Visibility): boolean {
  const valid = row.validFrom < at.validTo && at.validFrom < (row.validTo ?? FOREVER);
  return valid && row.recordedAt <= at.recordedAt && at.recordedAt < (row.supersededAt ?? FOREVER);
}

function matches(row: Row, f: RowFilter): boolean {
  return (
    (f.subject === undefined || row.subject === f.subject) &&
    (f.kind === undefined || row.subject.startsWith(`${f.kind}:`)) &&
    (f.predicate === undefined || row.predicate === f.predicate) &&
    (f.factType === undefined || row.factType === f.factType) &&
    (f.valueKey === undefined || row.valueKey === f.valueKey) &&
    (f.target === undefined || row.target === f.target) &&
    (f.edge === undefined || (row.target !== null) === f.edge) &&
    (f.validFromSince === undefined || row.validFrom >= f.validFromSince) &&
    (f.observedSince === undefined || row.lastObservedAt >= f.observedSince) &&
    (f.observedBefore === undefined || row.lastObservedAt < f.observedBefore) &&
    (f.subjectIn === undefined || f.subjectIn.includes(row.subject)) &&
    (f.predicateIn === undefined || f.predicateIn.includes(row.predicate)) &&
    (f.factIdIn === undefined || f.factIdIn.includes(row.factId)) &&
    (f.terms === undefined ||
      holdTerms(wordsOf(row.subject, row.predicate, JSON.stringify(row.value)), f.terms)) &&
    (f.targetIn === undefined || (row.target !== null && f.targetIn.includes(row.target)))
  );
}

function byText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function byKey(a: StoredFact, b: StoredFact): number {
  return byKeyAlone(a, b) || a.validFrom - b.validFrom || Number(a.factId) - Number(b.factId);
}

function byKeyAlone(a: FactKey, b: FactKey): number {
  return (
    byText(a.subject, b.subject) ||
    byText(a.predicate, b.predicate) ||
    byText(a.factType, b.factType) ||
    byText(a.valueKey, b.valueKey)
  );
}

function diffRows(rows: readonly Row[], scan: DiffScan): DiffRow[] {
  const after = rows.find((row) => row.factId === scan.afterFactId);
  const found: DiffRow[] = rows
    .filter((row) => matches(row, scan.filter) && isVisible(row, scan.from) !== isVisible(row, scan.to))
    .filter((row) => after === undefined || byKeyAlone(row, after) > 0)
    .map((row) => ({ side: isVisible(row, scan.from) ? 'before' : 'after', fact: toFact(row) }));
  const sideRank = (row: DiffRow): number => (row.side === 'before' ? 0 : 1);
  return found.sort((a, b) => byKeyAlone(a.fact, b.fact) || sideRank(a) - sideRank(b)).slice(0, scan.rowsMax);
}

/** The row as it was at a horizon: what happened to it later has not happened. */
function maskLater(fact: StoredFact, recordedAt: Instant): StoredFact {
  if (fact.supersededAt === null || fact.supersededAt <= recordedAt) return fact;
  return { ...fact, supersededAt: null, supersededActor: null, supersededReason: null };
}

function toFact(row: Row): StoredFact {
  const { by: _by, ...fact } = row;
  return { ...fact };
}
