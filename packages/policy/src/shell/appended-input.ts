import type { Invocation } from './flags.ts';
import type { Stdin } from './shell-context.ts';
import { literalValue, prefixValue, unknownValue, type WordValue } from './word.ts';

/** The mark that `-I R`, `-i[R]`, `--replace[=R]` put in place of what is read; null when words are appended. */
export function replacementMark(invocation: Invocation): string | null {
  for (const flag of invocation.flags) {
    if (!REPLACES.has(flag.rule.name)) continue;
    return flag.value === null || flag.value.text === '' ? '{}' : flag.value.text;
  }
  return invocation.rule.id === 'parallel' &&
    invocation.operands.some((operand) => operand.text.includes('{'))
    ? '{}'
    : null;
}

const REPLACES: ReadonlySet<string> = new Set(['-I', '-i', '--replace', '-J']);

/** The arguments of a command that xargs or parallel completes from its input. */
export function withInput(
  inner: readonly WordValue[],
  mark: string | null,
  stdin: Stdin,
): readonly WordValue[] {
  const [first] = inner;
  const start = first?.start ?? 0;
  const end = first?.end ?? 0;
  if (mark === null) return [...inner, ...appendedWords(stdin, start, end)];
  const known = typeof stdin === 'string' && !stdin.trimEnd().includes('\n') ? stdin.trimEnd() : null;
  return inner.map((word) => {
    const at = word.text.indexOf(mark);
    if (at < 0) return word;
    if (known !== null && word.kind === 'literal')
      return { ...word, text: word.text.replaceAll(mark, () => known) };
    return at === 0 ? unknownValue(start, end) : prefixValue(word.text.slice(0, at), start, end);
  });
}

function appendedWords(stdin: Stdin, start: number, end: number): WordValue[] {
  if (typeof stdin !== 'string') return [unknownValue(start, end, true)];
  const words = stdin.split(/[\s\0]+/).filter((word) => word !== '');
  return words.map((word) => literalValue(word.replace(/^(['"])(.*)\1$/s, '$2'), start, end));
}
