import type { FunctionDefinition, Node } from './ast.ts';

/** Functions defined so far, by name. */
type Functions = ReadonlyMap<string, FunctionDefinition>;

/** Longest chain of functions calling each other that is followed. */
const CHAIN_MAX = 8;

/** A function that starts itself in the background or pipes itself to itself: `:(){ :|:& };:`. */
export function isForkBomb(definition: FunctionDefinition, functions: Functions): boolean {
  return (
    definition.name !== null && multiplies(definition.body, { name: definition.name, functions, depth: 0 })
  );
}

interface Sought {
  readonly name: string;
  readonly functions: Functions;
  readonly depth: number;
}

/** The word calls the function, itself or through others. */
function reaches(word: string, sought: Sought): boolean {
  if (word === sought.name) return true;
  const other = sought.functions.get(word);
  return (
    other !== undefined &&
    sought.depth < CHAIN_MAX &&
    calls(other.body, { ...sought, depth: sought.depth + 1 })
  );
}

function multiplies(node: Node, sought: Sought): boolean {
  switch (node.kind) {
    case 'pipeline':
      return (
        node.stages.filter((stage) => calls(stage, sought)).length > 1 ||
        node.stages.some((stage) => multiplies(stage, sought))
      );
    case 'background':
      return calls(node.body, sought) || multiplies(node.body, sought);
    case 'sequence':
    case 'and-or':
      return node.items.some((item) => multiplies(item, sought));
    case 'group':
    case 'subshell':
    case 'coproc':
    case 'redirected':
    case 'for':
    case 'while':
    case 'select':
      return multiplies(node.body, sought);
    case 'if':
    case 'case':
      return node.arms.some((arm) => arm.some((item) => multiplies(item, sought)));
    default:
      return false;
  }
}

function calls(node: Node, sought: Sought): boolean {
  switch (node.kind) {
    case 'simple':
      return node.words.some((word, i) => i === 0 && word.literal !== null && reaches(word.literal, sought));
    case 'group':
    case 'subshell':
    case 'redirected':
    case 'background':
    case 'for':
    case 'while':
    case 'select':
      return calls(node.body, sought);
    case 'sequence':
    case 'and-or':
      return node.items.some((item) => calls(item, sought));
    case 'pipeline':
      return node.stages.some((stage) => calls(stage, sought));
    default:
      return false;
  }
}
