import { maxTier, type Tier } from '@praxis/core';
import type { Findings } from '../front-end.ts';
import { judgeFileProgram } from './native-files.ts';
import { judgeLauncher } from './native-launch.ts';
import { judgeNet, judgeNetsh, judgeWmic } from './native-net.ts';
import { NATIVE_TABLE, PORTABLE_PROGRAMS, type NativeEntry } from './native-table.ts';
import { bashQuoted, type NativeCall, type NativeContext } from './native-word.ts';

/** Judges a program of Windows called by name; one that is in no table is T2 at least. */
export function judgeNative(call: NativeCall, context: NativeContext): void {
  if (isHelp(call)) return;
  if (judgeLauncher(call, context) || judgeFileProgram(call, context)) return;
  const special = SPECIAL.get(call.name);
  const entry = NATIVE_TABLE.get(call.name);
  if (special !== undefined) special(call, context);
  else if (entry !== undefined) judgeEntry(call, entry, context.findings);
  else judgeElsewhere(call, context);
}

type NativeJudge = (call: NativeCall, context: NativeContext) => void;

const SPECIAL: ReadonlyMap<string, NativeJudge> = new Map<string, NativeJudge>([
  ['net', judgeNet],
  ['net1', judgeNet],
  ['netsh', judgeNetsh],
  ['wmic', judgeWmic],
]);

/** `/?` prints the help of a program that is known to have one; script hosts would hand it on. */
function isHelp(call: NativeCall): boolean {
  if (call.args.at(-1)?.text !== '/?') return false;
  const entry = NATIVE_TABLE.get(call.name);
  return (
    call.args.length === 1 ||
    (entry !== undefined && entry.other !== 'T3' && !call.args.some((arg) => arg.text === null))
  );
}

function judgeEntry(call: NativeCall, entry: NativeEntry, findings: Findings): void {
  const tier = entryTier(call, entry);
  if (tier !== 'T0')
    findings.add(tier, 'windows-program', `${call.name} ${call.args[0]?.text ?? ''}`.trim(), call);
}

function entryTier(call: NativeCall, entry: NativeEntry): Tier {
  const args = call.args.map((arg) => arg.text?.toLowerCase() ?? null);
  const [first, second] = args;
  if (first === undefined) return entry.bare;
  if (first === null) return highest(entry);
  if (args.some((arg) => arg !== null && entry.reports.has(arg)) && !args.includes(null)) return 'T0';
  const verbs = entry.verbs;
  const slashed = first.split(':', 1)[0] ?? first;
  let tier = verbs.get(`${first} ${second ?? ''}`) ?? verbs.get(first) ?? verbs.get(slashed) ?? entry.other;
  if (entry.raises.size > 0 && args.includes(null)) tier = maxTier(tier, highest(entry));
  for (const arg of args) if (arg !== null) tier = maxTier(tier, raised(entry, arg));
  return tier;
}

function raised(entry: NativeEntry, arg: string): Tier {
  return entry.raises.get(arg) ?? entry.raises.get(arg.split(':', 1)[0] ?? arg) ?? 'T0';
}

function highest(entry: NativeEntry): Tier {
  return [entry.bare, entry.other, ...entry.verbs.values(), ...entry.raises.values()].reduce(maxTier);
}

/** A program with tables of its own, or one nobody knows: then the name may still be a dangerous one elsewhere. */
function judgeElsewhere(call: NativeCall, { findings, frontEnd }: NativeContext): void {
  const words = call.args.map((arg) => (arg.text === null ? '"$UNKNOWN"' : bashQuoted(arg.text)));
  const nested = frontEnd.classifyNested([bashQuoted(call.name), ...words].join(' '), 'bash');
  if (nested.tier !== 'T0' || nested.denied) findings.addNested(nested);
  if (!PORTABLE_PROGRAMS.has(call.name)) findings.add('T2', 'command-unknown', call.name, call);
}
