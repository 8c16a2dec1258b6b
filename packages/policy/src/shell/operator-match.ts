import { matchGlob } from './shell-pattern.ts';

/** A pattern an operator adds to the deny list: it matches when the command and every argument pattern match. */
export interface OperatorDenyRule {
  /** Stands in the reason as `deny-list:<code>`. */
  readonly code: string;
  /** Pattern of the command's name: `*` any run, `?` one character, `[…]` a set. */
  readonly command: string;
  /** Patterns that must each match some argument, in this order. None: any arguments. */
  readonly args?: readonly string[];
}

/** A command as rules see it: every name it goes by, and for each argument every way to read it. */
export interface CalledCommand {
  readonly names: readonly string[];
  readonly args: readonly (readonly string[])[];
}

/** True when the rule's command matches a name and its patterns match arguments in their order. */
export function matchesOperatorRule(rule: OperatorDenyRule, called: CalledCommand): boolean {
  if (!called.names.some((name) => matchGlob(rule.command, name))) return false;
  let at = 0;
  for (const pattern of rule.args ?? []) {
    while (at < called.args.length && !called.args[at]?.some((text) => matchGlob(pattern, text))) at++;
    if (at++ >= called.args.length) return false;
  }
  return true;
}

/** The rule for a shell that makes no difference between capital and small letters. */
export function foldedRule(rule: OperatorDenyRule): OperatorDenyRule {
  const { code, command, args } = rule;
  const folded = { code, command: command.toLowerCase() };
  return args === undefined ? folded : { ...folded, args: args.map((pattern) => pattern.toLowerCase()) };
}
