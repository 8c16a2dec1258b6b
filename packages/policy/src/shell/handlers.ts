import { judgeFind } from './find.ts';
import { judgeGitConfigCommand } from './git-config.ts';
import { judgeGitPush } from './git-push.ts';
import { judgeAnsible } from './ansible.ts';
import { judgePython } from './python.ts';
import type { HandlerCall } from './handler-call.ts';
import {
  judgeCd,
  judgeDeclare,
  judgeEval,
  judgeLet,
  judgePrintf,
  judgeRead,
  judgeSet,
  judgeShell,
  judgeShift,
  judgeSource,
  judgeUnset,
} from './shell-builtins.ts';
import type { HandlerName } from './table-schema.ts';
import { judgeCmdCall, judgePowershellCall } from './windows-launch.ts';

const HANDLERS: Record<HandlerName, (call: HandlerCall) => boolean> = {
  find: judgeFind,
  shell: judgeShell,
  eval: judgeEval,
  source: judgeSource,
  set: judgeSet,
  declare: judgeDeclare,
  read: judgeRead,
  cd: judgeCd,
  shift: judgeShift,
  unset: judgeUnset,
  printf: judgePrintf,
  let: judgeLet,
  'git-push': judgeGitPush,
  'git-config': judgeGitConfigCommand,
  ansible: judgeAnsible,
  powershell: judgePowershellCall,
  cmd: judgeCmdCall,
  python: judgePython,
};

/** Runs the handler an entry names; false when the entry's own rules are to be applied as well. */
export function judgeHandler(name: HandlerName, call: HandlerCall): boolean {
  return HANDLERS[name](call);
}
