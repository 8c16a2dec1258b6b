import type { Instant } from '@praxis/core';
import { type SqliteDatabase, sqliteResultCode } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { FactError, factInvalid } from './errors.ts';
import { planWrite } from './plan.ts';
import { columnsOf, isEmptyAt, putAt, type PutColumns } from './put-columns.ts';
import { ROWS_PER_INSERT } from './sqlite-block-insert.ts';
import { type NewKeyGuess, newKeyGuess } from './sqlite-new-keys.ts';
import { type WriteStatements, writeStatements } from './sqlite-write-statements.ts';
import { FOREVER } from './timeline.ts';
import type { PutWrite, Write } from './validate.ts';

/** SQLite's primary code of a constraint that does not hold, a refusing trigger among them. */
const SQLITE_CONSTRAINT = 19;
/** After how many blocks that were not new another one is tried, at most. */
const PAUSE_BLOCKS_MAX = 64;

/** Told of each put of some columns which row says it, and whether that was added. */
export type PutObserver = (seq: number, changed: boolean) => void;

/** Applies the writes of one transaction, numbering the rows it adds. */
export interface WriteApplier {
  /** The number of the newest row; whoever begins or undoes a transaction sets it. */
  lastSeq: number;
  /** Throws `FactError` for what is refused. */
  apply(writes: readonly Write[], recordedAt: Instant): WriteOutcome[];
  /** The same for puts that came as columns. */
  applyColumns(columns: PutColumns, recordedAt: Instant, applied: PutObserver): void;
}

/**
 * Blocks of writes are first inserted as if nothing were believed about their keys yet: one statement for many
 * rows, and no look at each key. The database refuses a block whose periods are not free, and then its writes are
 * planned one by one. Where that happens again and again (facts that are observed anew) it is tried ever more rarely.
 */
export function createWriteApplier(db: SqliteDatabase): WriteApplier {
  const statements = writeStatements(db);
  const guess = newKeyGuess();
  let pauseBlocks = 0;
  let pausedBlocks = 0;
  const applier: WriteApplier = {
    lastSeq: 0,
    apply(writes, recordedAt) {
      if (writes.length < ROWS_PER_INSERT) return writes.map((write) => applyOnce(write, recordedAt));
      const outcomes: WriteOutcome[] = [];
      for (let from = 0; from < writes.length; from += ROWS_PER_INSERT) {
        const block = writes.slice(from, from + ROWS_PER_INSERT);
        const first = insertPuts(block, recordedAt);
        if (first === null) for (const write of block) outcomes.push(applyOnce(write, recordedAt));
        else outcomes.push(...outcomesOf(block, first, recordedAt));
      }
      return outcomes;
    },
    applyColumns(columns, recordedAt, applied) {
      for (let from = 0; from < columns.rows; from += ROWS_PER_INSERT) {
        const to = Math.min(from + ROWS_PER_INSERT, columns.rows);
        const first = isAnyEmpty(columns, from, to, recordedAt) ? null : insertNew(columns, from, recordedAt);
        for (let row = from; row < to; row += 1) {
          if (first !== null) applied(first + row - from, true);
          else tell(applied, applyOnce(putAt(columns, row), recordedAt));
        }
      }
    },
  };

  function insertPuts(block: readonly Write[], recordedAt: Instant): number | null {
    if (!block.every((write) => isPlainPut(write, recordedAt))) return null;
    return insertNew(columnsOf(block), 0, recordedAt);
  }

  /** Inserts a whole block from a row on and answers its first number, or null where that could not be or was not tried. */
  function insertNew(columns: PutColumns, from: number, recordedAt: Instant): number | null {
    if (from + ROWS_PER_INSERT > columns.rows) return null;
    if (pausedBlocks > 0) {
      pausedBlocks -= 1;
      return null;
    }
    const seq = applier.lastSeq + 1;
    try {
      statements.insertAll(seq, columns, from, recordedAt);
    } catch (error) {
      if (sqliteResultCode(error) !== SQLITE_CONSTRAINT) throw error;
      pauseBlocks = Math.min(pauseBlocks * 2 + 1, PAUSE_BLOCKS_MAX);
      pausedBlocks = pauseBlocks;
      return null;
    }
    pauseBlocks = 0;
    applier.lastSeq += ROWS_PER_INSERT;
    return seq;
  }

  function applyOnce(write: Write, recordedAt: Instant): WriteOutcome {
    const { idempotency } = write;
    const context = { statements, applier, guess };
    if (idempotency !== null)
      return idempotently(db, idempotency, () => applyWrite(context, write, recordedAt));
    const isTried = guess.isLikely() && isPlainPut(write, recordedAt);
    const inserted = isTried ? insertOneNew(context, write, recordedAt) : null;
    return inserted ?? applyWrite(context, write, recordedAt);
  }

  return applier;
}

function outcomesOf(block: readonly Write[], first: number, recordedAt: Instant): WriteOutcome[] {
  return block.map(({ content }, n) => ({
    recordedAt,
    changed: true,
    factId: String(first + n),
    contentHash: content?.contentHash ?? null,
  }));
}

function tell(applied: PutObserver, { factId, changed }: WriteOutcome): void {
  applied(Number(factId), changed);
}

function isAnyEmpty(columns: PutColumns, from: number, to: number, recordedAt: Instant): boolean {
  for (let row = from; row < to; row += 1) if (isEmptyAt(columns, row, recordedAt)) return true;
  return false;
}

function isPlainPut(write: Write, recordedAt: Instant): write is PutWrite {
  const { content, expected, idempotency, validFrom, validTo } = write;
  const isEmpty = validTo !== null && (validFrom ?? recordedAt) >= validTo;
  return content !== null && expected === undefined && idempotency === null && !isEmpty;
}

interface WriteContext {
  readonly statements: WriteStatements;
  readonly applier: WriteApplier;
  readonly guess: NewKeyGuess;
}

/** As for blocks: where key after key was new, the look at what is believed about the next one is left out. */
function insertOneNew(
  { statements, applier, guess }: WriteContext,
  write: PutWrite,
  recordedAt: Instant,
): WriteOutcome | null {
  const seq = applier.lastSeq + 1;
  const period = { from: write.validFrom ?? recordedAt, to: write.validTo ?? FOREVER };
  try {
    statements.insert(seq, write, period, recordedAt);
  } catch (error) {
    if (sqliteResultCode(error) !== SQLITE_CONSTRAINT) throw error;
    guess.guessed(false);
    return null;
  }
  guess.guessed(true);
  applier.lastSeq = seq;
  return { recordedAt, changed: true, factId: String(seq), contentHash: write.content.contentHash };
}

function applyWrite(
  { statements, applier, guess }: WriteContext,
  write: Write,
  recordedAt: Instant,
): WriteOutcome {
  const { content, expected, validFrom = recordedAt, validTo } = write;
  if (validTo !== null && validFrom >= validTo)
    throw factInvalid('validTo', 'is not later than where the period begins');
  const contentHash = content?.contentHash ?? null;
  const believed = statements.believed(write.key, validFrom, validTo);
  guess.found(believed.length === 0);
  const plan = planWrite({ contentHash, validFrom, validTo, expected }, believed);
  if (plan.unchanged !== null) {
    statements.observe(plan.unchanged, write.observedAt ?? recordedAt);
    return { recordedAt, changed: false, factId: String(plan.unchanged.seq), contentHash };
  }
  for (const row of plan.supersede) statements.supersede(row, write, recordedAt);
  for (const { of, period } of plan.remnants) {
    statements.insertRemnant((applier.lastSeq += 1), of, period, recordedAt);
  }
  if (content === null) {
    return { recordedAt, changed: plan.supersede.length > 0, factId: null, contentHash };
  }
  const seq = (applier.lastSeq += 1);
  statements.insert(seq, { ...write, content }, plan.period, recordedAt);
  return { recordedAt, changed: true, factId: String(seq), contentHash };
}

function idempotently(
  db: SqliteDatabase,
  idempotency: { key: string; digest: string },
  apply: () => WriteOutcome,
): WriteOutcome {
  const known = db.get('SELECT digest, outcome FROM fact_idempotency WHERE idempotency_key = ?', [
    idempotency.key,
  ]);
  if (known !== undefined) {
    if (known['digest'] === idempotency.digest) return JSON.parse(String(known['outcome'])) as WriteOutcome;
    throw new FactError('FACT_IDEMPOTENCY_CONFLICT', 'the idempotency key belongs to another write');
  }
  const outcome = apply();
  const params = [idempotency.key, idempotency.digest, JSON.stringify(outcome)];
  db.run('INSERT INTO fact_idempotency (idempotency_key, digest, outcome) VALUES (?,?,?)', params);
  return outcome;
}
