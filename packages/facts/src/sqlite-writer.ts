import type { Clock, Instant } from '@praxis/core';
import type { Settled, SqliteDatabase, SqlValue } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { keyText } from './batch-plan.ts';
import { FactError, factInvalid } from './errors.ts';
import type { FactKey } from './model.ts';
import { type Believed, type Plan, planWrite } from './plan.ts';
import { RecentMap } from './recent-map.ts';
import { FOREVER, type Period } from './timeline.ts';
import type { Write, WriteContent } from './validate.ts';

/** How many keys of a generation are remembered with their number. */
const KEY_CACHE_MAX = 25_000;

const BELIEVED = `SELECT seq, valid_from, valid_to, lower(hex(content_hash)) FROM facts
  WHERE key_id = ?1 AND superseded_at IS NULL AND valid_from >= ifnull((SELECT max(valid_from) FROM facts
    WHERE key_id = ?1 AND superseded_at IS NULL AND valid_from <= ?2), ?2) AND valid_from < ?3
  ORDER BY valid_from`;
// Written out: SQLite prepares a statement again each time a limit is bound to it.
const BELIEVED_NEXT = `${BELIEVED} LIMIT 2`;
const INSERT = `INSERT INTO facts (key_id, valid_from, valid_to, recorded_at, observed_at, observation_count,
  content_hash, confidence, target, actor, reason, source, value) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`;
const INSERT_REMNANT = `INSERT INTO facts (key_id, valid_from, valid_to, recorded_at, observed_at,
  observation_count, content_hash, confidence, target, actor, reason, source, value)
  SELECT f.key_id, ?, ?, ?, coalesce(o.last_observed_at, f.observed_at),
  coalesce(o.observation_count, f.observation_count), f.content_hash, f.confidence, f.target, f.actor, f.reason,
  f.source, f.value FROM facts f LEFT JOIN fact_observations o ON o.seq = f.seq WHERE f.seq = ?`;
const SUPERSEDE =
  'UPDATE facts SET superseded_at = ?, superseded_actor = ?, superseded_reason = ? WHERE seq = ?';
// The count is worked out before the insert, because the trigger that forbids a count to shrink looks at
// what an upsert would insert, too.
const OBSERVE = `INSERT INTO fact_observations (seq, last_observed_at, observation_count)
  SELECT f.seq, max(coalesce(o.last_observed_at, f.observed_at), ?1),
  coalesce(o.observation_count, f.observation_count) + 1
  FROM facts f LEFT JOIN fact_observations o ON o.seq = f.seq WHERE f.seq = ?2
  ON CONFLICT (seq) DO UPDATE SET last_observed_at = excluded.last_observed_at,
  observation_count = excluded.observation_count`;
const FIND_KEY =
  'SELECT key_id FROM fact_keys WHERE subject = ? AND predicate = ? AND fact_type = ? AND value_key = ?';
const INSERT_KEY = 'INSERT INTO fact_keys (subject, predicate, fact_type, value_key) VALUES (?,?,?,?)';
const LAST_RECORDED = `SELECT max((SELECT last FROM fact_clock),
  ifnull((SELECT recorded_at FROM facts ORDER BY seq DESC LIMIT 1), -9007199254740991))`;

interface BelievedRow extends Believed {
  readonly seq: number;
}

/** Applies batches of transactions to a SQLite store. */
export interface SqliteWriter {
  /** All transactions in one SQLite transaction; each fails or succeeds by itself. */
  commit(batch: readonly (readonly Write[])[]): Settled<readonly WriteOutcome[]>[];
  /** The latest instant recorded by this process or any other. */
  lastRecordedAt(): Instant;
}

export function createSqliteWriter(db: SqliteDatabase, clock: Clock): SqliteWriter {
  const statement = (sql: string): ReturnType<SqliteDatabase['prepare']> => db.prepare(sql, { arrays: true });
  const statements = {
    believed: statement(BELIEVED),
    believedNext: statement(BELIEVED_NEXT),
    insert: db.prepare(INSERT),
    insertRemnant: db.prepare(INSERT_REMNANT),
    supersede: db.prepare(SUPERSEDE),
    observe: db.prepare(OBSERVE),
    findKey: statement(FIND_KEY),
    insertKey: db.prepare(INSERT_KEY),
    lastRecorded: statement(LAST_RECORDED),
  };
  const keyIds = new RecentMap<number>(KEY_CACHE_MAX);
  let last: Instant = Number.MIN_SAFE_INTEGER;
  let dataVersion: number | null = null;
  /** The latest instant that a row of `facts` or of `fact_clock` holds. */
  let persisted: Instant = Number.MIN_SAFE_INTEGER;
  let rowAdded = false;

  /** Learns what other processes have recorded since. */
  const refresh = (): void => {
    const found = db.dataVersion();
    if (found === dataVersion) return;
    dataVersion = found;
    last = Math.max(last, firstCell(statements.lastRecorded.get()) ?? last);
  };
  const findKeyId = (key: FactKey): number | null => {
    const id = keyText(key);
    const known = keyIds.get(id);
    if (known !== undefined) return known;
    const found = firstCell(statements.findKey.get(key.subject, key.predicate, key.factType, key.valueKey));
    if (found !== null) keyIds.set(id, found);
    return found;
  };
  const addKey = (key: FactKey): number => {
    const added = statements.insertKey.run(key.subject, key.predicate, key.factType, key.valueKey);
    const keyId = Number(added.lastInsertRowid);
    keyIds.set(keyText(key), keyId);
    return keyId;
  };
  const readBelieved = (keyId: number, from: Instant, to: Instant | null): BelievedRow[] => {
    // Without an explicit end only the version at `from` and the next one matter.
    const read = to === null ? statements.believedNext : statements.believed;
    const rows = read.all(keyId, from, to ?? FOREVER) as unknown as SqlValue[][];
    return rows.map((row) => ({
      seq: Number(row[0]),
      period: { from: Number(row[1]), to: Number(row[2]) },
      contentHash: String(row[3]),
    }));
  };
  const execute = (
    write: Write,
    plan: Plan<BelievedRow>,
    known: number | null,
    recordedAt: Instant,
  ): number | null => {
    for (const { seq } of plan.supersede)
      statements.supersede.run(recordedAt, write.actor, write.reason, seq);
    for (const { of, period } of plan.remnants) {
      statements.insertRemnant.run(period.from, period.to, recordedAt, of.seq);
      rowAdded = true;
    }
    if (write.content === null) return null;
    rowAdded = true;
    const params = insertParams(known ?? addKey(write.key), write, write.content, plan.period, recordedAt);
    return Number(statements.insert.run(...params).lastInsertRowid);
  };
  const applyWrite = (write: Write, recordedAt: Instant): WriteOutcome => {
    const from = write.validFrom ?? recordedAt;
    if (write.validTo !== null && from >= write.validTo)
      throw factInvalid('validTo', 'is not later than validFrom');
    const keyId = findKeyId(write.key);
    const believed = keyId === null ? [] : readBelieved(keyId, from, write.validTo);
    const contentHash = write.content?.contentHash ?? null;
    const { validTo, expected } = write;
    const plan = planWrite({ contentHash, validFrom: from, validTo, expected }, believed);
    if (plan.unchanged !== null) {
      statements.observe.run(write.observedAt ?? recordedAt, plan.unchanged.seq);
      return { recordedAt, changed: false, factId: String(plan.unchanged.seq), contentHash };
    }
    const seq = execute(write, plan, keyId, recordedAt);
    const changed = seq !== null || plan.supersede.length > 0;
    return { recordedAt, changed, factId: seq === null ? null : String(seq), contentHash };
  };
  const applyOnce = (write: Write, recordedAt: Instant): WriteOutcome =>
    write.idempotency === null
      ? applyWrite(write, recordedAt)
      : idempotently(db, write.idempotency, () => applyWrite(write, recordedAt));
  const endSavepoint = (keep: boolean): void => {
    if (!keep) {
      keyIds.clear();
      db.run('ROLLBACK TO one_transaction');
    }
    db.run('RELEASE one_transaction');
  };
  const applyTransaction = (writes: readonly Write[]): Settled<readonly WriteOutcome[]> => {
    last = Math.max(clock.now(), last + 1);
    const recordedAt = last;
    rowAdded = false;
    const undoable = mayRefuseLate(writes, recordedAt);
    if (undoable) db.run('SAVEPOINT one_transaction');
    const result = settle(() => writes.map((write) => applyOnce(write, recordedAt)));
    if (undoable) endSavepoint(result.ok);
    if (result.ok && rowAdded) persisted = recordedAt;
    return result;
  };

  return {
    commit(batch) {
      try {
        return db.transact(() => {
          refresh();
          const results = batch.map(applyTransaction);
          if (persisted < last) db.run('UPDATE fact_clock SET last = ? WHERE last < ?', [last, last]);
          persisted = last;
          return results;
        });
      } catch (error) {
        keyIds.clear();
        throw error;
      }
    },
    lastRecordedAt() {
      refresh();
      return last;
    },
  };
}

/**
 * Whether a transaction may be refused after it has changed something. A single write refuses first; of
 * several, only conditions and empty periods refuse. A savepoint is avoided where it can be: under one
 * every statement takes time linear in what the transaction has changed so far.
 */
function mayRefuseLate(writes: readonly Write[], recordedAt: Instant): boolean {
  const mayRefuse = ({ expected, idempotency, validFrom, validTo }: Write): boolean =>
    expected !== undefined ||
    idempotency !== null ||
    (validTo !== null && (validFrom ?? recordedAt) >= validTo);
  return writes.length > 1 && writes.some(mayRefuse);
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

function insertParams(
  keyId: number,
  write: Write,
  content: WriteContent,
  period: Period,
  recordedAt: Instant,
): SqlValue[] {
  return [
    keyId,
    period.from,
    period.to,
    recordedAt,
    write.observedAt ?? recordedAt,
    1,
    Buffer.from(content.contentHash, 'hex'),
    content.confidence,
    content.target,
    write.actor,
    write.reason,
    write.source,
    content.value,
  ];
}

/** A refusal is one transaction's own; any other error is the whole batch's. */
function settle<R>(work: () => R): Settled<R> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (error instanceof FactError) return { ok: false, error };
    throw error;
  }
}

function firstCell(row: unknown): number | null {
  const cell = (row as SqlValue[] | undefined)?.[0];
  return cell === undefined || cell === null ? null : Number(cell);
}
