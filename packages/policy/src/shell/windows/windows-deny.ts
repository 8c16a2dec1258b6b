import type { Findings, FrontEndContext, FrontEndSpan } from '../front-end.ts';
import { foldedRule, matchesOperatorRule } from '../operator-match.ts';

/** One argument as a Windows shell hands it on: its text when it is known, and the parameter it names, if any. */
export interface DeniableArgument {
  readonly text: string | null;
  /** Lower case, without its dash. */
  readonly parameter?: string | null;
}

/** A command that an operator's rules may be about. */
export interface DeniableCommand {
  /** The word that was written, and other names of the same command. */
  readonly names: readonly string[];
  readonly args: readonly DeniableArgument[];
}

/** Applies the operator's own deny rules; letter case makes no difference on Windows. */
export function judgeWindowsRules(
  command: DeniableCommand,
  frontEnd: FrontEndContext,
  findings: Findings,
  span: FrontEndSpan,
): void {
  if (frontEnd.denyRules.length === 0) return;
  const names = command.names.flatMap(spellings);
  for (const rule of frontEnd.denyRules.map(foldedRule)) {
    const args = command.args.map((arg) => readings(arg, rule.args ?? []));
    if (matchesOperatorRule(rule, { names, args })) findings.deny(rule.code, 'a rule of the operator', span);
  }
}

/** As written, without its directory, and without the suffix that Windows adds by itself. */
function spellings(name: string): string[] {
  const whole = name.toLowerCase();
  const base = whole.slice(Math.max(whole.lastIndexOf('\\'), whole.lastIndexOf('/')) + 1);
  return [whole, base, base.replace(/\.(?:exe|com|cmd|bat|ps1)$/, '')];
}

/** `a,b` are two names, `/s/q` two flags, `-Name:value` a name and its value, and `-rec` may be `-recurse`. */
function readings({ text, parameter }: DeniableArgument, patterns: readonly string[]): string[] {
  const whole = (text ?? '').toLowerCase();
  const parts = whole.split(/[,;]/);
  const flags = whole.startsWith('/') ? whole.split(/(?=\/)/) : [];
  const list = [whole, ...parts, ...flags];
  if (parameter === undefined || parameter === null) return list;
  const colon = whole.indexOf(':');
  if (colon > 0) list.push(whole.slice(0, colon), whole.slice(colon + 1));
  return [...list, ...patterns.filter((pattern) => pattern.startsWith(`-${parameter}`))];
}
