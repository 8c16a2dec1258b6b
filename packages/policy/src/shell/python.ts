import { readInvocation } from './flags.ts';
import type { HandlerCall } from './handler-call.ts';
import { literalValue } from './word.ts';

/** `python -m MODULE …`: a module that the tables know (as `py:MODULE` or as a command) is judged as that. */
export function judgePython({ rule, args, context, verdict, stdin }: HandlerCall): boolean {
  const { flags, operands } = readInvocation(rule, args);
  const module = flags.find((flag) => flag.rule.name === '-m')?.value;
  if (module?.kind !== 'literal') return false;
  const known = [`py:${module.text}`, module.text].find((name) => context.tables.commands.has(name));
  if (known === undefined) return false;
  context.engine.judgeArguments(
    [literalValue(known, module.start, module.end), ...operands],
    context,
    verdict,
    stdin,
  );
  return true;
}
