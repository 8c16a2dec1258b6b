import { tierRank } from '@praxis/core';
import type { Invocation } from './flags.ts';
import { type ShellContext, spanIn, type Stdin } from './shell-context.ts';
import { judgeVariable } from './roles.ts';
import type { WrapperSource } from './table-schema.ts';
import type { Verdict } from './verdict.ts';
import { literalValue, unknownValue, type WordValue } from './word.ts';

/** Judges a command that runs another one: its own floor, then what it runs. */
export function judgeWrapper(
  invocation: Invocation,
  context: ShellContext,
  verdict: Verdict,
  stdin: Stdin,
): void {
  const wrapper = invocation.rule.wrapper ?? {};
  const entry = invocation.rule.id;
  const floor = wrapper.floor === undefined ? 0 : tierRank(wrapper.floor);
  const { rank } = invocation.rule;
  verdict.raise(Math.max(floor, rank), 'wrapper', `${entry} runs another command`, undefined, entry);
  const inner = innerArguments(invocation, wrapper, context, verdict);
  const isReadonly = invocation.flags.some((flag) => flag.rule.isReadonly);
  if (inner.length === 0) {
    const isHelp = invocation.asksHelp && invocation.operands.length === 0;
    if (wrapper.empty !== undefined && !isHelp && !isReadonly) {
      verdict.raise(tierRank(wrapper.empty), 'wrapper-empty', `${entry} without a command`, undefined, entry);
    }
    return;
  }
  if (isReadonly) return;
  runInner(inner, wrapper, context, verdict, stdin);
}

/** The words of the inner command: after the wrapper's own operands and assignments. */
function innerArguments(
  invocation: Invocation,
  wrapper: WrapperSource,
  context: ShellContext,
  verdict: Verdict,
): readonly WordValue[] {
  const { operands, dashesAt } = invocation;
  let from = wrapper.skip ?? 0;
  if (wrapper.afterDashes === true && dashesAt >= 0) from = dashesAt;
  while (wrapper.assignments === true && from < operands.length) {
    const operand = operands[from];
    const equals = operand?.text.indexOf('=') ?? -1;
    if (operand === undefined || equals <= 0) break;
    const text = operand.text.slice(equals + 1);
    const value =
      operand.kind === 'literal' ? { ...operand, text } : unknownValue(operand.start, operand.end);
    judgeVariable(operand.text.slice(0, equals), value, context, verdict);
    from++;
  }
  return operands.slice(from);
}

function runInner(
  inner: readonly WordValue[],
  wrapper: WrapperSource,
  context: ShellContext,
  verdict: Verdict,
  stdin: Stdin,
): void {
  const kind = wrapper.inner ?? 'argv';
  const words = wrapper.appends === true ? [...inner, ...appended(inner, stdin)] : inner;
  if (kind === 'argv' || (kind === 'shell-or-argv' && words.length > 1)) {
    context.engine.judgeArguments(words, context, verdict, wrapper.appends === true ? undefined : stdin);
    return;
  }
  const isRemote = wrapper.remote === true;
  context.engine.judgeText(joinWords(words), context, verdict, {
    kind: isRemote ? 'remote' : 'shell',
    isRemote,
    stdin,
  });
}

/** What xargs adds: the words it reads where they are known, else anything. */
function appended(inner: readonly WordValue[], stdin: Stdin): WordValue[] {
  const [first] = inner;
  const start = first?.start ?? 0;
  const end = first?.end ?? 0;
  if (typeof stdin !== 'string') return [unknownValue(start, end, true)];
  const words = stdin.split(/[\s\0]+/).filter((word) => word !== '');
  return words.map((word) => literalValue(word.replace(/^(['"])(.*)\1$/, '$2'), start, end));
}

/** Arguments as the one line that a remote or nested shell reads. */
export function joinWords(words: readonly WordValue[]): WordValue {
  const [first] = words;
  const start = first?.start ?? 0;
  const end = words.at(-1)?.end ?? 0;
  // A glob that was expanded here, or an unknown word, may become any text there.
  const isKnown = words.every((word) => word.kind === 'literal');
  if (isKnown) return literalValue(words.map((word) => word.text).join(' '), start, end);
  const lead: string[] = [];
  for (const word of words) {
    if (word.kind !== 'literal') break;
    lead.push(word.text);
  }
  return { ...unknownValue(start, end), kind: lead.length > 0 ? 'prefix' : 'unknown', text: lead.join(' ') };
}

/** Where a command stands in the classified text. */
export function spanOfWords(
  words: readonly WordValue[],
  context: ShellContext,
): { start: number; end: number } {
  return spanIn(context, { start: words[0]?.start ?? 0, end: words.at(-1)?.end ?? 0 });
}
