import type { Instant } from '@praxis/core';
import type { SqliteDatabase, SqlValue } from '@praxis/storage';

import type { FactKey } from './model.ts';
import type { Believed } from './plan.ts';
import { CONTENT_HASH_BYTES } from './put-columns.ts';
import { type BlockInsert, blockInsert } from './sqlite-block-insert.ts';
import { FOREVER, type Period } from './timeline.ts';
import type { PutWrite, Write } from './validate.ts';

// Placeholders are unnamed on hot paths: the driver looks up the name of a numbered one each time it binds.
const KEY = 'subject = ? AND predicate = ? AND fact_type = ? AND value_key = ? AND superseded_at IS NULL';
const BELIEVED_LAST = `SELECT seq, valid_from, valid_to, lower(hex(content_hash)) FROM facts WHERE ${KEY}
  ORDER BY valid_from DESC LIMIT 1`;
const BELIEVED = `SELECT seq, valid_from, valid_to, lower(hex(content_hash)) FROM facts WHERE ${KEY}
  AND valid_from >= ifnull((SELECT max(valid_from) FROM facts WHERE ${KEY} AND valid_from <= ?), ?)
  AND valid_from < ? ORDER BY valid_from`;
// Written out: SQLite prepares a statement again each time a limit is bound to it.
const BELIEVED_NEXT = `${BELIEVED} LIMIT 2`;
const COLUMNS = `seq, subject, predicate, fact_type, value_key, valid_from, valid_to, recorded_at, observed_at,
  observation_count, content_hash, confidence, target, actor, reason, source, value`;
const ROW = '(?,?,?,?,?,?,?,?,?,1,?,?,?,?,?,?,?)';
const INSERT_REMNANT = `INSERT INTO facts (${COLUMNS})
  SELECT ?, f.subject, f.predicate, f.fact_type, f.value_key, ?, ?, ?, coalesce(o.last_observed_at, f.observed_at),
  coalesce(o.observation_count, f.observation_count), f.content_hash, f.confidence, f.target, f.actor, f.reason,
  f.source, f.value FROM facts f LEFT JOIN fact_observations o ON o.seq = f.seq WHERE f.seq = ?`;
const SUPERSEDE =
  'UPDATE facts SET superseded_at = ?, superseded_actor = ?, superseded_reason = ? WHERE seq = ?';
// The count is worked out before the insert, because the trigger that forbids a count to shrink looks at
// what an upsert would insert, too.
const OBSERVE = `INSERT INTO fact_observations (seq, last_observed_at, observation_count)
  SELECT f.seq, max(coalesce(o.last_observed_at, f.observed_at), ?),
  coalesce(o.observation_count, f.observation_count) + 1
  FROM facts f LEFT JOIN fact_observations o ON o.seq = f.seq WHERE f.seq = ?
  ON CONFLICT (seq) DO UPDATE SET last_observed_at = excluded.last_observed_at,
  observation_count = excluded.observation_count`;

/** A believed version in the store. */
export interface BelievedRow extends Believed {
  readonly seq: number;
}

/** The statements of a writer, prepared once. */
export interface WriteStatements {
  /** What planning a write needs to know of its key: see `planWrite`. */
  believed(key: FactKey, from: Instant, to: Instant | null): BelievedRow[];
  insert(seq: number, put: PutWrite, period: Period, recordedAt: Instant): void;
  readonly insertAll: BlockInsert;
  insertRemnant(seq: number, of: BelievedRow, period: Period, recordedAt: Instant): void;
  supersede(row: BelievedRow, write: Write, recordedAt: Instant): void;
  observe(row: BelievedRow, observedAt: Instant): void;
}

/** Prepares what a writer needs. */
export function writeStatements(db: SqliteDatabase): WriteStatements {
  const last = db.prepare(BELIEVED_LAST, { arrays: true });
  const all = db.prepare(BELIEVED, { arrays: true });
  const next = db.prepare(BELIEVED_NEXT, { arrays: true });
  const insert = db.prepare(`INSERT INTO facts (${COLUMNS}) VALUES ${ROW}`);
  const remnant = db.prepare(INSERT_REMNANT);
  const supersede = db.prepare(SUPERSEDE);
  const observe = db.prepare(OBSERVE);
  return {
    believed({ subject, predicate, factType, valueKey }, from, to) {
      const newest = last.get(subject, predicate, factType, valueKey) as SqlValue[] | undefined;
      if (newest === undefined) return [];
      // Nothing is believed later than that: it is all that a write from then on can meet.
      if (Number(newest[1]) <= from) return [believedRow(newest)];
      const key = [subject, predicate, factType, valueKey];
      // Without an explicit end only the version at `from` and the next one matter.
      const read = to === null ? next : all;
      const rows = read.all(...key, ...key, from, from, to ?? FOREVER) as unknown as SqlValue[][];
      return rows.map(believedRow);
    },
    insert(seq, { key, content, actor, reason, source, observedAt }, { from, to }, recordedAt) {
      insert.run(
        seq,
        key.subject,
        key.predicate,
        key.factType,
        key.valueKey,
        from,
        to,
        recordedAt,
        observedAt ?? recordedAt,
        hashBytes(content.contentHash),
        content.confidence,
        content.target,
        actor,
        reason,
        source,
        content.value,
      );
    },
    insertAll: blockInsert(db),
    insertRemnant(seq, of, period, recordedAt) {
      remnant.run(seq, period.from, period.to, recordedAt, of.seq);
    },
    supersede(row, write, recordedAt) {
      supersede.run(recordedAt, write.actor, write.reason, row.seq);
    },
    observe(row, observedAt) {
      observe.run(observedAt, row.seq);
    },
  };
}

function believedRow(row: readonly SqlValue[]): BelievedRow {
  return {
    seq: Number(row[0]),
    period: { from: Number(row[1]), to: Number(row[2]) },
    contentHash: String(row[3]),
  };
}

// What is bound is copied: the same bytes serve every statement.
const HASH_BYTES = Buffer.alloc(CONTENT_HASH_BYTES);

function hashBytes(hex: string): Buffer {
  HASH_BYTES.write(hex, 'hex');
  return HASH_BYTES;
}
