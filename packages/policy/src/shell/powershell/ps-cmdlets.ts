import { analyseSql } from '../sql/sql.ts';
import type { Findings, FrontEndContext } from '../front-end.ts';
import {
  removeTier,
  windowsPlace,
  writeTier,
  type WindowsDirectory,
  type WindowsPlace,
} from '../cmd/windows-path.ts';
import {
  maybeSwitch,
  readArguments,
  surelyPreview,
  valuesOf,
  type PsArguments,
  type Resolve,
} from './ps-arguments.ts';
import type { PsCommand } from './ps-item.ts';
import { namedMemberTier } from './ps-members.ts';
import { ALIASES, CMDLETS, DISK_WIPES, PREVIEWED, VERBS, WRITERS } from './ps-table.ts';

/** What a cmdlet is judged with. */
export interface CmdletContext {
  readonly findings: Findings;
  readonly frontEnd: FrontEndContext;
  readonly directory: WindowsDirectory;
  readonly resolve: Resolve;
  readonly changeDirectory: (directory: WindowsDirectory) => void;
  readonly forgetVariables: () => void;
  /** Judges text that the cmdlet runs as PowerShell. */
  readonly runText: (text: string) => void;
  /** Judges a program with its arguments. */
  readonly runProgram: (name: string, args: readonly (string | null)[]) => void;
}

/** Judges a cmdlet; false when the name has not the form of one. */
export function judgeCmdlet(name: string, command: PsCommand, context: CmdletContext): boolean {
  if (!CMDLETS.has(name) && !/^[a-z]+-[a-z]\w*$/.test(name)) return false;
  const args = readArguments(command.args, context.resolve);
  if (args.parameters.some((parameter) => SETS_VARIABLE.test(parameter.name))) context.forgetVariables();
  if (PREVIEWED.has(name) && surelyPreview(args) && !args.hasSplat) return true;
  const special = SPECIAL.get(name);
  if (special !== undefined) special(args, command, context);
  else if (DISK_WIPES.has(name))
    context.findings.deny('deny-disk-format', `${name} destroys a disk`, command);
  else if (WRITERS.has(name)) judgeWriter(name, args, command, context);
  else judgeByTable(name, command, context);
  return true;
}

/** Parameters of every cmdlet that put what it gives into a variable. */
const SETS_VARIABLE =
  /^(?:ov|pv|ev|wv|iv|outv\w*|pi\w*|errorv\w*|warningv\w*|informationv\w*|se\w*v\w*|sv|rv)$/;

type CmdletJudge = (args: PsArguments, command: PsCommand, context: CmdletContext) => void;

/** A cmdlet nobody knows is judged by its verb; a verb nobody knows is T2. */
function judgeByTable(name: string, command: PsCommand, { findings }: CmdletContext): void {
  const tier = CMDLETS.get(name) ?? VERBS.get(name.slice(0, name.indexOf('-'))) ?? 'T2';
  if (tier !== 'T0') findings.add(tier, 'powershell-cmdlet', name, command);
}

function pathsOf(args: PsArguments, names: readonly string[]): (string | null)[] {
  return names.flatMap((name) => [...valuesOf(args, name)]);
}

function judgeWriter(name: string, args: PsArguments, command: PsCommand, context: CmdletContext): void {
  const { findings, directory } = context;
  const writer = WRITERS.get(name);
  const named = pathsOf(args, writer?.parameters ?? []);
  const positional = args.operands.slice(
    writer?.position ?? 0,
    name === 'move-item' ? undefined : (writer?.position ?? 0) + 1,
  );
  const paths = [...named, ...(named.length > 0 && name !== 'move-item' ? [] : positional)];
  findings.add(CMDLETS.get(name) ?? 'T1', 'powershell-write', name, command);
  for (const path of paths) {
    const place = windowsPlace(path, directory);
    if (place === 'device') findings.deny('deny-raw-disk', `${name} onto a raw disk`, command);
    else if (place !== 'none')
      findings.add(
        writeTier(place),
        'powershell-write',
        `${name} ${path ?? 'to what is not known'}`,
        command,
      );
  }
  if (args.hasSplat)
    findings.add('T3', 'powershell-splat', `${name} with parameters that are not known`, command);
}

/** Remove-Item: recursion is irreversible, and of a drive or system tree refused. */
function judgeRemoveItem(args: PsArguments, command: PsCommand, context: CmdletContext): void {
  const { findings, directory } = context;
  const unixFlags = args.parameters.some(({ name }) => /^[rfidv]+$/.test(name) && name.includes('r'));
  const recursive =
    maybeSwitch(args, 'recurse') || unixFlags || args.hasSplat || fedRecursively(command, context);
  findings.add(
    recursive ? 'T3' : 'T2',
    'powershell-remove',
    recursive ? 'Remove-Item -Recurse' : 'Remove-Item',
    command,
  );
  const paths = [
    ...pathsOf(args, ['path', 'literalpath', 'pspath']),
    ...args.operands,
    ...unixOperands(args),
  ];
  const places = paths.map((path) => windowsPlace(path, directory));
  const fed = command.piped ? fedPlaces(command, context) : [];
  for (const place of [...places, ...fed]) {
    if ((place === 'root' && (recursive || fed.includes('root'))) || place === 'device') {
      findings.deny('deny-root-wipe', 'Remove-Item of a drive or system tree', command);
    } else findings.add(removeTier(place), 'powershell-remove', 'Remove-Item', command);
  }
  if (paths.some((path) => path !== null && /^(?:.*[\\/])?\*(?:\.\*)?$/.test(path)))
    findings.add('T3', 'powershell-remove', 'Remove-Item of everything', command);
}

/** Words behind a switch bundle such as `-rf` are operands. */
function unixOperands(args: PsArguments): (string | null)[] {
  return args.parameters
    .filter(({ name, given }) => given && /^[rfidv]+$/.test(name))
    .map(({ value }) => value);
}

/** The places that `Get-ChildItem … |` hands on. */
function fedPlaces(command: PsCommand, { resolve, directory }: CmdletContext): WindowsPlace[] {
  const source = command.source;
  if (source?.kind === 'value')
    return source.parts === null ? ['unknown'] : [windowsPlace(resolve(source.parts), directory)];
  if (source?.kind !== 'command') return [];
  const name = (resolve(source.name.parts) ?? '').toLowerCase();
  const full = ALIASES.get(name) ?? name;
  if (!/^(?:get-childitem|get-item|resolve-path)$/.test(full)) return [];
  const args = readArguments(source.args, resolve);
  const paths = [...pathsOf(args, ['path', 'literalpath']), ...args.operands.slice(0, 1)];
  const filtered = args.parameters.some(({ name: given }) => /^(?:fi|in|ex)/.test(given));
  const places = (paths.length === 0 ? ['.'] : paths).map((path) => windowsPlace(path, directory));
  return filtered ? places.filter((place) => place !== 'root') : places;
}

/** True when a recursive listing stands anywhere before it in the pipeline: everything in a tree may be what it gets. */
function fedRecursively(command: PsCommand, { resolve }: CmdletContext): boolean {
  for (let source = command.source; source?.kind === 'command'; source = source.source) {
    const name = (resolve(source.name.parts) ?? '').toLowerCase();
    if ((ALIASES.get(name) ?? name) !== 'get-childitem') continue;
    const args = readArguments(source.args, resolve);
    if (maybeSwitch(args, 'recurse') || maybeSwitch(args, 'depth') || args.hasSplat) return true;
  }
  return false;
}

/** Invoke-Expression of a literal is that text; of anything else nobody knows what. */
function judgeInvokeExpression(args: PsArguments, command: PsCommand, context: CmdletContext): void {
  const { findings, runText, resolve } = context;
  const fed =
    command.source?.kind === 'value' && command.source.parts !== null ? resolve(command.source.parts) : null;
  const given = [...pathsOf(args, ['command']), ...args.operands];
  const text = given.length > 0 ? (given.includes(null) ? null : given.join(' ')) : fed;
  if (text === null)
    findings.add('T3', 'powershell-evaluates', 'Invoke-Expression of what is not known', command);
  else runText(text);
}

function judgeInvokeCommand(args: PsArguments, command: PsCommand, { findings }: CmdletContext): void {
  const remote = args.parameters.some(
    ({ name }) => /^(?:c|s|vm|cont|h|con)/.test(name) && !'scriptblock'.startsWith(name),
  );
  if (!args.hasBlock)
    findings.add('T3', 'powershell-evaluates', 'Invoke-Command of what is not known', command);
  else if (remote) findings.add('T2', 'powershell-remote', 'Invoke-Command elsewhere', command);
}

/** A command line parted the way programs part their own: at blanks outside double quotes. */
function splitArguments(line: string): string[] {
  const words = line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return words.map((word) => word.replaceAll('"', ''));
}

/** A job runs its block elsewhere; anything else it runs is not seen. */
function judgeStartJob(args: PsArguments, command: PsCommand, { findings }: CmdletContext): void {
  if (args.hasBlock) findings.add('T1', 'powershell-job', 'a background job', command);
  else findings.add('T3', 'powershell-evaluates', 'a job that is not known', command);
}

/** Start-Process runs a program: its own tier, stateful when elevated. */
function judgeStartProcess(
  args: PsArguments,
  command: PsCommand,
  { findings, runProgram }: CmdletContext,
): void {
  const [file] = [...pathsOf(args, ['filepath']), ...args.operands.slice(0, 1)];
  const rest = [
    ...pathsOf(args, ['argumentlist', 'args']),
    ...args.operands.slice(pathsOf(args, ['filepath']).length > 0 ? 0 : 1),
  ];
  if (file === undefined || file === null || args.hasSplat)
    findings.add('T3', 'powershell-evaluates', 'Start-Process of what is not known', command);
  else {
    findings.add('T2', 'powershell-process', 'Start-Process', command);
    runProgram(file, rest.includes(null) ? [null] : splitArguments(rest.join(' ')));
  }
}

function judgeWebRequest(
  args: PsArguments,
  command: PsCommand,
  { findings, directory }: CmdletContext,
): void {
  const method = [...valuesOf(args, 'method'), ...valuesOf(args, 'custommethod')];
  const sends = args.parameters.some(({ name }) =>
    /^(?:b|bo|bod|body|inf|infi|infil|infile|form)$/.test(name),
  );
  for (const value of method) {
    if (value === null || /^delete$/i.test(value))
      findings.add('T3', 'powershell-request', value ?? 'a method that is not known', command);
    else if (!/^(?:get|head|options|default)$/i.test(value))
      findings.add('T2', 'powershell-request', value, command);
  }
  if (sends && !method.some((value) => value !== null && /^get$/i.test(value)))
    findings.add('T2', 'powershell-request', 'data is sent', command);
  for (const path of valuesOf(args, 'outfile')) {
    findings.add(writeTier(windowsPlace(path, directory)), 'powershell-write', 'a download', command);
  }
  if (args.hasSplat && args.parameters.length === 0 && args.operands.length > 1)
    findings.add('T2', 'powershell-splat', 'parameters that are not known', command);
}

function judgeSetLocation(
  args: PsArguments,
  command: PsCommand,
  { directory, changeDirectory }: CmdletContext,
): void {
  const [path] = [...pathsOf(args, ['path', 'literalpath']), ...args.operands];
  if (path === undefined) return;
  // Whether a change inside a block happens is not known; the root is the reading to fear.
  const feared = path !== null && windowsPlace(path, directory) === 'root';
  if (path === null || (command.depth > 1 && !feared)) changeDirectory({ kind: 'unknown' });
  else if (/^(?:[a-z]\w*:|[\\/])/i.test(path)) changeDirectory({ kind: 'known', path });
  else if (directory.kind === 'known') changeDirectory({ kind: 'known', path: `${directory.path}\\${path}` });
  else if (path.includes('..') || path.startsWith('~') || path === '-') changeDirectory({ kind: 'unknown' });
}

function judgeForEachObject(args: PsArguments, command: PsCommand, { findings }: CmdletContext): void {
  const [member] = [...valuesOf(args, 'membername'), ...args.operands];
  if (member === undefined) return;
  const tier = member === null ? 'T3' : namedMemberTier(member.toLowerCase());
  if (tier !== null) findings.add(tier, 'powershell-member', member ?? 'what is not known', command);
}

/** A new name for a command makes later text mean something else; only names of harmless cmdlets are kept low. */
function judgeAlias(args: PsArguments, command: PsCommand, { findings }: CmdletContext): void {
  const value = [
    ...valuesOf(args, 'value'),
    ...args.operands.slice(valuesOf(args, 'name').length > 0 ? 0 : 1),
  ][0];
  const target = value?.toLowerCase() ?? null;
  const full = target === null ? '' : (ALIASES.get(target) ?? target);
  const harmless =
    CMDLETS.get(full) === 'T0' || (!CMDLETS.has(full) && VERBS.get(full.split('-', 1)[0] ?? '') === 'T0');
  findings.add(harmless ? 'T1' : 'T3', 'powershell-alias', 'a command gets a new name', command);
}

const SAFE_OBJECTS =
  /^(?:system\.)?(?:collections\..+|psobject|pscustomobject|object|text\..+|net\.webclient|net\.http\..+|datetime|version|random|timespan|guid|uri|string|diagnostics\.stopwatch|management\.automation\.(?:pscredential|psobject)|xml\.xmldocument|io\.stringreader|array)$/;

function judgeNewObject(args: PsArguments, command: PsCommand, { findings }: CmdletContext): void {
  const com = args.parameters.some(({ name }) => 'comobject'.startsWith(name));
  const name = args.operands[0] ?? valuesOf(args, 'typename')[0] ?? null;
  if (com) findings.add('T3', 'powershell-object', 'a COM object', command);
  else if (name === null || !SAFE_OBJECTS.test(name.toLowerCase().replace(/\[.*$/, '')))
    findings.add('T2', 'powershell-object', name ?? 'a type that is not known', command);
}

const GRAVE_CIM =
  /^(?:create|delete|win32shutdown|shutdown|reboot|uninstall|format|terminate|chkdsk|setsecuritydescriptor|rename|clear.*|deletekey|deletevalue)$/i;

function judgeCimMethod(args: PsArguments, command: PsCommand, { findings }: CmdletContext): void {
  const names = [...valuesOf(args, 'methodname'), ...valuesOf(args, 'name'), ...args.operands];
  const grave = names.some((name) => name === null || GRAVE_CIM.test(name));
  findings.add(grave ? 'T3' : 'T2', 'powershell-cim', 'a method of the system is called', command);
}

function judgeSqlcmd(args: PsArguments, command: PsCommand, { findings }: CmdletContext): void {
  const queries = [...valuesOf(args, 'query'), ...args.operands];
  if (queries.length === 0) findings.add('T3', 'powershell-evaluates', 'Invoke-Sqlcmd of a file', command);
  for (const query of queries) {
    // T-SQL quotes names and strings the way SQLite does.
    const { tier, reasons } =
      query === null
        ? { tier: 'T3' as const, reasons: [{ code: 'sql-dynamic', detail: 'SQL that is not known' }] }
        : analyseSql(query, 'sqlite3');
    for (const reason of reasons) findings.add(tier, reason.code, reason.detail, command);
  }
}

function judgeWriteOutput(): void {
  // Writes to the pipeline or the screen.
}

const SPECIAL: ReadonlyMap<string, CmdletJudge> = new Map<string, CmdletJudge>([
  ['remove-item', judgeRemoveItem],
  ['invoke-expression', judgeInvokeExpression],
  ['invoke-command', judgeInvokeCommand],
  ['start-process', judgeStartProcess],
  ['start-job', judgeStartJob],
  ['start-threadjob', judgeStartJob],
  ['invoke-webrequest', judgeWebRequest],
  ['invoke-restmethod', judgeWebRequest],
  ['set-location', judgeSetLocation],
  ['push-location', judgeSetLocation],
  ['pop-location', (_args, _command, context) => context.changeDirectory({ kind: 'unknown' })],
  ['foreach-object', judgeForEachObject],
  ['set-alias', judgeAlias],
  ['new-alias', judgeAlias],
  ['new-object', judgeNewObject],
  ['invoke-cimmethod', judgeCimMethod],
  ['invoke-wmimethod', judgeCimMethod],
  ['invoke-sqlcmd', judgeSqlcmd],
  ['set-variable', (_args, _command, context) => context.forgetVariables()],
  ['new-variable', (_args, _command, context) => context.forgetVariables()],
  ['write-output', judgeWriteOutput],
]);
