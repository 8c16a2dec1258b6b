import { readInvocation } from './flags.ts';
import type { HandlerCall } from './handler-call.ts';
import { literalValue } from './word.ts';

const COMMAND_MODULES = /^(?:ansible\.builtin\.)?(?:command|shell|raw|win_command|win_shell)$/;
const READING_MODULES =
  /^(?:ansible\.builtin\.)?(?:ping|setup|debug|stat|gather_facts|service_facts|package_facts|find|getent|slurp|assert|wait_for|fail|win_ping|set_fact|async_status)$/;

/** Arguments that ask a module to remove what it manages. */
const REMOVING_ARGUMENTS = /\bstate["']?\s{0,8}[=:]\s{0,8}["']?(?:absent|purged|wiped)\b/;

/** `ansible HOSTS -m MODULE -a ARGS`: command modules run their arguments, a few modules only read. */
export function judgeAnsible({ rule, args, context, verdict }: HandlerCall): boolean {
  const invocation = readInvocation(rule, args);
  if (invocation.unknownFlags.length > 0 || invocation.operands.length === 0) return false;
  if (invocation.flags.some((flag) => flag.rule.isReadonly)) return false;
  const valueOf = (name: string) => invocation.flags.findLast((flag) => flag.rule.name === name)?.value;
  const module = valueOf('-m') ?? literalValue('command', 0, 0);
  const isBecome = invocation.flags.some((flag) => flag.rule.name === '-b');
  if (isBecome) verdict.raise(2, 'wrapper', 'ansible becomes another user', undefined, rule.id);
  if (module.kind === 'literal' && READING_MODULES.test(module.text)) {
    verdict.raise(0, 'read-only', `ansible module ${module.text} only reads`, undefined, rule.id);
    return true;
  }
  const text = valueOf('-a');
  if (text?.kind === 'literal' && REMOVING_ARGUMENTS.test(text.text))
    verdict.raise(3, 'removes', 'an ansible module removes what it manages', undefined, rule.id);
  if (module.kind !== 'literal' || !COMMAND_MODULES.test(module.text) || text === undefined || text === null)
    return false;
  context.engine.judgeText(text, context, verdict, { kind: 'remote', isRemote: true });
  return true;
}
