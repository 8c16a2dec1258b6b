import { matchesOperatorRule } from './operator-match.ts';
import { type ShellContext, spanIn } from './shell-context.ts';
import type { Verdict } from './verdict.ts';
import type { WordValue } from './word.ts';

/** Codes of the shipped deny list. A command on it is refused in every mode, whatever was approved. */
export const DENY_CODES = {
  'root-wipe': 'removes everything below the root directory',
  'system-tree-wipe': 'removes a top directory of the system',
  'system-tree-overwrite': 'copies a tree over the root or a system directory',
  'root-permissions': 'changes owner or mode of a whole system tree',
  'disk-overwrite': 'writes over a block device',
  'fork-bomb': 'a function that starts itself without end',
  'forced-push-trunk': 'rewrites the trunk branch on the server',
} as const;
/** A code of the shipped deny list. */
export type DenyCode = keyof typeof DENY_CODES;

/** Applies the operator's own deny rules to one argument list. */
export function judgeOperatorRules(
  values: readonly WordValue[],
  context: ShellContext,
  verdict: Verdict,
): void {
  if (context.denyRules.length === 0) return;
  const [name] = values;
  if (name === undefined || name.kind === 'unknown') return;
  const base = name.text.slice(name.text.lastIndexOf('/') + 1);
  const called = { names: [base, name.text], args: values.slice(1).map((value) => [value.text]) };
  for (const rule of context.denyRules) {
    if (matchesOperatorRule(rule, called))
      verdict.deny(rule.code, 'a rule of the operator', spanIn(context, name));
  }
}
