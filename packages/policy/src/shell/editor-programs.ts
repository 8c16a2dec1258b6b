import { judgeEffect } from './effects.ts';
import { type ShellContext, spanIn } from './shell-context.ts';
import { judgeSedCommands } from './sed-program.ts';
import type { Verdict } from './verdict.ts';
import { literalValue, UNKNOWN_PIECE, type WordValue } from './word.ts';

/** Judges a sed program: `w` writes files, `e` and the `e` flag of `s` run shell commands. */
export function judgeSed(
  program: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  if (program.shape === UNKNOWN_PIECE) {
    verdict.raise(2, 'unknown-code', 'the sed program is not known', spanIn(context, program), entry);
    return;
  }
  for (const effect of judgeSedCommands(
    program.kind === 'literal' ? program.text : program.shape.replaceAll(UNKNOWN_PIECE, '0'),
  )) {
    const value = literalValue(effect.argument, program.start, program.end);
    if (effect.kind === 'write') judgeEffect('write', value, context, verdict, entry);
    else if (effect.argument === '')
      verdict.raise(3, 'sed-executes', 'sed runs what it reads', spanIn(context, program), entry);
    else context.engine.judgeText(value, context, verdict, { kind: 'sed' });
  }
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
