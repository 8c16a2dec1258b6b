import { type Clock, type Instant, strictlyIncreasing } from '@praxis/core';

import type {
  ClassificationRule,
  DiffRow,
  DiffScan,
  FactBackend,
  HistoryScan,
  Horizon,
  Scan,
  Seal,
  SealBounds,
  SealedRows,
  VectorScan,
  WriteOutcome,
} from './backend.ts';
import { FactError } from './errors.ts';
import { createFactStore } from './fact-store.ts';
import {
  type Applied,
  byKey,
  byKeyAlone,
  isVisible,
  maskLater,
  matches,
  type Row,
  sameKey,
  toFact,
} from './memory-rows.ts';
import { applyWrite, undoable } from './memory-write.ts';
import type { FactStore } from './store.ts';
import type { Write } from './validate.ts';

/**
 * A store in memory, for tests and for looking at facts for a moment. It keeps the writes of a key as a list and derives
 * belief from first principles: what is believed about an instant is what the last write that covers it said. Nothing
 * here is fast.
 */
export function openMemoryFactStore(options: { clock: Clock }): FactStore {
  return createFactStore(memoryBackend(options.clock), options.clock);
}

/** All that is kept. */
interface Memory {
  readonly rows: Row[];
  readonly applied: Map<string, Applied[]>;
  readonly remembered: Map<string, { digest: string; outcome: WriteOutcome }>;
  readonly rules: Map<string, ClassificationRule>;
  readonly seals: Seal[];
  readonly embedded: Map<string, Float32Array>;
  readonly clock: Clock;
  /** The latest instant of recording. */
  last: Instant;
}

/** The backend of a store in memory. */
export function memoryBackend(clock: Clock): FactBackend {
  const memory: Memory = {
    rows: [],
    applied: new Map(),
    remembered: new Map(),
    rules: new Map(),
    seals: [],
    embedded: new Map(),
    clock,
    last: Number.MIN_SAFE_INTEGER,
  };
  return { ...writing(memory), ...reading(memory), ...sealing(memory) };
}

type Part<Name extends keyof FactBackend> = Pick<FactBackend, Name>;

function writing(memory: Memory): Part<'write' | 'addVectors' | 'addClassificationRule' | 'close'> {
  const { rows, applied, remembered, embedded, rules } = memory;
  const ticks = strictlyIncreasing(memory.clock);
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
      memory.last = recordedAt;
      return undoable([rows, applied, remembered], () => writes.map((write) => writeOne(write, recordedAt)));
    },
    async addVectors(model, vectors) {
      for (const { contentHash, vector } of vectors) {
        const key = `${model}\n${contentHash}`;
        if (!embedded.has(key)) embedded.set(key, vector.slice());
      }
    },
    async addClassificationRule(rule) {
      rules.set(JSON.stringify([rule.subject, rule.predicate]), rule);
    },
    async close() {},
  };
}

function reading(
  memory: Memory,
): Part<'horizon' | 'point' | 'scan' | 'history' | 'diff' | 'vectors' | 'classificationRules'> {
  const { rows, embedded, rules, clock } = memory;
  const now = (): Instant => Math.max(clock.now(), memory.last);
  return {
    horizon: async (): Promise<Horizon> => ({ recordedAt: memory.last, now: now(), snapshot: null }),
    async point(key, at) {
      const validFrom = at.validAt ?? now();
      const recordedAt = at.recordedAt ?? memory.last;
      const visible = { validFrom, validTo: validFrom + 1, recordedAt, snapshot: null };
      const found = rows.find((row) => sameKey(row, key) && isVisible(row, visible));
      return found === undefined ? null : { fact: toFact(found), rules: [...rules.values()] };
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
    classificationRules: async () => [...rules.values()],
  };
}

function sealing(memory: Memory): Part<'checkIntegrity' | 'sealBounds' | 'seals' | 'addSeal' | 'sealedRows'> {
  const { rows, rules, seals } = memory;
  return {
    checkIntegrity: () => undefined,
    sealBounds: async () => ({ seq: rows.length, recordedAt: memory.last, ruleId: rules.size }),
    seals: async () => seals,
    async addSeal(seal) {
      seals.push(seal);
    },
    sealedRows: async (rowsOf, { after, through }, { skip, rowsMax }) => {
      const all = sealedTexts(rows, rowsOf).filter(
        ({ position: [n = 0] }) =>
          rowsOf === 'rules' || (n > boundOf(rowsOf, after) && n <= boundOf(rowsOf, through)),
      );
      const start = skip === null ? 0 : all.findIndex(({ position }) => position.join() === skip.join()) + 1;
      return all.slice(start, start + rowsMax);
    },
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

function diffRows(rows: readonly Row[], scan: DiffScan): DiffRow[] {
  const after = rows.find((row) => row.factId === scan.afterFactId);
  const found: DiffRow[] = rows
    .filter((row) => matches(row, scan.filter) && isVisible(row, scan.from) !== isVisible(row, scan.to))
    .filter((row) => after === undefined || byKeyAlone(row, after) > 0)
    .map((row) => ({ side: isVisible(row, scan.from) ? 'before' : 'after', fact: toFact(row) }));
  const sideRank = (row: DiffRow): number => (row.side === 'before' ? 0 : 1);
  return found.sort((a, b) => byKeyAlone(a.fact, b.fact) || sideRank(a) - sideRank(b)).slice(0, scan.rowsMax);
}
