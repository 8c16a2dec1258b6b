import { readInvocation } from './flags.ts';
import type { HandlerCall } from './handler-call.ts';
import { judgeGitConfig } from './option-values.ts';
import { prefixValue, type WordValue } from './word.ts';

/** `git config KEY VALUE`: a value that git will run is judged as what it runs. */
export function judgeGitConfigCommand(call: HandlerCall): boolean {
  const { rule, context, verdict } = call;
  const invocation = call.invocation ?? readInvocation(rule, call.args);
  const [first, second] = invocation.operands;
  if (first !== undefined && second !== undefined)
    judgeGitConfig(joined(first, second), context, verdict, rule.id);
  return false;
}

function joined(key: WordValue, value: WordValue): WordValue {
  const text = `${key.text}=${value.text}`;
  if (key.kind !== 'literal') return prefixValue(key.text, key.start, key.end);
  return value.kind === 'literal' ? { ...value, text } : prefixValue(text, value.start, value.end);
}
