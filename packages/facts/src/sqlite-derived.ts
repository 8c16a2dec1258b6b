import { hash, randomBytes } from 'node:crypto';

import type { SqliteDatabase } from '@praxis/storage';

import type { DerivedReport } from './backend.ts';
import { wordsOf } from './words.ts';

/** How many facts are read at once. */
const ROWS_PER_READ = 2000;
/** How many terms are remembered with their mark. */
const MARKS_MAX = 200_000;
/** Bytes of a mark: sums of them stay exact in a double, taken modulo 2^48. */
const MARK_BYTES = 6;
const MARK_MODULUS = 2 ** 48;

const TERMS = `CREATE VIRTUAL TABLE IF NOT EXISTS temp.fact_text_terms USING fts5vocab('main', 'fact_text', 'instance')`;
const FACTS =
  'SELECT seq, subject, predicate, value FROM facts WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?';
// An answer that is given again must be that of a fact which says what was put.
const WRONG_ANSWERS = `SELECT count(*) AS wrong FROM fact_idempotency i
  WHERE NOT json_valid(i.outcome) OR (json_extract(i.outcome, '$.factId') IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM facts f WHERE f.seq = CAST(json_extract(i.outcome, '$.factId') AS INTEGER)
      AND lower(hex(f.content_hash)) = json_extract(i.outcome, '$.contentHash')
      AND f.recorded_at <= json_extract(i.outcome, '$.recordedAt')))`;

/** Compares what is derived from facts with the facts. */
export function verifySqliteDerived(db: SqliteDatabase): DerivedReport {
  return {
    textsWrong: textsWrong(db),
    answersWrong: Number(db.get(WRONG_ANSWERS)?.['wrong'] ?? 0),
  };
}

/**
 * How many facts are not indexed under exactly their words. The index is read once, in its own order: each fact has a
 * sum of its terms' marks, which nobody can match beforehand because they are keyed anew each time.
 */
function textsWrong(db: SqliteDatabase): number {
  const indexed = Number(db.get('SELECT indexed_seq FROM fact_text_state')?.['indexed_seq'] ?? 0);
  const marks = marker();
  const sums = new Float64Array(indexed + 1);
  let wrong = 0;
  db.run(TERMS);
  const terms = db.prepare('SELECT doc, term FROM temp.fact_text_terms', { arrays: true });
  for (const [doc, term] of terms.iterate() as Iterable<unknown> as Iterable<[number, string]>) {
    if (doc > indexed) wrong += 1;
    else sums[doc] = ((sums[doc] ?? 0) + marks(term)) % MARK_MODULUS;
  }
  let after = 0;
  for (;;) {
    const facts = db.all(FACTS, [after, indexed, ROWS_PER_READ]);
    for (const { seq, subject, predicate, value } of facts) {
      after = Number(seq);
      const words = wordsOf(String(subject), String(predicate), String(value));
      const sum = words.reduce((total, word) => (total + marks(word)) % MARK_MODULUS, 0);
      if (sums[after] !== sum) wrong += 1;
      sums[after] = 0;
    }
    if (facts.length < ROWS_PER_READ) break;
  }
  // What is left belongs to no fact. An index that claims to be ahead would pass over the next one.
  return wrong + sums.filter((sum) => sum !== 0).length + (indexed > newestOf(db) ? 1 : 0);
}

function newestOf(db: SqliteDatabase): number {
  return Number(db.get('SELECT max(seq) AS newest FROM facts')?.['newest'] ?? 0);
}

function marker(): (term: string) => number {
  const key = randomBytes(32).toString('hex');
  const known = new Map<string, number>();
  return (term) => {
    const found = known.get(term);
    if (found !== undefined) return found;
    if (known.size >= MARKS_MAX) known.clear();
    const mark = hash('sha256', key + term, 'buffer').readUIntBE(0, MARK_BYTES);
    known.set(term, mark);
    return mark;
  };
}
