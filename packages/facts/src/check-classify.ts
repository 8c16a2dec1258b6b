import type { ClassificationRule } from './backend.ts';
import { ACTOR_LENGTH_MAX, PREDICATE_LENGTH_MAX, REASON_LENGTH_MAX, SUBJECT_LENGTH_MAX } from './bounds.ts';
import { factInvalid } from './errors.ts';
import { FACT_CLASSIFICATIONS } from './model.ts';
import type { ClassifyFacts } from './store.ts';
import { checkText } from './validate.ts';

/** The most stars in one pattern. */
export const PATTERN_STARS_MAX = 8;

/** Checks a classification rule. Throws `FACT_INVALID`. */
export function checkClassify(rule: ClassifyFacts): ClassificationRule & { actor: string; reason: string } {
  if (!FACT_CLASSIFICATIONS.includes(rule.classification)) {
    throw factInvalid('classification', 'is not public, internal or restricted');
  }
  return {
    subject: checkPattern('subject', rule.subject, SUBJECT_LENGTH_MAX),
    predicate: checkPattern('predicate', rule.predicate ?? '*', PREDICATE_LENGTH_MAX),
    classification: rule.classification,
    actor: checkText('actor', rule.actor, { min: 1, max: ACTOR_LENGTH_MAX }),
    reason: checkText('reason', rule.reason, { min: 1, max: REASON_LENGTH_MAX }),
  };
}

function checkPattern(field: string, pattern: string, max: number): string {
  const text = checkText(field, pattern, { min: 1, max });
  if (text.split('*').length - 1 > PATTERN_STARS_MAX)
    throw factInvalid(field, `has more than ${PATTERN_STARS_MAX} stars`);
  return text;
}
