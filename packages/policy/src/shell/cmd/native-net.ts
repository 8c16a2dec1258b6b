import type { Findings } from '../front-end.ts';
import type { NativeCall, NativeContext } from './native-word.ts';

const NET_READS = new Set(['view', 'statistics', 'config', 'help', 'helpmsg', 'session', 'file']);

/** `net user`, `net start` and the like show with few words and change with more. */
export function judgeNet(call: NativeCall, { findings }: NativeContext): void {
  const args = lower(call);
  const verb = args[0];
  if (verb === undefined) return;
  const rest = args.slice(1);
  if (rest.includes('/delete') || rest.includes('/del') || rest.includes('/d'))
    findings.add('T3', 'windows-program', `net ${verb} /delete`, call);
  else if (rest.includes(null) || verb === null)
    findings.add('T3', 'windows-program', 'net with unknown words', call);
  else if (NET_READS.has(verb)) return;
  else if (
    /^(?:user|users|accounts|localgroup|group|share|use|start|time)$/.test(verb) &&
    netShows(verb, rest)
  )
    return;
  else findings.add('T2', 'windows-program', `net ${verb}`, call);
}

function netShows(verb: string, rest: readonly (string | null)[]): boolean {
  const words = rest.filter((word) => word !== '/domain' && word !== '/dom');
  if (words.some((word) => word?.startsWith('/') === true)) return false;
  if (verb === 'start' || verb === 'use' || verb === 'accounts') return words.length === 0;
  if (verb === 'share') return words.length <= 1 && !(words[0] ?? '').includes('=');
  return words.length <= 1;
}

/** netsh shows with `show`; `reset` and `delete` drop configuration. */
export function judgeNetsh(call: NativeCall, { findings }: NativeContext): void {
  const args = lower(call);
  if (args.length === 0) {
    findings.add('T2', 'windows-program', 'netsh reads commands', call);
    return;
  }
  if (args.includes('reset') || args.includes('delete') || args[0] === '-f')
    findings.add('T3', 'windows-program', `netsh ${args.join(' ')}`, call);
  else if (!args.slice(0, 4).includes('show') && !args.slice(0, 3).includes('dump'))
    raise(args, findings, call);
}

function raise(args: readonly (string | null)[], findings: Findings, call: NativeCall): void {
  const blind = args.includes(null) || (args.includes('state') && args.includes('off'));
  findings.add(blind ? 'T3' : 'T2', 'windows-program', `netsh ${args.join(' ')}`, call);
}

/** wmic gets and lists; `call create` runs a program, `delete` deletes what the query matched. */
export function judgeWmic(call: NativeCall, { findings }: NativeContext): void {
  const args = lower(call);
  const has = (word: string): boolean => args.includes(word);
  if (
    has('delete') ||
    (has('call') &&
      (has('create') ||
        has('delete') ||
        has('uninstall') ||
        has('reboot') ||
        has('shutdown') ||
        has('win32shutdown')))
  ) {
    findings.add('T3', 'windows-program', `wmic ${args.join(' ')}`, call);
  } else if (args.includes(null)) findings.add('T3', 'windows-program', 'wmic with unknown words', call);
  else if (has('call') || has('create') || has('set'))
    findings.add('T2', 'windows-program', `wmic ${args.join(' ')}`, call);
  else if (!has('get') && !has('list') && args.length > 1)
    findings.add('T2', 'windows-program', `wmic ${args.join(' ')}`, call);
}

function lower(call: NativeCall): (string | null)[] {
  return call.args.map((arg) => arg.text?.toLowerCase() ?? null);
}
