import { judgeEffect } from './effects.ts';
import { type ShellContext, spanIn } from './shell-context.ts';
import type { Verdict } from './verdict.ts';
import { literalValue, UNKNOWN_PIECE, unknownValue, type WordValue } from './word.ts';

/** An awk program with its strings taken out: `§n§` stands for the n-th. */
interface AwkProgram {
  readonly code: string;
  readonly strings: readonly string[];
}

/** Judges an awk program: `system()`, pipes to and from commands, and output files. */
export function judgeAwk(
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  if (value.shape === UNKNOWN_PIECE && value.kind !== 'literal') {
    verdict.raise(3, 'unknown-code', 'the awk program is not known', spanIn(context, value), entry);
    return;
  }
  const text = value.kind === 'literal' ? value.text : value.shape.replaceAll(UNKNOWN_PIECE, '0');
  if (/@load|\/inet/.test(text))
    verdict.raise(3, 'awk-extension', 'awk loads code or opens sockets', spanIn(context, value), entry);
  const program = stripAwk(text);
  const run = (index: string | undefined): void => {
    const command = stringAt(program, index);
    const shellText =
      command === null ? unknownValue(value.start, value.end) : literalValue(command, value.start, value.end);
    context.engine.judgeText(shellText, context, verdict, { kind: 'awk', stdin: null });
  };
  for (const found of program.code.matchAll(/\bsystem\s*\(\s*(?:§(\d+)§\s*\))?/g)) run(found[1]);
  for (const found of program.code.matchAll(/(?:§(\d+)§|[\w)\]$])\s*\|&?\s*getline/g)) run(found[1]);
  for (const found of program.code.matchAll(/\|&?\s*(?!\||getline)(?:§(\d+)§)?/g)) {
    if (program.code[found.index - 1] !== '|') run(found[1]);
  }
  judgeOutput(program, value, context, verdict, entry);
}

function stringAt(program: AwkProgram, index: string | undefined): string | null {
  return index === undefined ? null : (program.strings[Number(index)] ?? null);
}

/** Replaces strings by `§n§` and drops regular expressions and comments, so that operators can be found. */
function stripAwk(program: string): AwkProgram {
  const strings: string[] = [];
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
  return { code, strings };
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
function judgeOutput(
  program: AwkProgram,
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  for (const statement of program.code.matchAll(/\bprintf?\b([^;}\n]*)/g)) {
    const output = /(?:^|[^>])>>?\s*(?:§(\d+)§|([^\s=>]))/.exec(withoutParentheses(statement[1] ?? ''));
    if (output === null) continue;
    const text = stringAt(program, output[1]);
    const target =
      text === null ? unknownValue(value.start, value.end) : literalValue(text, value.start, value.end);
    judgeEffect('write', target, context, verdict, entry);
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
