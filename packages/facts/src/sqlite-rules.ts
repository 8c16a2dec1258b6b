import type { Instant } from '@praxis/core';
import type { SqliteDatabase } from '@praxis/storage';

import type { ClassificationRule } from './backend.ts';
import { CLASSIFICATION_RULES_MAX } from './bounds.ts';
import { factInvalid } from './errors.ts';
import type { FactClassification } from './model.ts';

const NEWEST = 'SELECT max(rule_id) FROM fact_classifications';
const IN_FORCE = `SELECT subject_pattern, predicate_pattern, classification FROM fact_classifications
  WHERE rule_id IN (SELECT max(rule_id) FROM fact_classifications GROUP BY subject_pattern, predicate_pattern)`;
const ADD = `INSERT INTO fact_classifications
  (subject_pattern, predicate_pattern, classification, recorded_at, actor, reason) VALUES (?,?,?,?,?,?)`;

/** The classification rules of a store, read again only when there is a newer one. Rules are only ever added. */
export interface SqliteRules {
  inForce(): readonly ClassificationRule[];
  /** The same, for whoever has just read the number of the newest rule. */
  upTo(newestRuleId: number): readonly ClassificationRule[];
  /** Throws `FACT_INVALID` when there are too many. */
  add(rule: ClassificationRule & { actor: string; reason: string }, recordedAt: Instant): void;
}

/** Reads and adds rules. */
export function sqliteRules(db: SqliteDatabase): SqliteRules {
  const newest = db.prepare(NEWEST, { arrays: true });
  let knownUpTo: number | null = null;
  let known: readonly ClassificationRule[] = [];
  const upTo = (ruleId: number): readonly ClassificationRule[] => {
    if (ruleId !== knownUpTo) known = readRules(db);
    knownUpTo = ruleId;
    return known;
  };
  return {
    upTo,
    inForce() {
      const [ruleId] = newest.get() as unknown as [number | null];
      return upTo(ruleId ?? 0);
    },
    add({ subject, predicate, classification, actor, reason }, recordedAt) {
      if (readRules(db).length >= CLASSIFICATION_RULES_MAX) {
        throw factInvalid('classification', `rules are more than ${CLASSIFICATION_RULES_MAX}`);
      }
      db.transact(() => db.run(ADD, [subject, predicate, classification, recordedAt, actor, reason]));
    },
  };
}

function readRules(db: SqliteDatabase): ClassificationRule[] {
  return db.all(IN_FORCE).map((row) => ({
    subject: String(row['subject_pattern']),
    predicate: String(row['predicate_pattern']),
    classification: row['classification'] as FactClassification,
  }));
}
