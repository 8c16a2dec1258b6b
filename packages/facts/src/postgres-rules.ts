import type { Clock } from '@praxis/core';
import type { PostgresDatabase } from '@praxis/storage';

import type { ClassificationRule } from './backend.ts';
import { CLASSIFICATION_RULES_MAX } from './bounds.ts';
import { factInvalid } from './errors.ts';
import type { FactClassification } from './model.ts';

/** The classification rules in force: of each pair of patterns the latest. */
export async function readRules(db: PostgresDatabase): Promise<ClassificationRule[]> {
  const rows = await db.query(`SELECT DISTINCT ON (subject_pattern, predicate_pattern) subject_pattern,
    predicate_pattern, classification FROM fact_classifications
    ORDER BY subject_pattern, predicate_pattern, rule_id DESC`);
  return rows.map((row) => ({
    subject: String(row[0]),
    predicate: String(row[1]),
    classification: row[2] as FactClassification,
  }));
}

/** Puts a rule in force. Throws `FACT_INVALID` when there are too many. */
export async function addRule(
  db: PostgresDatabase,
  clock: Clock,
  rule: ClassificationRule & { actor: string; reason: string },
): Promise<void> {
  if ((await readRules(db)).length >= CLASSIFICATION_RULES_MAX) {
    throw factInvalid('classification', `rules are more than ${CLASSIFICATION_RULES_MAX}`);
  }
  await db.query(
    `INSERT INTO fact_classifications (subject_pattern, predicate_pattern, classification, recorded_at, actor, reason)
     VALUES ($1, $2, $3, greatest($4::int8, (SELECT last FROM fact_clock)), $5, $6)`,
    [rule.subject, rule.predicate, rule.classification, clock.now(), rule.actor, rule.reason],
  );
}
