import type { Clock, Instant } from '@praxis/core';
import { type PostgresDatabase, StorageError } from '@praxis/storage';

import type { Horizon } from './backend.ts';

// When a seal was made nobody was writing: all that was recorded up to there is settled, whatever transaction it was of.
const SETTLED = '(SELECT through_recorded_at FROM fact_seals ORDER BY seal_id DESC LIMIT 1)';
const HORIZON = `SELECT last, greatest(${SETTLED}, 0), pg_current_snapshot()::text FROM fact_clock`;

/** How many of the newest rows are looked at: those of the transactions with the highest numbers are among them. */
const NEWEST_ROWS = 1000;

// Whatever can be seen was committed before this very snapshot, unless its number was given out by another server.
const FOREIGN = `SELECT EXISTS (
  SELECT 1 FROM (SELECT recorded_xid AS xid, recorded_at AS at FROM facts ORDER BY seq DESC LIMIT ${NEWEST_ROWS}) r
    WHERE r.at > coalesce(${SETTLED}, 0) AND NOT pg_visible_in_snapshot(r.xid, pg_current_snapshot())
  UNION ALL
  SELECT 1 FROM (SELECT superseded_xid AS xid, superseded_at AS at FROM facts WHERE superseded_at IS NOT NULL
      ORDER BY superseded_at DESC LIMIT ${NEWEST_ROWS}) s
    WHERE s.at > coalesce(${SETTLED}, 0) AND NOT pg_visible_in_snapshot(s.xid, pg_current_snapshot()))`;

const CLOCK_BEHIND = `SELECT c.last < greatest(${SETTLED}, (SELECT max(recorded_at) FROM facts),
  (SELECT max(superseded_at) FROM facts)) FROM fact_clock c`;

/** What has been recorded, and which of the transactions under way an answer may see. */
export async function postgresHorizon(db: PostgresDatabase, clock: Clock): Promise<Horizon> {
  const [row] = await db.query(HORIZON);
  if (row === undefined) throw clockTampered('gone');
  const [last, settledAt, snapshot] = row;
  const recordedAt = Number(last);
  return {
    recordedAt,
    now: Math.max(clock.now(), recordedAt),
    snapshot: `${String(settledAt)}:${String(snapshot)}`,
  };
}

/** The two parts of a horizon's snapshot: up to when all is settled, and PostgreSQL's own `xmin:xmax:xips`. */
export function snapshotParts(snapshot: string): { settledAt: Instant; transactions: string } {
  const end = snapshot.indexOf(':');
  return { settledAt: Number(snapshot.slice(0, end)), transactions: snapshot.slice(end + 1) };
}

/**
 * Whether rows bear numbers of transactions that this server has not given out yet: the store was brought here from
 * another one, by a dump or by replication of rows. What is not settled would not be seen.
 */
export async function isFromAnotherServer(db: PostgresDatabase): Promise<boolean> {
  const [row] = await db.query(FOREIGN);
  return row?.[0] === true;
}

/** Throws `STORE_TAMPERED` when transaction time is behind what was recorded: the rest would not be seen. */
export async function checkPostgresClock(db: PostgresDatabase): Promise<void> {
  const [row] = await db.query(CLOCK_BEHIND);
  if (row === undefined) throw clockTampered('gone');
  if (row[0] === true) throw clockTampered('set back');
}

/** What is said when the row of `fact_clock` is not what it was. */
export function clockTampered(what: string): StorageError {
  return new StorageError('STORE_TAMPERED', `what keeps transaction time going forward was ${what}`);
}
