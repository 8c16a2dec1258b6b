import type { Node, Word, WordPart } from './ast.ts';
import { isArray } from './environment.ts';
import { judgeHiddenSubstitutions } from './hidden-substitutions.ts';
import type { ShellContext, Stdin } from './shell-context.ts';
import { Verdict } from './verdict.ts';

/** Judges everything that runs while these words are expanded. */
export function judgeSubstitutions(words: readonly Word[], context: ShellContext, verdict: Verdict): void {
  for (const word of words) if (word.literal === null) judgeParts(word.parts, word.text, context, verdict);
}

function judgeParts(parts: readonly WordPart[], text: string, context: ShellContext, verdict: Verdict): void {
  for (const part of parts) {
    switch (part.kind) {
      case 'command':
        judgeRun(part.script.body, undefined, text, context, verdict);
        break;
      case 'process':
        // Whoever writes into `>(…)` decides what it reads.
        judgeRun(part.script.body, part.direction === '>' ? null : undefined, text, context, verdict);
        break;
      case 'arithmetic':
        for (const script of part.scripts) judgeRun(script.body, undefined, text, context, verdict);
        break;
      case 'parameter':
        for (const operand of part.operands) judgeParts(operand.parts, text, context, verdict);
        if (part.operator === '@' && part.operands[0]?.literal === 'P')
          judgePromptExpansion(part.name, context, verdict);
        break;
      default:
        break;
    }
  }
}

function judgeRun(body: Node, stdin: Stdin, text: string, context: ShellContext, verdict: Verdict): void {
  const part = new Verdict();
  const environment = context.environment.fork();
  context.engine.judgeNode(body, { ...context, environment, depth: context.depth + 1 }, part, stdin);
  verdict.attach('substitution', text, part);
}

/** `${x@P}` expands the value of `x` once more, substitutions included. */
function judgePromptExpansion(name: string, context: ShellContext, verdict: Verdict): void {
  const variable = context.environment.variables.get(name);
  if (variable === undefined || isArray(variable) || variable.kind !== 'literal') {
    verdict.raise(
      3,
      'unknown-code',
      `the value of ${name} is expanded as a prompt`,
      context.span ?? undefined,
    );
  } else {
    judgeHiddenSubstitutions(variable, context, verdict);
  }
}
