import { canonicalJson, errorMessage, PraxisError, sha256Hex } from '@praxis/core';
import { parse } from 'yaml';
import { z } from 'zod';
import type { OperatorDenyRule } from './operator-match.ts';

/** How many rules an operator may add to the deny list. */
export const OPERATOR_DENY_RULES_MAX = 1000;
/** The longest pattern, in characters, and how many patterns a rule may have. */
const PATTERN_LENGTH_MAX = 512;
const PATTERNS_MAX = 32;

const pattern = z.string().min(1).max(PATTERN_LENGTH_MAX);

const denyFileSchema = z.strictObject({
  deny: z
    .array(
      z.strictObject({
        code: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'small letters, digits and dashes'),
        command: pattern,
        args: z.array(pattern).max(PATTERNS_MAX).optional(),
      }),
    )
    .max(OPERATOR_DENY_RULES_MAX),
});

/**
 * Reads the rules that an operator adds to the deny list, YAML: `deny: [{code, command, args?}]`. Throws
 * `DENY_RULES_INVALID`: a guard that is misspelt must not be a silent one.
 */
export function parseOperatorDenyRules(text: string): readonly OperatorDenyRule[] {
  try {
    return denyFileSchema.parse(parse(text)).deny.map(({ code, command, args }) => ({
      code,
      command,
      ...(args === undefined ? {} : { args }),
    }));
  } catch (cause) {
    throw new PraxisError('DENY_RULES_INVALID', `the deny rules do not fit: ${errorMessage(cause)}`, {
      cause,
    });
  }
}

/** The version of a rule set with an operator's additions: it binds approvals, so a changed rule voids them. */
export function rulesetVersionWith(shipped: string, rules: readonly OperatorDenyRule[]): string {
  return rules.length === 0 ? shipped : `sha256:${sha256Hex(canonicalJson({ shipped, rules }))}`;
}
