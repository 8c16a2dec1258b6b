import type { Instant } from '@praxis/core';
import type { SqliteDatabase } from '@praxis/storage';

import type { FactBackend, Seal } from './backend.ts';
import { FactError } from './errors.ts';
import { sealedRow, sealedRowsSql } from './seal-sql.ts';
import type { SqliteDialect } from './sqlite-dialect.ts';
import { readRows, type WriteAlone } from './sqlite-reading.ts';

const BOUNDS = `SELECT (SELECT coalesce(max(seq), 0) FROM facts) AS seq,
  (SELECT coalesce(max(rule_id), 0) FROM fact_classifications) AS rule`;

/** What sealing needs of a store. */
export function sqliteSeals(
  db: SqliteDatabase,
  dialect: SqliteDialect,
  { alone, lastRecordedAt }: { alone: WriteAlone; lastRecordedAt: () => Instant },
): Pick<FactBackend, 'sealBounds' | 'seals' | 'addSeal' | 'sealedRows'> {
  return {
    async sealBounds() {
      const row = db.get(BOUNDS);
      return { seq: Number(row?.['seq']), recordedAt: lastRecordedAt(), ruleId: Number(row?.['rule']) };
    },
    seals: async () => readSeals(db),
    addSeal: (seal) => alone(() => addSeal(db, seal)),
    sealedRows: async (rows, bounds, page) =>
      readRows(db, sealedRowsSql(rows, bounds, page, dialect)).map((row) => sealedRow(rows, row)),
  };
}

function readSeals(db: SqliteDatabase): Seal[] {
  return db.all('SELECT * FROM fact_seals ORDER BY seal_id').map((row) => ({
    sealId: Number(row['seal_id']),
    seq: Number(row['through_seq']),
    recordedAt: Number(row['through_recorded_at']),
    ruleId: Number(row['through_rule_id']),
    rowsSealed: Number(row['rows_sealed']),
    sealedAt: Number(row['sealed_at']),
    hash: String(row['hash']),
  }));
}

function addSeal(db: SqliteDatabase, seal: Seal): void {
  db.transact(() => {
    const last = Number(db.get('SELECT coalesce(max(seal_id), 0) AS last FROM fact_seals')?.['last']);
    if (last + 1 !== seal.sealId)
      throw new FactError('FACT_SEAL_CONFLICT', 'another seal was added meanwhile');
    const { sealId, seq, recordedAt, ruleId, rowsSealed, sealedAt, hash } = seal;
    db.run('INSERT INTO fact_seals VALUES (?,?,?,?,?,?,?)', [
      sealId,
      seq,
      recordedAt,
      ruleId,
      rowsSealed,
      sealedAt,
      hash,
    ]);
  });
}
