import { type ShellContext, spanIn } from './shell-context.ts';
import { Verdict } from './verdict.ts';
import { literalValue, type WordValue } from './word.ts';

/** Arguments of an unknown program that are tried as a command of their own. */
const TRIED_MAX = 12;

/**
 * A program that no table knows is `T2`. It may be a wrapper, though: where its arguments read as a dangerous
 * command or command line, that counts.
 */
export function judgeUnknownArguments(
  values: readonly WordValue[],
  context: ShellContext,
  verdict: Verdict,
): void {
  for (let i = 1; i < values.length && i <= TRIED_MAX; i++) {
    const word = values[i];
    if (word === undefined || word.kind !== 'literal' || word.isGlob) continue;
    const part = new Verdict();
    if (context.tables.commands.has(word.text.slice(word.text.lastIndexOf('/') + 1))) {
      context.engine.judgeArguments(values.slice(i), context, part, undefined);
    } else if (/\s/.test(word.text)) {
      context.engine.judgeText(literalValue(word.text, word.start, word.end), context, part, {
        kind: 'argument',
      });
    }
    if (part.denied || part.rank === 3) {
      verdict.raise(3, 'wraps-command', 'its arguments read as a dangerous command', spanIn(context, word));
      verdict.absorb(part);
      return;
    }
  }
}
