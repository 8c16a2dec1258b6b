import type { Clock, Instant, Json } from '@praxis/core';
import type { PostgresDatabase, PostgresParam } from '@praxis/storage';

import type { PointAnswer } from './backend.ts';
import type { FactKey, StoredFact } from './model.ts';
import { clockTampered } from './postgres-horizon.ts';
import { NEWEST_RULE, type PostgresRules } from './postgres-rules.ts';
import { FOREVER } from './timeline.ts';

// One column: a driver spends more on describing twenty than on reading them. The key is known to who asks. The rules
// belong to the same instant as the row: the number of the newest is read with it.
const columns = (last: string): string =>
  `json_build_array(f.seq, f.target, f.value, f.valid_from, f.valid_to, f.recorded_at, f.superseded_at, f.actor,
  f.reason, f.superseded_actor, f.superseded_reason, f.source, f.confidence, encode(f.content_hash, 'hex'),
  coalesce(o.last_observed_at, f.observed_at), coalesce(o.observation_count, f.observation_count), ${NEWEST_RULE}, ${last})::text`;
/** A row of them. All numbers fit. */
type Row = readonly [
  seq: number | null,
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
  clockLast: number | null,
];

const OF_KEY = 'f.subject = $1 AND f.predicate = $2 AND f.fact_type = $3 AND f.value_key = $4';
const OBSERVATIONS = 'LEFT JOIN fact_observations o ON o.seq = f.seq';
// Of what is believed about a key periods do not overlap: only the first that ends later can hold an instant.
const first = (validAt: string): string =>
  `facts f WHERE ${OF_KEY} AND f.superseded_at IS NULL AND f.valid_to > ${validAt} ORDER BY f.valid_to LIMIT 1`;
const past = (validAt: string): string => `SELECT * FROM facts f WHERE ${OF_KEY} AND f.superseded_at > $6
  AND f.recorded_at <= $6 AND f.valid_from <= ${validAt} AND f.valid_to > ${validAt} ORDER BY f.recorded_at DESC LIMIT 1`;
const pastOf = (validAt: string): string =>
  `SELECT ${columns('null')} FROM (${past(validAt)}) f ${OBSERVATIONS}`;
const either = (validAt: string): string => `SELECT ${columns('null')} FROM (
  (SELECT * FROM (SELECT * FROM ${first(validAt)}) b WHERE b.valid_from <= ${validAt} AND b.recorded_at <= $6)
  UNION ALL (${past(validAt)}) LIMIT 1) f ${OBSERVATIONS}`;

// Each is a statement of its own, and simple: so that its plan is kept, and costs little to begin with.
const GIVEN = '$5::int8';
const OF_INSTANT = {
  believed: `SELECT ${columns('null')} FROM (SELECT * FROM ${first(GIVEN)}) f ${OBSERVATIONS}`,
  past: pastOf(GIVEN),
  either: either(GIVEN),
};
// The present is the clock, or the latest recording when the clock has stepped back behind it.
const PRESENT = 'greatest($5::int8, (SELECT last FROM fact_clock WHERE one = 1))';
const OF_PRESENT = {
  believed: `SELECT ${columns('c.last')} FROM fact_clock c
    LEFT JOIN LATERAL (SELECT * FROM ${first('greatest($5::int8, c.last)')}) f ON true ${OBSERVATIONS} WHERE c.one = 1`,
  past: pastOf(PRESENT),
  either: either(PRESENT),
};

/** Reads the one version of a key that is visible as of two instants; the present where none is given. */
export type PointReader = (
  key: FactKey,
  at: { validAt: Instant | undefined; recordedAt: Instant | undefined },
) => Promise<PointAnswer | null>;

/**
 * Nearly always points are read in one statement. What is believed and was recorded by then was believed then; or
 * something else was, which is no longer. Where it was found the last time it is looked for first.
 */
export function createPointReader(db: PostgresDatabase, clock: Clock, rules: PostgresRules): PointReader {
  let wasInPast = false;
  const read = async (text: string, params: readonly PostgresParam[]): Promise<Row | null> => {
    const [row] = await db.queryShared(text, params);
    return row === undefined ? null : (JSON.parse(row[0] as string) as Row);
  };
  const readBelieved = async (text: string, params: readonly PostgresParam[]): Promise<Row | null> => {
    const row = await read(text, params);
    if (row === null && text === OF_PRESENT.believed) throw clockTampered('gone');
    const at = Number(params[4]);
    return row === null || row[0] === null || row[3] > Math.max(at, row[17] ?? at) ? null : row;
  };
  const readAsRecorded = async (
    { believed, past: inPast, either: anywhere }: typeof OF_INSTANT,
    params: readonly PostgresParam[],
    recordedAt: Instant,
  ): Promise<Row | null> => {
    const both = [...params, recordedAt];
    if (wasInPast) {
      const row = await read(inPast, both);
      wasInPast = row !== null;
      // What has ended meanwhile is in neither of two answers: one statement sees it in one of both places.
      return row ?? read(anywhere, both);
    }
    const row = await readBelieved(believed, params);
    if (row !== null && row[5] <= recordedAt) return row;
    const ended = await read(inPast, both);
    wasInPast = ended !== null;
    return ended;
  };
  return async (key, { validAt, recordedAt }) => {
    const { subject, predicate, factType, valueKey } = key;
    if (![subject, predicate, factType, valueKey].every(mayBeHeld)) return null;
    const params = [subject, predicate, factType, valueKey, validAt ?? clock.now()];
    const statements = validAt === undefined ? OF_PRESENT : OF_INSTANT;
    const row = await (recordedAt === undefined
      ? readBelieved(statements.believed, params)
      : readAsRecorded(statements, params, recordedAt));
    if (row === null) return null;
    const found = rules.upTo(row[16] ?? 0);
    return { fact: toFact(key, row), rules: found instanceof Promise ? await found : found };
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
