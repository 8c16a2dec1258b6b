import type { PostgresDatabase } from '@praxis/storage';

import type { Seal, SealBounds } from './backend.ts';
import { FactError } from './errors.ts';
import { LOCK_ALL_STRIPES } from './postgres-schema.ts';

/** With every lock held no writer is under way: all that was recorded so far is visible, and nothing later falls before it. */
export function quiescentBounds(db: PostgresDatabase): Promise<SealBounds> {
  return db.transact(async (session) => {
    await session.query(LOCK_ALL_STRIPES);
    await session.query('LOCK TABLE fact_classifications IN SHARE MODE');
    const [row] =
      await session.query(`SELECT (SELECT coalesce(max(seq), 0) FROM facts), (SELECT last FROM fact_clock),
      (SELECT coalesce(max(rule_id), 0) FROM fact_classifications)`);
    return { seq: Number(row?.[0]), recordedAt: Number(row?.[1]), ruleId: Number(row?.[2]) };
  });
}

/** All seals, oldest first. */
export async function readSeals(db: PostgresDatabase): Promise<Seal[]> {
  const rows =
    await db.query(`SELECT seal_id, through_seq, through_recorded_at, through_rule_id, rows_sealed, sealed_at,
    hash FROM fact_seals ORDER BY seal_id`);
  return rows.map(([sealId, seq, recordedAt, ruleId, rowsSealed, sealedAt, hash]) => ({
    sealId: Number(sealId),
    seq: Number(seq),
    recordedAt: Number(recordedAt),
    ruleId: Number(ruleId),
    rowsSealed: Number(rowsSealed),
    sealedAt: Number(sealedAt),
    hash: String(hash),
  }));
}

/** Adds a link. Throws `FACT_SEAL_CONFLICT` when another was added meanwhile. */
export async function addSeal(db: PostgresDatabase, seal: Seal): Promise<void> {
  const { sealId, seq, recordedAt, ruleId, rowsSealed, sealedAt, hash } = seal;
  const added = await db.query(
    'INSERT INTO fact_seals VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING seal_id',
    [sealId, seq, recordedAt, ruleId, rowsSealed, sealedAt, hash],
  );
  if (added.length === 0) throw new FactError('FACT_SEAL_CONFLICT', 'another seal was added meanwhile');
}
