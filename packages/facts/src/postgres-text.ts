import type { PostgresDatabase } from '@praxis/storage';

import { INSERT_FACT_TEXT } from './postgres-steps.ts';
import { wordsOf } from './words.ts';

/** How many facts are indexed in one transaction. */
const FACTS_PER_TRANSACTION = 5000;

const NEXT =
  'SELECT pending_id, from_seq, through_seq FROM fact_text_pending ORDER BY pending_id LIMIT 1 FOR UPDATE';
const FACTS = `SELECT f.seq, f.subject, f.predicate, f.value FROM facts f
  WHERE f.seq >= $1 AND f.seq <= $2 ORDER BY f.seq LIMIT ${FACTS_PER_TRANSACTION}`;
const DONE = 'DELETE FROM fact_text_pending WHERE pending_id = $1';
const GO_ON = 'UPDATE fact_text_pending SET from_seq = $2 WHERE pending_id = $1';

/**
 * Indexes the text of what bulk ingest added, before a search: several may do so at once, one range after
 * another. Facts of others that lie in a range are indexed by whoever wrote them, or were.
 */
export async function indexPendingText(db: PostgresDatabase): Promise<void> {
  while (await indexSome(db));
}

function indexSome(db: PostgresDatabase): Promise<boolean> {
  return db.transact(async (session) => {
    const [range] = await session.query(NEXT);
    if (range === undefined) return false;
    const [id = 0, from = 0, through = 0] = range.map(Number);
    const facts = await session.query(FACTS, [from, through]);
    const records = facts.map(([seq, subject, predicate, value]) => ({
      q: seq,
      x: wordsOf(String(subject), String(predicate), String(value)),
    }));
    await session.query(`${INSERT_FACT_TEXT} ON CONFLICT (seq) DO NOTHING`, [JSON.stringify(records)]);
    const last = facts.length < FACTS_PER_TRANSACTION ? through : Number(facts.at(-1)?.[0]);
    if (last >= through) await session.query(DONE, [id]);
    else await session.query(GO_ON, [id, last + 1]);
    return true;
  });
}
