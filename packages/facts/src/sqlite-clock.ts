import { INSTANT_MIN, type Instant } from '@praxis/core';
import { type SqliteDatabase, StorageError } from '@praxis/storage';

const LATEST = `SELECT max(latest) AS latest FROM (
  SELECT max(superseded_at) AS latest FROM facts WHERE superseded_at IS NOT NULL
  UNION ALL SELECT max(through_recorded_at) FROM fact_seals)`;

/** Throws `STORE_TAMPERED` when transaction time is behind what was recorded: the rest would not be seen. */
export function checkSqliteClock(db: SqliteDatabase, lastRecordedAt: Instant): void {
  if (Number(db.get(LATEST)?.['latest'] ?? INSTANT_MIN) > lastRecordedAt)
    throw new StorageError('STORE_TAMPERED', 'what keeps transaction time going forward was set back');
}
