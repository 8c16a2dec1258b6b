import { Buffer } from 'node:buffer';
import { bashQuoted, type NativeCall, type NativeContext, type NativeWord } from './native-word.ts';

/** Judges programs that run other commands; false when the program is none of these. */
export function judgeLauncher(call: NativeCall, context: NativeContext): boolean {
  const judge = JUDGES.get(call.name);
  if (judge === undefined) return false;
  judge(call, context);
  return true;
}

type LaunchJudge = (call: NativeCall, context: NativeContext) => void;

const JUDGES: ReadonlyMap<string, LaunchJudge> = new Map<string, LaunchJudge>([
  ['cmd', judgeCmd],
  ['command', judgeCmd],
  ['powershell', judgePowershellProgram],
  ['pwsh', judgePowershellProgram],
  ['powershell_ise', judgePowershellProgram],
  ['bash', judgeUnixShell],
  ['sh', judgeUnixShell],
  ['wsl', judgeWsl],
  ['runas', judgeRunas],
  ['sudo', judgeRunas],
  ['gsudo', judgeRunas],
  ['psexec', judgeRunas],
  ['conhost', judgeRunas],
]);

/** Texts of all words, or null when one is not known. */
function known(words: readonly NativeWord[]): string[] | null {
  const texts: string[] = [];
  for (const word of words) {
    if (word.text === null) return null;
    texts.push(word.text);
  }
  return texts;
}

function nest(
  words: readonly NativeWord[],
  shell: 'cmd' | 'powershell' | 'bash',
  context: NativeContext,
  call: NativeCall,
): void {
  const texts = known(words);
  if (texts === null)
    context.findings.add('T3', 'nested-unknown', `${call.name} runs text that is not known`, call);
  else if (texts.length > 0)
    context.findings.addNested(context.frontEnd.classifyNested(texts.join(' '), shell));
}

/** A shell without a command obeys its input, which only its caller sees. */
function withoutCommand(
  call: NativeCall,
  shell: 'cmd' | 'powershell' | 'bash',
  context: NativeContext,
): void {
  if (call.input !== null) context.findings.addNested(context.frontEnd.classifyNested(call.input, shell));
  else if (call.piped) context.findings.add('T3', 'nested-unknown', `${call.name} obeys its input`, call);
  else context.findings.add('T2', 'nested-interactive', `${call.name} without a command`, call);
}

/** `cmd /c text`: flags may be run together, and the rest of the line is the command. */
function judgeCmd(call: NativeCall, context: NativeContext): void {
  for (const [index, arg] of call.args.entries()) {
    const text = arg.text;
    if (text === null || !/^[/-]/.test(text)) break;
    const match = /^(?:[/-][a-z](?::\w+)?)*?[/-][ckr]/i.exec(text);
    if (match === null) continue;
    const glued = text.slice(match[0].length);
    const rest = call.args.slice(index + 1);
    nest(glued === '' ? rest : [{ ...arg, text: glued }, ...rest], 'cmd', context, call);
    return;
  }
  withoutCommand(call, 'cmd', context);
}

/** Flags of powershell.exe that take a value, by full name; any unambiguous beginning will do. */
const VALUED = [
  'executionpolicy',
  'inputformat',
  'outputformat',
  'windowstyle',
  'version',
  'psconsolefile',
  'configurationname',
  'configurationfile',
  'custompipename',
  'settingsfile',
  'workingdirectory',
  'ep',
  'ex',
  'wd',
  'of',
  'if',
];
const PLAIN = [
  'noprofile',
  'noninteractive',
  'nologo',
  'noexit',
  'sta',
  'mta',
  'login',
  'interactive',
  'noprofileloadtime',
];

/** `powershell -Command …`, `-EncodedCommand …`, `-File …`, or a bare command. */
function judgePowershellProgram(call: NativeCall, context: NativeContext): void {
  for (let index = 0; index < call.args.length; index += 1) {
    const text = call.args[index]?.text ?? null;
    if (text === null || !/^[-/\u2013\u2014\u2015]/.test(text)) {
      nest(call.args.slice(index), 'powershell', context, call);
      return;
    }
    const flag = text.slice(1).toLowerCase().replace(/^-/, '');
    const rest = call.args.slice(index + 1);
    if (judgePowershellFlag(flag, rest, call, context)) return;
    if (!isPlain(flag)) index += 1;
  }
  withoutCommand(call, 'powershell', context);
}

function isPlain(flag: string): boolean {
  return PLAIN.some((name) => name.startsWith(flag)) && !VALUED.includes(flag);
}

/** True when the flag takes the rest of the line. */
function judgePowershellFlag(
  flag: string,
  rest: readonly NativeWord[],
  call: NativeCall,
  context: NativeContext,
): boolean {
  const { findings } = context;
  if (
    flag === '?' ||
    flag === 'h' ||
    flag === 'help' ||
    flag === 'v' ||
    (flag === 'version' && rest.length === 0)
  )
    return true;
  if (flag === '' || (flag === 'command' && rest[0]?.text === '-'))
    withoutCommand({ ...call, piped: true }, 'powershell', context);
  else if ('command'.startsWith(flag) || flag === 'commandwithargs' || flag === 'cwa')
    nest(rest, 'powershell', context, call);
  else if ('encodedcommand'.startsWith(flag) || flag === 'ec')
    judgeEncoded(rest[0]?.text ?? null, call, context);
  else if ('file'.startsWith(flag)) findings.add('T2', 'nested-script', 'a script file is run', call);
  else if (!isPlain(flag) && !VALUED.some((name) => name.startsWith(flag))) {
    findings.add('T3', 'wrapper-flag-unknown', `-${flag}`, call);
    return true;
  } else return false;
  return true;
}

/** Base64 of UTF-16LE, and nothing else. */
function judgeEncoded(text: string | null, call: NativeCall, context: NativeContext): void {
  const decoded = text === null ? null : decodeCommand(text);
  if (decoded === null)
    context.findings.add('T3', 'nested-undecodable', 'an encoded command that cannot be read', call);
  else context.findings.addNested(context.frontEnd.classifyNested(decoded, 'powershell'));
}

/** The command that `-EncodedCommand` would run, or null. */
export function decodeCommand(text: string): string | null {
  const packed = text.trim().replace(/[\s"']/g, '');
  if (packed === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(packed) || packed.length % 4 !== 0) return null;
  const bytes = Buffer.from(packed, 'base64');
  if (bytes.length === 0 || bytes.length % 2 !== 0) return null;
  const decoded = bytes.toString('utf16le').replace(/^\ufeff/, '');
  return decoded.isWellFormed() && !decoded.includes('\0') ? decoded : null;
}

function judgeUnixShell(call: NativeCall, context: NativeContext): void {
  const texts = known(call.args);
  if (call.args.length === 0) withoutCommand(call, 'bash', context);
  else if (texts === null)
    context.findings.add('T3', 'nested-unknown', `${call.name} runs text that is not known`, call);
  else
    context.findings.addNested(
      context.frontEnd.classifyNested([call.name, ...texts].map(bashQuoted).join(' '), 'bash'),
    );
}

/** `wsl [flags] command`: the command is one of Linux, by its default shell. */
function judgeWsl(call: NativeCall, context: NativeContext): void {
  const { findings } = context;
  for (let index = 0; index < call.args.length; index += 1) {
    const text = call.args[index]?.text?.toLowerCase() ?? null;
    if (text === null || !text.startsWith('-') || text === '--' || text === '-e' || text === '--exec') {
      nest(
        call.args.slice(text === null || !text.startsWith('-') ? index : index + 1),
        'bash',
        context,
        call,
      );
      return;
    }
    if (/^(?:-d|--distribution|-u|--user|--cd|--shell-type)$/.test(text)) index += 1;
    else if (/^(?:-l|--list|--status|--version|-v|--help)$/.test(text)) return;
    else if (text === '--unregister') findings.add('T3', 'windows-program', 'wsl --unregister', call);
    else if (text !== '~' && text !== '--system') findings.add('T2', 'windows-program', `wsl ${text}`, call);
  }
  if (findings.tier === 'T0') withoutCommand(call, 'bash', context);
}

/** Runs another program as someone else or elsewhere: that program's tier, stateful at least. */
function judgeRunas(call: NativeCall, context: NativeContext): void {
  context.findings.add('T2', 'windows-elevated', call.name, call);
  const start = call.args.findIndex((arg) => arg.text === null || !/^[/\\-]/.test(arg.text));
  if (start >= 0) nest(call.args.slice(start), 'cmd', context, call);
}
