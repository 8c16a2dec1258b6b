import type { Clock, Instant, Json } from '@praxis/core';
import type { PostgresDatabase, PostgresParam } from '@praxis/storage';

import type { PointAnswer } from './backend.ts';
import type { FactKey, StoredFact } from './model.ts';
import { NEWEST_RULE, type PostgresRules } from './postgres-rules.ts';
import { FOREVER } from './timeline.ts';

// One column: a driver spends more on describing twenty than on reading them. The key is known to who asks. The rules
// belong to the same instant as the row: the number of the newest is read with it.
const COLUMNS = `json_build_array(f.seq, f.target, f.value, f.valid_from, f.valid_to, f.recorded_at, f.superseded_at, f.actor,
  f.reason, f.superseded_actor, f.superseded_reason, f.source, f.confidence, encode(f.content_hash, 'hex'),
  coalesce(o.last_observed_at, f.observed_at), coalesce(o.observation_count, f.observation_count), ${NEWEST_RULE})::text`;
/** A row of them. All numbers fit. */
type Row = readonly [
  seq: number,
  target: string | null,
  value: string,
  validFrom: number,
  validTo: number,
  recordedAt: number,
  supersededAt: number | null,
  actor: string,
  reason: string,
  supersededActor: string | null,
  supersededReason: string | null,
  source: string | null,
  confidence: number | null,
  contentHash: string,
  lastObservedAt: number,
  observationCount: number,
  newestRule: number | null,
];

const OF_KEY = 'v.subject = $1 AND v.predicate = $2 AND v.fact_type = $3 AND v.value_key = $4';
// The present is the clock, or the latest recording when the clock has stepped back behind it.
const PRESENT = 'greatest($5::int8, (SELECT last FROM fact_clock WHERE one = 1))';
const GIVEN = '$5::int8';

// Each is a statement of its own, and simple: so that its plan is kept, and costs little to begin with.
const statements = (validAt: string): { believed: string; asRecorded: string } => {
  const read = (facts: string): string =>
    `SELECT ${COLUMNS} FROM (${facts}) f LEFT JOIN fact_observations o ON o.seq = f.seq`;
  // Of what is believed about a key periods do not overlap: only the first that ends later can hold an instant.
  const first = `SELECT * FROM facts v WHERE ${OF_KEY} AND v.superseded_at IS NULL AND v.valid_to > ${validAt}
    ORDER BY v.valid_to LIMIT 1`;
  const past = `SELECT * FROM facts v WHERE ${OF_KEY} AND v.superseded_at > $6 AND v.recorded_at <= $6
    AND v.valid_from <= ${validAt} AND v.valid_to > ${validAt} ORDER BY v.recorded_at DESC LIMIT 1`;
  const believed = `SELECT * FROM (${first}) b WHERE b.valid_from <= ${validAt}`;
  return {
    believed: read(believed),
    asRecorded: read(`(${believed} AND b.recorded_at <= $6) UNION ALL (${past}) LIMIT 1`),
  };
};
const OF_PRESENT = statements(PRESENT);
const OF_INSTANT = statements(GIVEN);

/** Reads the one version of a key that is visible as of two instants; the present where none is given. */
export type PointReader = (
  key: FactKey,
  at: { validAt: Instant | undefined; recordedAt: Instant | undefined },
) => Promise<PointAnswer | null>;

/** Points are read in one statement: what is believed first, what was believed only where it is asked for. */
export function createPointReader(db: PostgresDatabase, clock: Clock, rules: PostgresRules): PointReader {
  const read = async (text: string, params: readonly PostgresParam[]): Promise<Row | null> => {
    const [row] = await db.queryShared(text, params);
    return row === undefined ? null : (JSON.parse(row[0] as string) as Row);
  };
  return async (key, { validAt, recordedAt }) => {
    const { subject, predicate, factType, valueKey } = key;
    if (![subject, predicate, factType, valueKey].every(mayBeHeld)) return null;
    const now = clock.now();
    const { believed, asRecorded } = validAt === undefined ? OF_PRESENT : OF_INSTANT;
    const params = [subject, predicate, factType, valueKey, validAt ?? now];
    // Nearly always what was believed by now is what is believed.
    let said = recordedAt === undefined || recordedAt >= now ? await read(believed, params) : null;
    if (recordedAt !== undefined && (said === null || said[5] > recordedAt))
      said = await read(asRecorded, [...params, recordedAt]);
    if (said === null) return null;
    const found = rules.upTo(said[16] ?? 0);
    return { fact: toFact(key, said), rules: found instanceof Promise ? await found : found };
  };
}

/** Whether a fact may hold it: PostgreSQL refuses some texts that none does, and takes others in place of some. */
function mayBeHeld(text: unknown): boolean {
  return typeof text === 'string' && !text.includes('\0') && text.isWellFormed();
}

function toFact({ subject, predicate, factType, valueKey }: FactKey, row: Row): StoredFact {
  return {
    factId: String(row[0]),
    subject,
    predicate,
    factType,
    valueKey,
    target: row[1],
    value: JSON.parse(row[2]) as Json,
    validFrom: row[3],
    validTo: row[4] === FOREVER ? null : row[4],
    recordedAt: row[5],
    supersededAt: row[6],
    actor: row[7],
    reason: row[8],
    supersededActor: row[9],
    supersededReason: row[10],
    source: row[11],
    confidence: row[12],
    contentHash: row[13],
    lastObservedAt: row[14],
    observationCount: row[15],
  };
}
