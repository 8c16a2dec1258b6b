import type { ShellContext } from './shell-context.ts';
import type { Verdict } from './verdict.ts';
import { literalValue, type WordValue } from './word.ts';

/** Ends the here-document in which text is expanded; no command contains it. */
const END = 'PRAXIS_END_OF_TEXT';

/**
 * Judges the substitutions in a text that bash expands later although it was quoted here: prompts, `${x@P}`,
 * subscripts in arithmetic and in the names that `declare`, `unset` or `let` get.
 */
export function judgeHiddenSubstitutions(text: WordValue, context: ShellContext, verdict: Verdict): void {
  if (!/\$[({]|`/.test(text.text)) return;
  const body = literalValue(`: <<${END}\n${text.text}\n${END}\n`, text.start, text.end);
  context.engine.judgeText(body, context, verdict, { kind: 'expanded text' });
}
