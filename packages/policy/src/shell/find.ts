import { judgeEffect } from './effects.ts';
import type { HandlerCall } from './handler-call.ts';
import { judgePath } from './paths.ts';
import { spanIn } from './shell-context.ts';
import { Verdict } from './verdict.ts';
import { prefixValue, unknownValue, type WordValue } from './word.ts';

const GLOBAL_OPTIONS = new Set(['-H', '-L', '-P']);
/** Tests and actions of find that take a value and only read. */
const WITH_VALUE = new Set(
  '-amin -anewer -atime -cmin -cnewer -ctime -context -fstype -gid -group -ilname -iname -inum -ipath -iregex -iwholename -links -lname -mmin -mtime -name -newer -path -perm -regex -samefile -size -type -uid -used -user -wholename -xtype -maxdepth -mindepth -regextype -printf -D -files0-from'.split(
    ' ',
  ),
);
const WITHOUT_VALUE = new Set(
  '-empty -executable -false -true -nogroup -nouser -readable -writable -print -print0 -ls -prune -quit -daystart -depth -d -follow -ignore_readdir_race -noignore_readdir_race -mount -noleaf -xdev -warn -nowarn -a -and -o -or -not ! ( ) , -O0 -O1 -O2 -O3 -help --help -version --version -x -X -E -s -f -sparse -acl'.split(
    ' ',
  ),
);
const WRITES = new Set(['-fprint', '-fprint0', '-fls', '-fprintf']);
const RUNS = new Set(['-exec', '-execdir', '-ok', '-okdir']);
/** Options that do not narrow down which files an action gets. */
const NOT_NARROWING = new Set(
  '-maxdepth -depth -d -follow -mount -xdev -warn -nowarn -daystart -noleaf -regextype -print -print0 -a -and ( ) -true -D -ls -mindepth -type -xtype -readable -writable -exec -execdir -ok -okdir -delete'.split(
    ' ',
  ),
);

interface Search {
  readonly starts: WordValue[];
  readonly expression: readonly WordValue[];
  isNarrowed: boolean;
}

/** `find`: reads, unless its expression deletes, runs or writes. */
export function judgeFind({ rule, args, context, verdict }: HandlerCall): boolean {
  const search = splitSearch(args);
  verdict.raise(0, 'read-only', 'find looks for files', undefined, rule.id);
  const call: HandlerCall = { rule, args, context, verdict, stdin: undefined };
  for (let i = 0; i < search.expression.length; i++) i = judgeTerm(search, i, call);
  return true;
}

function splitSearch(args: readonly WordValue[]): Search {
  let at = 0;
  while (at < args.length && GLOBAL_OPTIONS.has(args[at]?.text ?? '')) at++;
  const starts: WordValue[] = [];
  for (; at < args.length; at++) {
    const arg = args[at];
    if (arg === undefined || /^[-(!,]/.test(arg.text)) break;
    // A later start that is not known may just as well be `-delete`.
    if (starts.length > 0 && arg.isOpen && arg.text === '') break;
    starts.push(arg);
  }
  const expression = args.slice(at);
  return {
    starts,
    expression,
    isNarrowed: expression.some((term, i) => isNarrowing(term, expression[i + 1])),
  };
}

function isNarrowing(term: WordValue, value: WordValue | undefined): boolean {
  const { text } = term;
  if (/^-i?(?:name|path|wholename)$/.test(text) && /^[*/]*\*$/.test(value?.text ?? '')) return false;
  if (!text.startsWith('-') && text !== '!') return false;
  return (
    (WITH_VALUE.has(text) || WITHOUT_VALUE.has(text) || /^-newer../.test(text)) && !NOT_NARROWING.has(text)
  );
}

/** Judges the term at `i`; the position of its last word. */
function judgeTerm(search: Search, i: number, call: HandlerCall): number {
  const term = search.expression[i];
  const { context, verdict, rule } = call;
  if (term === undefined) return i;
  const { text } = term;
  if (term.kind !== 'literal') {
    if (text.startsWith('-') || term.isOpen)
      verdict.raise(3, 'opaque-argument', 'a term of find is not known', spanIn(context, term), rule.id);
    return i;
  }
  if (text === '-delete') {
    judgeDelete(search, term, call);
    return i;
  }
  if (RUNS.has(text)) return judgeExec(search, i, call);
  if (WRITES.has(text)) {
    const target = search.expression[i + 1];
    if (target !== undefined) judgeEffect('write', target, context, verdict, rule.id);
    return i + (text === '-fprintf' ? 2 : 1);
  }
  if (WITH_VALUE.has(text) || /^-newer../.test(text)) return i + 1;
  if (!WITHOUT_VALUE.has(text))
    verdict.raise(rule.highest, 'unknown-flag', `find ${text}`, spanIn(context, term), rule.id);
  return i;
}

function judgeDelete(search: Search, term: WordValue, { context, verdict, rule }: HandlerCall): void {
  verdict.raise(3, 'find-delete', 'find deletes what it finds', spanIn(context, term), rule.id);
  if (search.isNarrowed) return;
  for (const start of search.starts) judgeEffect('delete-tree', start, context, verdict, rule.id);
}

/** The command after `-exec`, with `{}` standing for the files that are found. */
function judgeExec(search: Search, i: number, { context, verdict, rule }: HandlerCall): number {
  let end = i + 1;
  while (end < search.expression.length && !isTerminator(search.expression, end)) end++;
  const words = search.expression.slice(i + 1, end);
  const found = foundPaths(search, words, context);
  for (const path of found) {
    const inner = words.map((word) => (word.text.includes('{}') ? substitute(word, path) : word));
    const part = new Verdict();
    context.engine.judgeArguments(inner, context, part, undefined);
    // What is reversible for one file is not for every file that is found.
    if (part.rank === 1)
      part.raise(2, 'find-executes', 'the command runs for every file that is found', undefined, rule.id);
    verdict.absorb(part);
    if (!search.isNarrowed) judgeOnEveryFile(words[0], path, context, verdict);
  }
  if (words[0]?.text.includes('{}') === true) {
    verdict.raise(
      3,
      'unknown-command-word',
      'find runs the files that it finds',
      spanIn(context, words[0]),
      rule.id,
    );
  }
  if (words.length === 0)
    verdict.raise(3, 'unknown-command-word', 'find runs a command that is not known', undefined, rule.id);
  return end;
}

/** A command for single files does to a whole tree what its recursive form does. */
function judgeOnEveryFile(
  name: WordValue | undefined,
  path: WordValue,
  context: HandlerCall['context'],
  verdict: Verdict,
): void {
  const base = name?.text.slice(name.text.lastIndexOf('/') + 1) ?? '';
  if (/^(?:rm|unlink|shred|rmdir)$/.test(base))
    judgeEffect('delete-tree', path, context, verdict, `find ${base}`);
  else if (/^(?:chmod|chown|chgrp)$/.test(base))
    judgeEffect('metadata-tree', path, context, verdict, `find ${base}`);
}

function isTerminator(expression: readonly WordValue[], at: number): boolean {
  const text = expression[at]?.text;
  return text === ';' || (text === '+' && expression[at - 1]?.text === '{}');
}

/** What `{}` may be: below a start, and the start itself when nothing narrows the search. */
function foundPaths(
  search: Search,
  words: readonly WordValue[],
  context: HandlerCall['context'],
): WordValue[] {
  const [first] = words;
  const start = first?.start ?? 0;
  const end = first?.end ?? 0;
  if (search.starts.length === 0) return [prefixValue('./', start, end)];
  return search.starts.map((from) => {
    if (!search.isNarrowed) return { ...from, start, end };
    const isRoot = judgePath(from, context.environment).pathClass === 'root';
    if (from.kind === 'unknown' || isRoot) return unknownValue(start, end);
    return prefixValue(from.text.endsWith('/') ? from.text : `${from.text}/`, start, end);
  });
}

function substitute(word: WordValue, path: WordValue): WordValue {
  if (word.text === '{}') return path;
  if (path.kind === 'literal') return { ...word, text: word.text.replaceAll('{}', path.text) };
  return prefixValue(word.text.slice(0, word.text.indexOf('{}')) + path.text, word.start, word.end);
}
