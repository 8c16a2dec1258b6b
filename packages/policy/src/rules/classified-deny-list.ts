import { classify } from '../shell/classify.ts';
import { DENY_CODES } from '../shell/deny-list.ts';
import type { OperatorDenyRule } from '../shell/operator-match.ts';
import type { ShellDenyList } from './policy-engine.ts';

/** The deny list of the classifier, the operator's own entries included, as the rules ask for it. */
export function classifiedDenyList(deny: readonly OperatorDenyRule[] = []): ShellDenyList {
  const codes = new Set<string>([...Object.keys(DENY_CODES), ...deny.map((rule) => rule.code)]);
  return (command, shell) => {
    const { denied, reasons } = classify(command, { shell, deny });
    if (!denied) return null;
    return reasons.find((reason) => codes.has(reason.code))?.code ?? 'denied';
  };
}
