import { judgeEffect } from './effects.ts';
import { type ShellContext, spanIn } from './shell-context.ts';
import { judgeSedCommands } from './sed-program.ts';
import type { Verdict } from './verdict.ts';
import { literalValue, unknownValue, type WordValue } from './word.ts';

/** Judges a sed program: `w` writes files, `e` and the `e` flag of `s` run shell commands. */
export function judgeSed(
  program: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  if (program.kind !== 'literal') {
    // A pattern with an unknown part is usual and mostly harmless; only what is known can be judged.
    if (program.text === '') return;
  }
  for (const effect of judgeSedCommands(program.text)) {
    const value = literalValue(effect.argument, program.start, program.end);
    if (effect.kind === 'write') judgeEffect('write', value, context, verdict, entry);
    else if (effect.argument === '')
      verdict.raise(3, 'sed-executes', 'sed runs what it reads', spanIn(context, program), entry);
    else context.engine.judgeText(value, context, verdict, { kind: 'sed' });
  }
}

/** Judges an awk program: `system()`, pipes to and from commands, and output files. */
export function judgeAwk(
  program: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  if (program.kind === 'unknown') {
    verdict.raise(3, 'unknown-code', 'the awk program is not known', spanIn(context, program), entry);
    return;
  }
  const code = stripAwk(program.text);
  if (/@load|\/inet/.test(program.text))
    verdict.raise(3, 'awk-extension', 'awk loads code or opens sockets', spanIn(context, program), entry);
  for (const found of code.matchAll(/\bsystem\s*\(\s*(?:§(\d+)§\s*\))?/g))
    runAwk(found[1], program, context, verdict);
  for (const found of code.matchAll(/(?:§(\d+)§|[\w)\]$])\s*\|&?\s*getline/g))
    runAwk(found[1], program, context, verdict);
  for (const found of code.matchAll(/\|&?\s*(?!\||getline)(?:§(\d+)§)?/g)) {
    const isLogical = code[(found.index ?? 0) - 1] === '|';
    if (!isLogical) runAwk(found[1], program, context, verdict);
  }
  judgeAwkOutput(code, program, context, verdict, entry);
}

/** Text of the strings that `stripAwk` took out of the last program. */
let strings: string[] = [];

function runAwk(
  index: string | undefined,
  program: WordValue,
  context: ShellContext,
  verdict: Verdict,
): void {
  const text = index === undefined ? null : (strings[Number(index)] ?? null);
  const value =
    text === null ? unknownValue(program.start, program.end) : literalValue(text, program.start, program.end);
  context.engine.judgeText(value, context, verdict, { kind: 'awk', stdin: null });
}

/** Replaces strings by `§n§` and drops regular expressions and comments, so that operators can be found. */
function stripAwk(program: string): string {
  strings = [];
  let code = '';
  for (let i = 0; i < program.length; i++) {
    const c = program.charAt(i);
    if (c === '#') {
      const end = program.indexOf('\n', i);
      i = end < 0 ? program.length : end - 1;
    } else if (c === '"') {
      const end = closingAt(program, i + 1, '"');
      strings.push(unescapeAwk(program.slice(i + 1, end)));
      code += `§${strings.length - 1}§`;
      i = end;
    } else if (c === '/' && /(?:^|[({,;!~&|\n])\s*$/.test(code.slice(-64))) {
      i = closingAt(program, i + 1, '/');
      code += 'r';
    } else {
      code += c;
    }
  }
  return code;
}

function closingAt(text: string, from: number, quote: string): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) return i;
  }
  return text.length;
}

function unescapeAwk(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/g, (_, escape: string) => {
    if (escape.startsWith('x')) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    if (/^[0-7]/.test(escape)) return String.fromCharCode(Number.parseInt(escape, 8));
    return escape === 'n' ? '\n' : escape === 't' ? '\t' : escape;
  });
}

/** `print > file` inside an action writes; `>` in a condition compares. */
function judgeAwkOutput(
  code: string,
  program: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  for (const statement of code.matchAll(/\bprintf?\b([^;}\n]*)/g)) {
    const output = /(?:^|[^>])>>?\s*(?:§(\d+)§|([^\s=>]))/.exec(withoutParentheses(statement[1] ?? ''));
    if (output === null) continue;
    const text = output[1] === undefined ? null : (strings[Number(output[1])] ?? null);
    const value =
      text === null
        ? unknownValue(program.start, program.end)
        : literalValue(text, program.start, program.end);
    judgeEffect('write', value, context, verdict, entry);
  }
}

function withoutParentheses(text: string): string {
  let kept = '';
  let depth = 0;
  for (const c of text) {
    if (c === '(') depth++;
    if (depth === 0) kept += c;
    if (c === ')' && depth > 0) depth--;
  }
  return kept;
}

/** Judges an ex command of vim (`-c CMD`, `+CMD`): `!` and the scripting languages run code, `w` writes. */
export function judgeVim(
  command: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  const span = spanIn(context, command);
  if (command.kind !== 'literal') {
    verdict.raise(3, 'unknown-code', 'the editor command is not known', span, entry);
    return;
  }
  const text = command.text.replace(/^[:\s%0-9,$.]+/, '');
  const bang = /^(?:r(?:ead)?|w(?:rite)?|sil(?:ent)?!?)?\s*:?!(.*)$/s.exec(text);
  if (bang !== null)
    return context.engine.judgeText(
      literalValue(bang[1] ?? '', command.start, command.end),
      context,
      verdict,
      { kind: 'vim' },
    );
  if (
    /^(?:q(?:a|uit|all)?!?|\d+|set?\s|syntax|nohl|\/|colo|norm(?:al)? [GgjkhlMzt]+$|$)/.test(text) &&
    !/[|!=]/.test(text)
  )
    return;
  verdict.raise(3, 'editor-command', 'an editor command that may run code or write', span, entry);
}
