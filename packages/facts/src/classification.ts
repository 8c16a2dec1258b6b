import type { ClassificationRule } from './backend.ts';
import { FACT_CLASSIFICATIONS, type FactClassification } from './model.ts';

/** What no rule speaks of. */
export const CLASSIFICATION_DEFAULT: FactClassification = 'internal';

/** Decides the classification of a fact by its subject and predicate. */
export type Classifier = (subject: string, predicate: string) => FactClassification;

const NO_RULES: Classifier = () => CLASSIFICATION_DEFAULT;

/**
 * The classifier of the rules in force. Of all rules that match, the most restrictive holds: a
 * narrower rule can close what a wider one left open, never the other way round.
 */
export function classifierOf(rules: readonly ClassificationRule[]): Classifier {
  if (rules.length === 0) return NO_RULES;
  const known = CLASSIFIERS.get(rules);
  if (known !== undefined) return known;
  const classifier = compileRules(rules);
  CLASSIFIERS.set(rules, classifier);
  return classifier;
}

// Stores that keep their rules ask with the same list again and again.
const CLASSIFIERS = new WeakMap<readonly ClassificationRule[], Classifier>();

function compileRules(rules: readonly ClassificationRule[]): Classifier {
  const compiled = rules.map((rule) => ({
    rank: FACT_CLASSIFICATIONS.indexOf(rule.classification),
    subject: compilePattern(rule.subject),
    predicate: compilePattern(rule.predicate),
  }));
  return (subject, predicate) => {
    let rank = -1;
    for (const rule of compiled) {
      if (rule.rank > rank && rule.subject(subject) && rule.predicate(predicate)) rank = rule.rank;
    }
    return FACT_CLASSIFICATIONS[rank] ?? CLASSIFICATION_DEFAULT;
  };
}

/** Matches a pattern in which `*` stands for any text, also none, in time linear per star. */
export function compilePattern(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return (text) => text === pattern;
  const last = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1).filter((part) => part.length > 0);
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
      return false;
    let position = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, position);
      if (found < 0) return false;
      position = found + part.length;
    }
    return position <= text.length - last.length;
  };
}
