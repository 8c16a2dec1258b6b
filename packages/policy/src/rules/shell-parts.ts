import type { Node, Redirection, Script, SimpleCommand, Word, WordPart } from '../shell/ast.ts';
import { parseShell } from '../shell/parse.ts';
import type { RuleShell } from './resource-kind.ts';

/** One simple command of a script, wherever it stands. */
export interface ShellPart {
  /** Its own text, as written; and, where it differs, without redirections that write nothing. An allow covers either. */
  readonly texts: readonly string[];
  /** Every text a deny should recognise it by: as written, with quotes removed, and without its wrappers. */
  readonly denyTexts: readonly string[];
  /** It writes to something other than `/dev/null` and its own descriptors. */
  readonly writes: boolean;
}

/** The simple commands of a text. Without `isComplete` no allow may cover it: something in it could not be read. */
export interface ShellParts {
  readonly parts: readonly ShellPart[];
  readonly isComplete: boolean;
}

interface Walk {
  readonly source: string;
  readonly parts: ShellPart[];
}

/** Takes a command apart for the shell that runs it. */
export function shellParts(source: string, shell: RuleShell): ShellParts {
  if (shell !== 'bash') return foreignParts(source);
  const { script, faults } = parseShell(source);
  const walk: Walk = { source, parts: [] };
  walkNode(script.body, walk);
  return { parts: walk.parts, isComplete: faults.length === 0 };
}

// PowerShell and cmd.exe: a text without any operator, expansion or line break is one command; any other is not covered.
function foreignParts(source: string): ShellParts {
  const texts = source
    .split(/[;|&\r\n(){}]+/)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const parts = texts.map(
    (text): ShellPart => ({ texts: [text], denyTexts: [text, text.replace(/\s+/g, ' ')], writes: false }),
  );
  return { parts, isComplete: !/[;|&\r\n(){}<>$`@%^,\0]/.test(source) };
}

function walkNode(node: Node, walk: Walk): void {
  switch (node.kind) {
    case 'simple':
      walkSimple(node, walk);
      return;
    case 'pipeline':
      for (const stage of node.stages) walkNode(stage, walk);
      return;
    case 'sequence':
    case 'and-or':
      for (const item of node.items) walkNode(item, walk);
      return;
    case 'if':
    case 'case':
      walkWords(node.words, walk);
      for (const arm of node.arms) for (const item of arm) walkNode(item, walk);
      return;
    case 'for':
    case 'while':
    case 'select':
      walkWords(node.words ?? [], walk);
      if (node.condition !== null) walkNode(node.condition, walk);
      walkNode(node.body, walk);
      return;
    case 'test':
      walkWords(node.words, walk);
      return;
    case 'redirected':
      walkNode(node.body, walk);
      walkRedirections(node.redirections, walk);
      // A redirection of a whole group belongs to no command in it: the group must be covered by itself.
      if (node.redirections.some(writesFile)) {
        const text = textOf(node, walk);
        walk.parts.push({ texts: [text], denyTexts: [text], writes: true });
      }
      return;
    case 'background':
    case 'group':
    case 'subshell':
    case 'coproc':
    case 'function':
      walkNode(node.body, walk);
  }
}

function walkSimple(node: SimpleCommand, walk: Walk): void {
  const text = textOf(node, walk);
  const idle = node.redirections.filter((redirection) => !redirection.isText && isIdle(redirection));
  const shorter = withoutSpans(node, idle, walk);
  walk.parts.push({
    texts: shorter === text ? [text] : [text, shorter],
    denyTexts: [...new Set([text, shorter, ...plainTexts(node.words)])],
    writes: node.redirections.some(writesFile),
  });
  for (const assignment of node.assignments) {
    if (assignment.value !== null) walkWords([assignment.value], walk);
    if (assignment.index !== null) walkWords([assignment.index], walk);
    walkWords(assignment.items ?? [], walk);
  }
  walkWords(node.words, walk);
  walkRedirections(node.redirections, walk);
}

// Commands that run the command among their arguments, and shells that run one of their arguments as a script.
const WRAPPERS: ReadonlySet<string> = new Set(
  'busybox chroot command doas env exec flock ionice nice nohup nsenter parallel pkexec setsid ssh stdbuf strace su sudo systemd-run time timeout unshare watch xargs'.split(
    ' ',
  ),
);
const SCRIPT_RUNNERS: ReadonlySet<string> = new Set([
  'ash',
  'bash',
  'dash',
  'eval',
  'ksh',
  'sh',
  'ssh',
  'su',
  'watch',
  'zsh',
]);
/** Most words of a wrapper after which the wrapped command may begin, and of a nested script that is taken apart. */
const WRAPPED_WORDS_MAX = 16;

/** Only for denies: what stands here may match more than what really runs, never less. */
function plainTexts(words: readonly Word[]): string[] {
  const plain = words.map((word) => word.literal ?? word.text);
  const name = commandName(plain[0] ?? '');
  const texts = [plain.join(' '), [name, ...plain.slice(1)].join(' ')];
  if (WRAPPERS.has(name)) {
    for (let at = 1; at < Math.min(plain.length, WRAPPED_WORDS_MAX); at += 1) {
      texts.push(plain.slice(at).join(' '), [commandName(plain[at] ?? ''), ...plain.slice(at + 1)].join(' '));
    }
  }
  const runners = plain.slice(0, WRAPPED_WORDS_MAX).some((word) => SCRIPT_RUNNERS.has(commandName(word)));
  for (const word of runners ? words.slice(1, WRAPPED_WORDS_MAX) : []) {
    if (word.literal === null || !/\s/.test(word.literal)) continue;
    // A nested script is shorter than its command, so this ends.
    for (const part of shellParts(word.literal, 'bash').parts) texts.push(...part.denyTexts);
  }
  return texts.map((text) => text.normalize('NFC'));
}

function commandName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

function walkRedirections(redirections: readonly Redirection[], walk: Walk): void {
  for (const { target } of redirections) if (target !== null) walkWords([target], walk);
}

function walkWords(words: readonly Word[], walk: Walk): void {
  for (const word of words) for (const part of word.parts) walkPart(part, walk);
}

function walkPart(part: WordPart, walk: Walk): void {
  switch (part.kind) {
    case 'command':
    case 'process':
      walkScript(part.script, walk);
      return;
    case 'arithmetic':
      for (const script of part.scripts) walkScript(script, walk);
      return;
    case 'parameter':
      walkWords(part.operands, walk);
      return;
    case 'literal':
    case 'glob':
    case 'opaque':
  }
}

function walkScript(script: Script, walk: Walk): void {
  walkNode(script.body, { source: script.source, parts: walk.parts });
}

function writesFile(redirection: Redirection): boolean {
  return !redirection.isText && redirection.operator.includes('>') && !isIdle(redirection);
}

/** Writes to `/dev/null`, or joins or closes descriptors. */
function isIdle({ operator, target }: Redirection): boolean {
  if (!operator.includes('>') || target === null || target.literal === null) return false;
  return target.literal === '/dev/null' || (operator === '>&' && /^(?:[0-9]+-?|-)$/.test(target.literal));
}

function textOf(span: { readonly start: number; readonly end: number }, walk: Walk): string {
  return walk.source.slice(span.start, span.end).trim().normalize('NFC');
}

function withoutSpans(node: SimpleCommand, redirections: readonly Redirection[], walk: Walk): string {
  let text = '';
  let from = node.start;
  for (const { start, end } of [...redirections].sort((a, b) => a.start - b.start)) {
    text += walk.source.slice(from, start).trimEnd();
    from = end;
  }
  return (text + walk.source.slice(from, node.end)).trim().normalize('NFC');
}
