import type { NativeCall, NativeContext } from './native-word.ts';
import { windowsPlace, writeTier, type WindowsPlace } from './windows-path.ts';

/** Judges programs whose effect depends on the path they work on; false when the program is none of these. */
export function judgeFileProgram(call: NativeCall, context: NativeContext): boolean {
  const judge = JUDGES.get(call.name);
  if (judge === undefined) return false;
  judge(call, context);
  return true;
}

type FileJudge = (call: NativeCall, context: NativeContext) => void;

const JUDGES: ReadonlyMap<string, FileJudge> = new Map<string, FileJudge>([
  ['format', judgeFormat],
  ['diskpart', judgeDiskpart],
  ['icacls', judgePermissions],
  ['cacls', judgePermissions],
  ['takeown', judgePermissions],
  ['attrib', judgeAttrib],
  ['robocopy', judgeRobocopy],
  ['xcopy', judgeXcopy],
  ['cipher', judgeCipher],
  ['sdelete', judgeSdelete],
  ['sdelete64', judgeSdelete],
  ['forfiles', judgeForfiles],
]);

function flags(call: NativeCall): string[] {
  return call.args.flatMap((arg) =>
    arg.text !== null && /^[/-]/.test(arg.text) ? [arg.text.toLowerCase()] : [],
  );
}

function operands(call: NativeCall): (string | null)[] {
  return call.args.filter((arg) => arg.text === null || !/^\/[a-z?]/i.test(arg.text)).map((arg) => arg.text);
}

function places(call: NativeCall, { directory }: NativeContext): WindowsPlace[] {
  return operands(call).map((path) => windowsPlace(path, directory));
}

/** Formatting destroys a volume, whichever it is. */
function judgeFormat(call: NativeCall, { findings }: NativeContext): void {
  if (operands(call).length > 0) findings.deny('deny-disk-format', 'format destroys a volume', call);
  else findings.add('T2', 'windows-program', 'format', call);
}

/** diskpart obeys a script or its input; a known `clean` or `format` among it destroys a disk. */
function judgeDiskpart(call: NativeCall, { findings }: NativeContext): void {
  if (call.input !== null && /(?:^|\s)(?:clean|format|delete)(?:\s|$)/i.test(call.input)) {
    findings.deny('deny-disk-clean', 'diskpart destroys a disk', call);
  } else findings.add('T3', 'windows-program', 'diskpart', call);
}

function judgePermissions(call: NativeCall, context: NativeContext): void {
  const { findings } = context;
  const given = flags(call);
  const recursive = given.some((flag) => flag === '/t' || flag === '/r');
  const changes =
    call.name === 'takeown' ||
    given.some((flag) =>
      /^\/(?:grant|deny|remove|setowner|reset|inheritance|restore|setintegritylevel|substitute|e|g|p|d)(?::|$)/.test(
        flag,
      ),
    );
  const here = places(call, context);
  if (recursive && changes && here.includes('root'))
    findings.deny('deny-root-permissions', `${call.name} over a system tree`, call);
  else if (recursive && changes) findings.add('T3', 'windows-permissions', `${call.name} over a tree`, call);
  else if (changes || call.args.some((arg) => arg.text === null))
    findings.add('T2', 'windows-permissions', call.name, call);
  else if (given.includes('/save')) findings.add('T1', 'windows-permissions', `${call.name} /save`, call);
}

function judgeAttrib(call: NativeCall, context: NativeContext): void {
  const changes = call.args.some((arg) => arg.text === null || /^[+-][rashxiopu]$/i.test(arg.text));
  if (!changes) return;
  const system = places(call, context).some((place) => place === 'system' || place === 'root');
  context.findings.add(system ? 'T2' : 'T1', 'windows-program', 'attrib', call);
}

function judgeRobocopy(call: NativeCall, context: NativeContext): void {
  const given = flags(call);
  if (given.includes('/l') && !call.args.some((arg) => arg.text === null)) return;
  const deletes = given.some((flag) => /^\/(?:mir|purge|move|mov|is|it|job)(?::|$)/.test(flag));
  const target = windowsPlace(operands(call)[1] ?? null, context.directory);
  if (deletes && target === 'root')
    context.findings.deny('deny-root-wipe', 'robocopy replaces a system tree', call);
  else if (deletes) context.findings.add('T3', 'windows-mirror', 'robocopy deletes at its target', call);
  else context.findings.add(writeTier(target), 'windows-copy', 'robocopy', call);
}

function judgeXcopy(call: NativeCall, context: NativeContext): void {
  if (flags(call).includes('/l')) return;
  context.findings.add(
    writeTier(windowsPlace(operands(call)[1] ?? '.', context.directory)),
    'windows-copy',
    'xcopy',
    call,
  );
}

function judgeCipher(call: NativeCall, { findings }: NativeContext): void {
  const given = flags(call);
  if (given.some((flag) => flag.startsWith('/w'))) findings.add('T3', 'windows-program', 'cipher /w', call);
  else if (given.some((flag) => /^\/[edkrux]/.test(flag)))
    findings.add('T2', 'windows-program', 'cipher', call);
}

function judgeSdelete(call: NativeCall, context: NativeContext): void {
  if (places(call, context).includes('root'))
    context.findings.deny('deny-root-wipe', 'sdelete of a system tree', call);
  else context.findings.add('T3', 'windows-program', 'sdelete', call);
}

/** forfiles runs a command for each file it finds. */
function judgeForfiles(call: NativeCall, { findings, frontEnd }: NativeContext): void {
  const at = call.args.findIndex((arg) => arg.text?.toLowerCase() === '/c');
  if (call.args.some((arg) => arg.text === null))
    findings.add('T3', 'windows-program', 'forfiles with unknown words', call);
  else if (at >= 0)
    findings.addNested(frontEnd.classifyNested((call.args[at + 1]?.text ?? '').replaceAll('@', ''), 'cmd'));
}
