import { type Tier, tierRank } from '@praxis/core';
import { classifyCmd } from './cmd/cmd.ts';
import type { FrontEndContext, FrontEndReason, FrontEndResult, NestedResult } from './front-end.ts';
import { classifyPowershell } from './powershell/powershell.ts';
import type { Span } from './ast.ts';
import type { OperatorDenyRule } from './operator-match.ts';
import { type ClassificationReason, type ClassifiedNode, tierOf, Verdict } from './verdict.ts';

/** The shells that have a front end of their own. */
type ForeignShell = 'powershell' | 'cmd';

/** Classifies a text of a shell that is not bash, nested at this depth. */
export type NestedClassifier = (command: string, shell: 'bash' | ForeignShell, depth: number) => Verdict;

/** Judges PowerShell or cmd.exe text by its own front end; what it nests comes back through `classifyNested`. */
export function judgeForeign(
  shell: ForeignShell,
  command: string,
  depth: number,
  lent: { readonly classifyNested: NestedClassifier; readonly denyRules: readonly OperatorDenyRule[] },
): Verdict {
  const { classifyNested, denyRules } = lent;
  const context: FrontEndContext = {
    depth,
    denyRules,
    classifyNested: (text, nested) => nestedResult(classifyNested(text, nested, depth + 1)),
  };
  const result =
    shell === 'powershell' ? classifyPowershell(command, context) : classifyCmd(command, context);
  return verdictOf(result);
}

function nestedResult(verdict: Verdict): NestedResult {
  const reasons: FrontEndReason[] = [];
  gather(verdict.toNode('nested', ''), reasons);
  return { tier: tierOf(verdict.rank), denied: verdict.denied, reasons };
}

function gather(node: ClassifiedNode, into: FrontEndReason[]): void {
  into.push(...node.reasons);
  for (const child of node.children) gather(child, into);
}

function verdictOf(result: FrontEndResult): Verdict {
  const verdict = new Verdict();
  const rank = tierRank(result.tier);
  for (const reason of result.reasons) verdict.reasons.push(withTier(reason, result.tier));
  if (result.denied && verdict.reasons.length === 0) verdict.deny('front-end', 'denied by the front end');
  verdict.rank = rank;
  verdict.denied = result.denied;
  return verdict;
}

function withTier(reason: FrontEndReason, tier: Tier): ClassificationReason {
  const found: ClassificationReason = { code: reason.code, detail: reason.detail, tier };
  const span: Span | undefined = reason.span;
  if (span !== undefined) found.span = { start: span.start, end: span.end };
  if (reason.entry !== undefined) found.entry = reason.entry;
  return found;
}
