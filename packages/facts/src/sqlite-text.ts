import { setImmediate as nextTurn } from 'node:timers/promises';

import type { SqliteDatabase } from '@praxis/storage';

import type { WriteAlone } from './sqlite-reading.ts';
import { wordsOf } from './words.ts';

/** How many facts one step of indexing takes. */
const STEP_FACTS = 2000;

const UNINDEXED = `SELECT seq, subject, predicate, value FROM facts WHERE seq > ? ORDER BY seq LIMIT ${STEP_FACTS}`;

/**
 * Brings the full-text index up to date. It is done when somebody searches, so that those who only
 * write do not pay for it.
 */
export async function indexText(db: SqliteDatabase, alone: WriteAlone): Promise<void> {
  // Writers have their turn between the steps.
  while ((await alone(() => db.transact(() => indexStep(db)))) === STEP_FACTS) await nextTurn();
}

function indexStep(db: SqliteDatabase): number {
  const from = Number(db.get('SELECT indexed_seq FROM fact_text_state')?.['indexed_seq'] ?? 0);
  const rows = db.all(UNINDEXED, [from]);
  for (const row of rows) {
    const words = wordsOf(String(row['subject']), String(row['predicate']), String(row['value']));
    db.run('INSERT INTO fact_text (rowid, words) VALUES (?, ?)', [row['seq'] ?? null, words.join(' ')]);
  }
  const last = rows.at(-1)?.['seq'];
  if (last !== undefined) db.run('UPDATE fact_text_state SET indexed_seq = ?', [last]);
  return rows.length;
}
