import type { PostgresDatabase } from '@praxis/storage';

import type { DerivedReport } from './backend.ts';
import { indexPendingText } from './postgres-text.ts';
import { wordsOf } from './words.ts';

/** How many facts are read at once. */
const ROWS_PER_READ = 2000;

const TEXTS = `SELECT f.seq, f.subject, f.predicate, f.value, array_to_json(tsvector_to_array(x.words))::text
  FROM facts f LEFT JOIN fact_text x ON x.seq = f.seq
  WHERE f.seq > $1 ORDER BY f.seq LIMIT ${ROWS_PER_READ}`;
const STRAY_TEXTS =
  'SELECT count(*) FROM fact_text x WHERE NOT EXISTS (SELECT 1 FROM facts f WHERE f.seq = x.seq)';
// An answer that is given again must be that of a fact which says what was put.
const WRONG_ANSWERS = `SELECT count(*) FROM fact_idempotency i
  WHERE i.outcome::json ->> 'factId' IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM facts f WHERE f.seq = (i.outcome::json ->> 'factId')::int8
      AND encode(f.content_hash, 'hex') = i.outcome::json ->> 'contentHash'
      AND f.recorded_at <= (i.outcome::json ->> 'recordedAt')::int8)`;

/** Compares what is derived from facts with the facts. */
export async function verifyPostgresDerived(db: PostgresDatabase): Promise<DerivedReport> {
  await indexPendingText(db);
  const [[stray] = []] = await db.query(STRAY_TEXTS);
  const [[answersWrong] = []] = await db.query(WRONG_ANSWERS);
  return {
    textsWrong: Number(stray) + (await textsWrong(db)),
    answersWrong: Number(answersWrong),
  };
}

async function textsWrong(db: PostgresDatabase): Promise<number> {
  let wrong = 0;
  let after = 0;
  for (;;) {
    const facts = await db.query(TEXTS, [after]);
    for (const [seq, subject, predicate, value, words] of facts) {
      after = Number(seq);
      const right = wordsOf(String(subject), String(predicate), String(value)).sort();
      const found = words === null ? [] : (JSON.parse(String(words)) as string[]).sort();
      if (JSON.stringify(found) !== JSON.stringify(right)) wrong += 1;
    }
    if (facts.length < ROWS_PER_READ) return wrong;
  }
}
