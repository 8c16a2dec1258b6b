import type { Node, Redirection, SimpleCommand } from './ast.ts';
import { expandUnsplit, expandWords } from './expand.ts';
import type { ShellContext } from './shell-context.ts';
import { filterText } from './text-filters.ts';
import { staticTextOf, type WordValue } from './word.ts';

/** Longest output that is followed, in UTF-16 units. */
const OUTPUT_LENGTH_MAX = 65_536;
/** Deepest nesting of substitutions whose output is followed. */
const OUTPUT_DEPTH_MAX = 8;

/**
 * The exact standard output of a node where it can be told without running it: echo, printf, cat of a
 * here-document, and filters such as `base64 -d`, `rev`, `tr`. Null when it is not known.
 */
export function staticOutput(
  node: Node,
  context: ShellContext,
  stdin: string | null = null,
  depth = 0,
): string | null {
  if (depth > OUTPUT_DEPTH_MAX) return null;
  const output = outputOf(node, context, stdin, depth);
  return output !== null && output.length <= OUTPUT_LENGTH_MAX ? output : null;
}

function outputOf(node: Node, context: ShellContext, stdin: string | null, depth: number): string | null {
  switch (node.kind) {
    case 'simple':
      return commandOutput(node, context, stdin, depth);
    case 'pipeline': {
      let text = stdin;
      for (const [i, stage] of node.stages.entries()) {
        if (i > 0 && text === null) return null;
        text = staticOutput(stage, context, text, depth + 1);
      }
      return text;
    }
    case 'sequence': {
      let all = '';
      for (const item of node.items) {
        const text = staticOutput(item, context, stdin, depth + 1);
        if (text === null) return null;
        all += text;
      }
      return all;
    }
    case 'group':
    case 'subshell':
      return staticOutput(node.body, context, stdin, depth + 1);
    default:
      return null;
  }
}

function commandOutput(
  node: SimpleCommand,
  context: ShellContext,
  stdin: string | null,
  depth: number,
): string | null {
  const expansion = {
    environment: context.environment.fork(),
    outputOf: (script: { body: Node }): string | null => {
      const text = staticOutput(script.body, context, null, depth + 1);
      return text === null ? null : withoutTrailingNewlines(text);
    },
  };
  let input = stdin;
  for (const redirection of node.redirections) {
    if (!isInput(redirection)) return null;
    const value =
      redirection.target === null ? null : staticTextOf(expandUnsplit(redirection.target, expansion));
    input = value === null ? null : redirection.operator === '<<<' ? `${value}\n` : value;
  }
  const words = expandWords(node.words, expansion);
  const texts: string[] = [];
  for (const word of words) {
    const text = staticTextOf(word);
    if (text === null) return null;
    texts.push(text);
  }
  const [name, ...args] = texts;
  return name === undefined ? (node.assignments.length > 0 ? '' : null) : filterText(name, args, input);
}

function isInput(redirection: Redirection): boolean {
  if (redirection.isText) return true;
  // Diagnostics thrown away do not change what is printed.
  return redirection.descriptor === 2;
}

/** What a command substitution drops from its output. */
export function withoutTrailingNewlines(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 10) end--;
  return text.slice(0, end);
}

/** Standard input that a redirection gives: the text of a here-document or here-string, else unknown. */
export function redirectedInput(redirection: Redirection, value: WordValue): string | null {
  const text = staticTextOf(value);
  if (!redirection.isText || text === null) return null;
  return redirection.operator === '<<<' ? `${text}\n` : text;
}
