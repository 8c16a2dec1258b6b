import type { FunctionDefinition, Node } from './ast.ts';

/** A function that starts itself in the background or pipes itself to itself: `:(){ :|:& };:`. */
export function isForkBomb(definition: FunctionDefinition): boolean {
  return definition.name !== null && multiplies(definition.body, definition.name);
}

function multiplies(node: Node, name: string): boolean {
  switch (node.kind) {
    case 'pipeline':
      return (
        node.stages.filter((stage) => calls(stage, name)).length > 1 ||
        node.stages.some((stage) => multiplies(stage, name))
      );
    case 'background':
      return calls(node.body, name) || multiplies(node.body, name);
    case 'sequence':
    case 'and-or':
      return node.items.some((item) => multiplies(item, name));
    case 'group':
    case 'subshell':
    case 'coproc':
    case 'redirected':
    case 'for':
    case 'while':
    case 'select':
      return multiplies(node.body, name);
    case 'if':
    case 'case':
      return node.arms.some((arm) => arm.some((item) => multiplies(item, name)));
    default:
      return false;
  }
}

function calls(node: Node, name: string): boolean {
  switch (node.kind) {
    case 'simple':
      return node.words.some((word, i) => word.literal === name && i === 0);
    case 'group':
    case 'subshell':
    case 'redirected':
    case 'background':
      return calls(node.body, name);
    case 'sequence':
    case 'and-or':
      return node.items.some((item) => calls(item, name));
    case 'pipeline':
      return node.stages.some((stage) => calls(stage, name));
    default:
      return false;
  }
}
