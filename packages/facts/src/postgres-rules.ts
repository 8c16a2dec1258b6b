import type { Clock } from '@praxis/core';
import type { PostgresDatabase } from '@praxis/storage';

import type { ClassificationRule } from './backend.ts';
import { CLASSIFICATION_RULES_MAX } from './bounds.ts';
import { factInvalid } from './errors.ts';
import type { FactClassification } from './model.ts';

/** The number of the newest rule, as a part of another statement. */
export const NEWEST_RULE = '(SELECT max(rule_id) FROM fact_classifications)';
const NEWEST = 'SELECT max(rule_id) FROM fact_classifications WHERE rule_id > $1';
const IN_FORCE = `SELECT DISTINCT ON (subject_pattern, predicate_pattern) subject_pattern,
  predicate_pattern, classification FROM fact_classifications WHERE rule_id <= $1
  ORDER BY subject_pattern, predicate_pattern, rule_id DESC`;
const ADD = `INSERT INTO fact_classifications (subject_pattern, predicate_pattern, classification, recorded_at, actor, reason)
  VALUES ($1, $2, $3, greatest($4::int8, (SELECT last FROM fact_clock)), $5, $6)`;
// Rules become visible in the order of their numbers: that of the newest says which there are.
const LOCK = 'LOCK TABLE fact_classifications IN SHARE ROW EXCLUSIVE MODE';

/** The classification rules of a store, read again only when there is a newer one. Rules are only ever added. */
export interface PostgresRules {
  inForce(): Promise<readonly ClassificationRule[]>;
  /** Those in force when a rule was the newest, for whoever has just read its number: at once when they are known. */
  upTo(newestRuleId: number): readonly ClassificationRule[] | Promise<readonly ClassificationRule[]>;
  /** Throws `FACT_INVALID` when there are too many. */
  add(rule: ClassificationRule & { actor: string; reason: string }): Promise<void>;
}

/** Reads and adds rules. */
export function postgresRules(db: PostgresDatabase, clock: Clock): PostgresRules {
  let known: { ruleId: number; rules: readonly ClassificationRule[] } = { ruleId: 0, rules: [] };
  const read = async (ruleId: number): Promise<readonly ClassificationRule[]> => {
    const rows = await db.query(IN_FORCE, [ruleId]);
    const rules = rows.map((row) => ({
      subject: String(row[0]),
      predicate: String(row[1]),
      classification: row[2] as FactClassification,
    }));
    if (ruleId > known.ruleId) known = { ruleId, rules };
    return rules;
  };
  const upTo: PostgresRules['upTo'] = (ruleId) => (ruleId === known.ruleId ? known.rules : read(ruleId));
  const inForce = async (): Promise<readonly ClassificationRule[]> => {
    const [row] = await db.query(NEWEST, [0]);
    return upTo(Number(row?.[0] ?? 0));
  };
  return {
    inForce,
    upTo,
    async add({ subject, predicate, classification, actor, reason }) {
      if ((await inForce()).length >= CLASSIFICATION_RULES_MAX) {
        throw factInvalid('classification', `rules are more than ${CLASSIFICATION_RULES_MAX}`);
      }
      await db.transact(async (session) => {
        session.send(LOCK);
        session.send(ADD, [subject, predicate, classification, clock.now(), actor, reason]);
      });
    },
  };
}
