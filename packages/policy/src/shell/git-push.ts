import { type Invocation, readInvocation } from './flags.ts';
import type { HandlerCall } from './handler-call.ts';
import { spanIn } from './shell-context.ts';
import type { WordValue } from './word.ts';

const TRUNK = /^(?:refs\/heads\/)?(?:main|master|trunk)$/;
const FORCE = new Set(['--force', '--force-with-lease', '--force-if-includes']);

/** `git push`: rewriting a trunk branch is denied, rewriting or deleting another is `T3`. */
export function judgeGitPush(call: HandlerCall): boolean {
  const { rule, context, verdict } = call;
  const invocation = call.invocation ?? readInvocation(rule, call.args);
  if (invocation.flags.some((flag) => flag.rule.isReadonly)) return false;
  const isForced = invocation.flags.some((flag) => FORCE.has(flag.rule.name));
  for (const refspec of invocation.operands.slice(1)) {
    const isRewrite = isForced || refspec.text.startsWith('+');
    if (isRewrite && isTrunk(refspec))
      verdict.deny(
        'forced-push-trunk',
        `git push rewrites ${refspec.text}`,
        spanIn(context, refspec),
        rule.id,
      );
    else if (isRewrite)
      verdict.raise(3, 'forced-push', `git push rewrites ${refspec.text}`, spanIn(context, refspec), rule.id);
    if (refspec.text.startsWith(':'))
      verdict.raise(
        3,
        'remote-delete',
        `git push deletes ${refspec.text}`,
        spanIn(context, refspec),
        rule.id,
      );
  }
  if (isForced && targetsNothing(invocation))
    verdict.raise(3, 'forced-push', 'git push rewrites a branch', undefined, rule.id);
  return false;
}

function isTrunk(refspec: WordValue): boolean {
  const target = refspec.text.replace(/^\+/, '');
  return TRUNK.test(target.slice(target.indexOf(':') + 1));
}

function targetsNothing(invocation: Invocation): boolean {
  return invocation.operands.length < 2;
}
