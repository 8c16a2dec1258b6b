import type { HandlerCall } from './handler-call.ts';
import { judgeRole } from './roles.ts';
import { joinWords } from './wrappers.ts';
import { literalValue } from './word.ts';

/** `pwsh -Command TEXT…`, `pwsh FILE`: the whole call is read by the PowerShell front end. */
export function judgePowershellCall(call: HandlerCall): boolean {
  const { rule, args, context, verdict, stdin } = call;
  if (args.length === 0) return judgeEmpty(call);
  const first = args[0]?.text.toLowerCase();
  if (
    args.length === 1 &&
    (first === '--version' || first === '-version' || first === '-v' || first === '--help' || first === '-?')
  ) {
    verdict.raise(0, 'read-only', `${rule.id} prints about itself`, undefined, rule.id);
    return true;
  }
  const words = [literalValue('pwsh', 0, 0), ...args.map((arg) => (isOption(arg.text) ? arg : quoted(arg)))];
  judgeRole('powershell', joinWords(words), context, verdict, { entry: rule.id, marks: new Set(), stdin });
  return true;
}

/** Options keep their spelling; every other argument is one string, as bash passed it. */
function isOption(text: string): boolean {
  return /^-[A-Za-z]+$/.test(text);
}

function quoted<T extends { readonly text: string; readonly kind: string }>(arg: T): T {
  return /^[\w.:\\/=-]*$/.test(arg.text) ? arg : { ...arg, text: `'${arg.text.replaceAll("'", "''")}'` };
}

function judgeEmpty({ rule, context, verdict, stdin }: HandlerCall): boolean {
  if (stdin === undefined)
    verdict.raise(2, 'interactive', `${rule.id} waits for what a person types`, undefined, rule.id);
  else if (stdin === null)
    verdict.raise(3, 'unknown-code', `what ${rule.id} reads is not known`, undefined, rule.id);
  else
    judgeRole('powershell', literalValue(stdin, 0, 0), context, verdict, {
      entry: rule.id,
      marks: new Set(),
      stdin,
    });
  return true;
}

/** `cmd /c TEXT…`. */
export function judgeCmdCall(call: HandlerCall): boolean {
  const { rule, args, context, verdict, stdin } = call;
  const at = args.findIndex((arg) => /^\/\/?[ckr]/i.test(arg.text));
  if (at < 0) return judgeEmpty(call);
  const attached = (args[at]?.text ?? '').replace(/^\/\/?[ckr]/i, '');
  const head = attached === '' ? [] : [{ ...(args[at] ?? literalValue('', 0, 0)), text: attached }];
  const text = joinWords([...head, ...args.slice(at + 1)]);
  judgeRole('cmd', text, context, verdict, { entry: rule.id, marks: new Set(), stdin });
  return true;
}
