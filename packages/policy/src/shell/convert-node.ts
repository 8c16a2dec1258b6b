import type * as unbash from 'unbash';
import type { Assignment, Node, Redirection, Sequence, SimpleCommand, Word } from './ast.ts';
import { admit, type Conversion, DEPTH_MAX, fault, spanOf } from './conversion.ts';
import { convertArithmetic, convertWord, convertWords, heredocWord } from './convert-word.ts';

export function convertStatements(
  statements: readonly unbash.Statement[],
  at: { readonly pos: number; readonly end: number },
  conversion: Conversion,
): Sequence {
  const items: Node[] = [];
  for (const statement of statements) {
    const node = convertNode(statement.command, conversion);
    const span = spanOf(statement, conversion);
    items.push(
      statement.background === true
        ? { kind: 'background', body: node, start: span.start, end: span.end }
        : node,
    );
  }
  const span = spanOf(at, conversion);
  return { kind: 'sequence', items, start: span.start, end: span.end };
}

type ParserNode = unbash.PipelineNode | unbash.AndOr | unbash.CompoundList;

function convertNode(node: ParserNode, conversion: Conversion): Node {
  const { start, end } = spanOf(node, conversion);
  const empty: Node = { kind: 'sequence', items: [], start, end };
  if (!admit(conversion, node.pos)) return empty;
  if (conversion.depth >= DEPTH_MAX) {
    fault(conversion, 'too-deep', 'the command is nested too deeply', node.pos);
    return empty;
  }
  conversion.depth++;
  const converted = convertKind(node, start, end, conversion);
  conversion.depth--;
  return converted;
}

function convertKind(node: ParserNode, start: number, end: number, c: Conversion): Node {
  switch (node.type) {
    case 'Command':
      return convertCommand(node, start, end, c);
    case 'Pipeline':
      return convertPipeline(node, start, end, c);
    case 'AndOr':
      return { kind: 'and-or', items: node.commands.map((item) => convertNode(item, c)), start, end };
    case 'CompoundList':
      return convertStatements(node.commands, node, c);
    case 'Redirected':
      return {
        kind: 'redirected',
        body: convertNode(node.command, c),
        redirections: node.redirects.map((redirect) => convertRedirection(redirect, c)),
        start,
        end,
      };
    case 'Subshell':
      return { kind: 'subshell', body: convertNode(node.body, c), start, end };
    case 'BraceGroup':
      return { kind: 'group', body: convertNode(node.body, c), start, end };
    case 'Coproc':
      return { kind: 'coproc', body: convertNode(node.body, c), start, end };
    case 'Function':
      return { kind: 'function', name: staticName(node.name), body: convertNode(node.body, c), start, end };
    default:
      return convertControl(node, start, end, c);
  }
}

type ControlNode = Exclude<
  ParserNode,
  {
    type:
      | 'Command'
      | 'Pipeline'
      | 'AndOr'
      | 'CompoundList'
      | 'Redirected'
      | 'Subshell'
      | 'BraceGroup'
      | 'Coproc'
      | 'Function';
  }
>;

function convertControl(node: ControlNode, start: number, end: number, c: Conversion): Node {
  switch (node.type) {
    case 'If':
      return convertIf(node, start, end, c);
    case 'Case':
      return convertCase(node, start, end, c);
    case 'While':
      return {
        kind: 'while',
        variable: null,
        words: null,
        condition: convertNode(node.clause, c),
        body: convertNode(node.body, c),
        start,
        end,
      };
    case 'For':
    case 'Select':
      return {
        kind: node.type === 'For' ? 'for' : 'select',
        variable: staticName(node.name),
        words: node.wordlist === undefined ? null : convertWords(node.wordlist, c),
        condition: null,
        body: convertNode(node.body, c),
        start,
        end,
      };
    case 'ArithmeticFor':
      return convertArithmeticFor(node, start, end, c);
    case 'TestCommand':
      return { kind: 'test', words: testWords(node.expression, c), arithmetic: null, start, end };
    case 'ArithmeticCommand':
      return {
        kind: 'test',
        words: arithmeticWords(node, [node.expression], c),
        arithmetic: node.body,
        start,
        end,
      };
    default:
      return unhandled(node, c);
  }
}

function unhandled(node: never, c: Conversion): Node {
  const { type } = node as { readonly type: string };
  fault(c, 'unhandled-node', type, 0);
  return { kind: 'sequence', items: [], start: 0, end: 0 };
}

function convertPipeline(node: unbash.Pipeline, start: number, end: number, c: Conversion): Node {
  const stages = node.commands.map((stage) => convertNode(stage, c));
  const only = stages[0];
  // `! cmd` and `time cmd` run in this shell, but are more than the command alone.
  if (stages.length === 1 && only !== undefined) return { kind: 'group', body: only, start, end };
  return { kind: 'pipeline', stages, start, end };
}

function convertIf(node: unbash.If, start: number, end: number, c: Conversion): Node {
  const arms: Node[][] = [[convertNode(node.clause, c), convertNode(node.then, c)]];
  for (const elif of node.elif) arms.push([convertNode(elif.clause, c), convertNode(elif.then, c)]);
  if (node.else !== undefined) arms.push([convertNode(node.else, c)]);
  return { kind: 'if', words: [], arms, start, end };
}

function convertCase(node: unbash.Case, start: number, end: number, c: Conversion): Node {
  const words: Word[] = [convertWord(node.word, c)];
  const arms: Node[][] = [];
  for (const item of node.items) {
    for (const pattern of item.pattern) words.push(convertWord(pattern, c));
    arms.push([convertNode(item.body, c)]);
  }
  return { kind: 'case', words, arms, start, end };
}

function convertArithmeticFor(node: unbash.ArithmeticFor, start: number, end: number, c: Conversion): Node {
  const expressions = [node.initialize, node.test, node.update];
  const condition: Node = {
    kind: 'test',
    words: arithmeticWords(node, expressions, c),
    arithmetic: null,
    start,
    end,
  };
  return {
    kind: 'while',
    variable: null,
    words: null,
    condition,
    body: convertNode(node.body, c),
    start,
    end,
  };
}

function arithmeticWords(
  at: { readonly pos: number; readonly end: number },
  expressions: readonly (unbash.ArithmeticExpression | undefined)[],
  c: Conversion,
): Word[] {
  const { start, end } = spanOf(at, c);
  return expressions.map((expression) => ({
    text: '',
    literal: null,
    parts: [convertArithmetic(expression, '', c)],
    start,
    end,
  }));
}

function testWords(expression: unbash.TestExpression, c: Conversion): Word[] {
  if (!admit(c, expression.pos)) return [];
  switch (expression.type) {
    case 'TestUnary':
      return [convertWord(expression.operand, c)];
    case 'TestBinary':
      return [convertWord(expression.left, c), convertWord(expression.right, c)];
    case 'TestLogical':
      return expression.operands.flatMap((operand) => testWords(operand, c));
    case 'TestNot':
      return testWords(expression.operand, c);
    case 'TestGroup':
      return testWords(expression.expression, c);
    default:
      return [];
  }
}

/** Names of functions and loop variables are static, or null when they are not. */
function staticName(word: unbash.Word): string | null {
  return word.parts === undefined ? word.value : null;
}

function convertCommand(node: unbash.Command, start: number, end: number, c: Conversion): SimpleCommand {
  const assignments: Assignment[] = [];
  const redirections: Redirection[] = [];
  const words: Word[] = [];
  for (const item of node.prefix) {
    if (item.type === 'Assignment') assignments.push(convertAssignment(item, c));
    else redirections.push(convertRedirection(item, c));
  }
  if (node.name !== undefined) words.push(...convertWords([node.name], c));
  for (const item of node.suffix) {
    if (item.type === 'Word') words.push(...convertWords([item], c));
    else if (item.type === 'Assignment') words.push(assignmentWord(item, c));
    else redirections.push(convertRedirection(item, c));
  }
  return { kind: 'simple', assignments, words, redirections, start, end };
}

function convertAssignment(node: unbash.Assignment, c: Conversion): Assignment {
  const { start, end } = spanOf(node, c);
  const isArray = node.value.type === 'ArrayValue';
  return {
    name: node.name,
    append: node.append === true,
    index: node.index === undefined ? null : convertWord(node.index, c),
    value: node.value.type === 'Word' ? convertWord(node.value, c) : null,
    items: isArray && node.value.type === 'ArrayValue' ? convertWords(node.value.elements, c) : null,
    start,
    end,
  };
}

/** An assignment that stands as an argument (`export A=1`, `declare x=(…)`): a word whose start is `name=`. */
function assignmentWord(node: unbash.Assignment, c: Conversion): Word {
  const { start, end } = spanOf(node, c);
  const head = `${node.name}${node.append === true ? '+' : ''}=`;
  if (node.value.type === 'ArrayValue') {
    const items = convertWords(node.value.elements, c);
    const parts = items.flatMap((item) => item.parts);
    return {
      text: node.text,
      literal: null,
      parts: [{ kind: 'literal', text: head, quoted: false }, ...parts, { kind: 'opaque', text: '(…)' }],
      start,
      end,
    };
  }
  const value = convertWord(node.value, c);
  const parts = [{ kind: 'literal' as const, text: head, quoted: false }, ...value.parts];
  return {
    text: node.text,
    literal: value.literal === null ? null : head + value.literal,
    parts,
    start,
    end,
  };
}

function convertRedirection(node: unbash.Redirection, c: Conversion): Redirection {
  const { start, end } = spanOf(node, c);
  const descriptor = node.descriptor?.type === 'FileDescriptor' ? node.descriptor.value : null;
  if (node.type === 'HereDoc') {
    if (node.closing === undefined) fault(c, 'unterminated-heredoc', 'a here-document has no end', node.pos);
    return { operator: node.operator, descriptor, target: heredocWord(node, c), isText: true, start, end };
  }
  if (node.target === undefined) fault(c, 'syntax-error', 'a redirection has no target', node.pos);
  const target = node.target === undefined ? null : convertWord(node.target, c);
  return { operator: node.operator, descriptor, target, isText: node.type === 'HereString', start, end };
}
