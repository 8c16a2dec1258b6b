import { tierRank } from '@praxis/core';
import { replacementMark, withInput } from './appended-input.ts';
import type { Invocation } from './flags.ts';
import type { ShellContext, Stdin } from './shell-context.ts';
import { judgeVariable } from './roles.ts';
import { splitString } from './split-string.ts';
import type { WrapperSource } from './table-schema.ts';
import type { Verdict } from './verdict.ts';
import { literalValue, unknownValue, type WordValue } from './word.ts';

/** Judges a command that runs another one: its own floor, then what it runs. */
export function judgeWrapper(
  invocation: Invocation,
  context: ShellContext,
  verdict: Verdict,
  { stdin, isDryRun }: { readonly stdin: Stdin; readonly isDryRun: boolean },
): void {
  const wrapper = invocation.rule.wrapper ?? {};
  const entry = invocation.rule.id;
  if (invocation.asksHelp && invocation.operands.length === 0 && invocation.unknownFlags.length === 0) {
    verdict.raise(0, 'read-only', `${entry} prints about itself`, undefined, entry);
    return;
  }
  const floor = wrapper.floor === undefined ? 0 : tierRank(wrapper.floor);
  const rank = isDryRun ? 0 : invocation.rule.rank;
  verdict.raise(Math.max(floor, rank), 'wrapper', `${entry} runs another command`, undefined, entry);
  const split = splitWords(invocation);
  if (split !== null) return context.engine.judgeArguments(split, context, verdict, stdin);
  const inner = innerArguments(invocation, wrapper, context, verdict);
  const isReadonly = isDryRun || invocation.flags.some((flag) => flag.rule.isReadonly);
  if (inner.length === 0) {
    // Without a command it starts a shell, and the shell reads what is piped in.
    const startsShell = wrapper.empty !== undefined && wrapper.appends !== true;
    const isFed = startsShell && stdin !== undefined && stdin !== '';
    if (isFed && !isReadonly) {
      const text = stdin === null ? unknownValue(0, 0) : literalValue(stdin, 0, 0);
      const isRemote = wrapper.remote === true;
      context.engine.judgeText(text, context, verdict, { kind: isRemote ? 'remote' : 'shell', isRemote });
    }
    if (wrapper.empty !== undefined && !isReadonly) {
      verdict.raise(tierRank(wrapper.empty), 'wrapper-empty', `${entry} without a command`, undefined, entry);
    }
    return;
  }
  if (isReadonly) return;
  runInner(inner, wrapper, invocation, { context, verdict, stdin });
}

/** `env -S 'cmd args'`: the string becomes arguments of the wrapper itself. */
function splitWords(invocation: Invocation): WordValue[] | null {
  const given = invocation.flags.find((flag) => flag.rule.role === 'words');
  if (given?.value === undefined || given.value === null) return null;
  const { value } = given;
  const name = literalValue(invocation.rule.id, value.start, value.end);
  if (value.kind !== 'literal') return [name, unknownValue(value.start, value.end)];
  const words = splitString(value.text).map((word) =>
    word === null ? unknownValue(value.start, value.end) : literalValue(word, value.start, value.end),
  );
  return [name, ...words, ...invocation.operands];
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
  invocation: Invocation,
  { context, verdict, stdin }: { context: ShellContext; verdict: Verdict; stdin: Stdin },
): void {
  const kind = wrapper.inner ?? 'argv';
  const words = wrapper.appends === true ? withInput(inner, replacementMark(invocation), stdin) : inner;
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
