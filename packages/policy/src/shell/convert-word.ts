import * as unbash from 'unbash';
import type { ParameterPart, Script, Word, WordPart } from './ast.ts';
import { expandBraces } from './brace-expansion.ts';
import { admit, type Conversion, fault, spanOf } from './conversion.ts';

const NO_PARTS: readonly WordPart[] = [];

/** Words of a command, with their braces expanded: one word may become several. */
export function convertWords(words: readonly unbash.Word[], c: Conversion): Word[] {
  const converted: Word[] = [];
  for (const word of words) {
    if (word.parts?.some((part) => part.type === 'BraceExpansion') === true)
      converted.push(...braceWords(word, c));
    else converted.push(convertWord(word, c));
  }
  return converted;
}

/** One word whose braces stay text (assignments, redirection targets, patterns). */
export function convertWord(word: unbash.Word, c: Conversion): Word {
  const { start, end } = spanOf(word, c);
  if (!admit(c, word.pos))
    return { text: '', literal: null, parts: [{ kind: 'opaque', text: '' }], start, end };
  if (word.parts === undefined) {
    // A tilde is plain text to the parser but expands unless it is quoted.
    const isTilde = word.text.charCodeAt(0) === 126;
    return {
      text: word.text,
      literal: isTilde ? null : word.value,
      parts: isTilde ? tildeParts(word.value) : NO_PARTS,
      start,
      end,
    };
  }
  const parts: WordPart[] = [];
  for (const part of word.parts) convertPart(part, false, parts, c);
  const first = parts[0];
  if (first?.kind === 'literal' && !first.quoted && word.text.startsWith('~')) {
    parts.splice(0, 1, ...tildeParts(first.text));
  }
  return { text: word.text, literal: staticText(parts), parts, start, end };
}

/** `~` is the home directory, `~+` and `~-` the working directories, `~user` someone's home. */
function tildeParts(value: string): WordPart[] {
  const slash = value.indexOf('/');
  const head = slash < 0 ? value : value.slice(0, slash);
  const rest: WordPart = { kind: 'literal', text: slash < 0 ? '' : value.slice(slash), quoted: false };
  const name =
    head === '~'
      ? 'HOME'
      : head === '~+'
        ? 'PWD'
        : head === '~-'
          ? 'OLDPWD'
          : head === '~root'
            ? '~root'
            : '~user';
  return [
    { kind: 'parameter', name, quoted: true, prefix: '', index: null, operator: '', operands: [] },
    rest,
  ];
}

function staticText(parts: readonly WordPart[]): string | null {
  let text = '';
  for (const part of parts) {
    if (part.kind !== 'literal') return null;
    text += part.text;
  }
  return text;
}

function braceWords(word: unbash.Word, c: Conversion): Word[] {
  const { start, end } = spanOf(word, c);
  const opaque: Word = {
    text: word.text,
    literal: null,
    parts: [{ kind: 'opaque', text: word.text }],
    start,
    end,
  };
  const expanded = expandBraces(word.text);
  if (expanded === null) return [opaque];
  const only = expanded[0];
  if (expanded.length === 1 && only === word.text) return [convertWord(word, c)];
  const reread = unbash.parse(`: ${expanded.join(' ')}`);
  const command = reread.commands[0]?.command;
  if (reread.errors !== undefined || reread.commands.length !== 1 || command?.type !== 'Command')
    return [opaque];
  const outer = c.span;
  c.span = { start, end };
  const words: Word[] = [];
  for (const item of command.suffix) words.push(item.type === 'Word' ? convertWord(item, c) : opaque);
  c.span = outer;
  return words;
}

type AnyPart = unbash.WordPart | unbash.DoubleQuotedChild;

function convertPart(part: AnyPart, quoted: boolean, into: WordPart[], c: Conversion): void {
  if (!admit(c, part.pos)) return;
  switch (part.type) {
    case 'Literal':
      into.push({ kind: 'literal', text: part.value, quoted: quoted || part.value !== part.text });
      return;
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      into.push({ kind: 'literal', text: part.value, quoted: true });
      return;
    case 'DoubleQuoted':
    case 'LocaleString':
      if (part.parts.length === 0) into.push({ kind: 'literal', text: '', quoted: true });
      for (const child of part.parts) convertPart(child, true, into, c);
      return;
    case 'Glob':
      into.push({ kind: 'glob', text: part.value });
      if (part.kind === 'bracket') convertHidden(part.parts, c, into);
      return;
    case 'ExtendedGlob':
      into.push({ kind: 'glob', text: '*' });
      if (part.parts !== undefined) convertHidden(part.parts, c, into);
      return;
    case 'BraceExpansion':
      into.push({ kind: 'literal', text: part.text, quoted: false });
      return;
    default:
      convertExpansion(part, quoted, into, c);
  }
}

/** Substitutions inside patterns still run: keep them, drop the text. */
function convertHidden(parts: readonly unbash.WordPart[], c: Conversion, into: WordPart[]): void {
  const hidden: WordPart[] = [];
  for (const part of parts) convertPart(part, false, hidden, c);
  for (const part of hidden) if (part.kind !== 'literal') into.push(part);
}

type ExpansionPart = Extract<
  AnyPart,
  {
    type:
      | 'SimpleExpansion'
      | 'ParameterExpansion'
      | 'CommandExpansion'
      | 'ArithmeticExpansion'
      | 'ProcessSubstitution';
  }
>;

function convertExpansion(part: ExpansionPart, quoted: boolean, into: WordPart[], c: Conversion): void {
  switch (part.type) {
    case 'SimpleExpansion':
      into.push({
        kind: 'parameter',
        name: part.text.slice(1),
        quoted,
        prefix: '',
        index: null,
        operator: '',
        operands: [],
      });
      return;
    case 'ParameterExpansion':
      into.push(convertParameter(part, quoted, c));
      return;
    case 'CommandExpansion':
      // The parser takes the end of a here-document for the end of a substitution in it, and says nothing.
      if (part.text.startsWith('$(') && !part.text.endsWith(')'))
        fault(c, 'syntax-error', 'a substitution has no end', part.pos);
      into.push({ kind: 'command', script: substitution(part, c), quoted });
      return;
    case 'ProcessSubstitution':
      into.push({ kind: 'process', direction: part.operator, script: substitution(part, c) });
      return;
    case 'ArithmeticExpansion':
      into.push(convertArithmetic(part.expression, part.text, c));
      return;
    default:
      fault(c, 'unhandled-node', 'an unknown kind of expansion', 0);
  }
}

function substitution(
  part: { readonly script: unbash.ParsedScript | undefined; readonly pos: number; readonly end: number },
  c: Conversion,
): Script {
  // A backtick script with escapes is decoded first, so its positions do not index our source.
  if (part.script?.source === undefined) return c.convertScript(part.script, c);
  const outer = c.span;
  c.span = spanOf(part, c);
  const script = c.convertScript(part.script, c);
  c.span = outer;
  return script;
}

function convertParameter(
  part: unbash.ParameterExpansionPart,
  quoted: boolean,
  c: Conversion,
): ParameterPart {
  const operation = part.operation;
  const words: unbash.Word[] = [];
  let operator = '';
  if (operation !== undefined) {
    operator = operation.type === 'Slice' ? ':' : operation.operator;
    if ('operand' in operation && operation.operand !== undefined) words.push(operation.operand);
    if (operation.type === 'Replace') words.push(operation.pattern, operation.replacement);
    if (operation.type === 'Slice') words.push(operation.offset);
    if (operation.type === 'Slice' && operation.length !== undefined) words.push(operation.length);
    if (operation.type === 'Names') operator = 'names';
    if (operation.type === 'Unknown') fault(c, 'unhandled-node', 'an unknown parameter operation', part.pos);
  }
  const operands = words.map((word) => convertWord(word, c));
  // A subscript is evaluated: keep it as an operand so that its substitutions are seen.
  if (part.index?.parts !== undefined) operands.push(convertWord(part.index, c));
  return {
    kind: 'parameter',
    name: part.parameter,
    quoted,
    prefix: part.prefix ?? '',
    index: part.index === undefined ? null : part.index.text,
    operator,
    operands,
  };
}

export function convertArithmetic(
  expression: unbash.ArithmeticExpression | undefined,
  text: string,
  c: Conversion,
): WordPart {
  const scripts: Script[] = [];
  if (expression !== undefined) collectScripts(expression, scripts, c);
  return { kind: 'arithmetic', text, scripts };
}

function collectScripts(expression: unbash.ArithmeticExpression, scripts: Script[], c: Conversion): void {
  if (!admit(c, expression.pos)) return;
  switch (expression.type) {
    case 'ArithmeticBinary':
      collectScripts(expression.left, scripts, c);
      collectScripts(expression.right, scripts, c);
      return;
    case 'ArithmeticUnary':
      collectScripts(expression.operand, scripts, c);
      return;
    case 'ArithmeticTernary':
      collectScripts(expression.test, scripts, c);
      collectScripts(expression.consequent, scripts, c);
      collectScripts(expression.alternate, scripts, c);
      return;
    case 'ArithmeticGroup':
      collectScripts(expression.expression, scripts, c);
      return;
    case 'ArithmeticCommandExpansion':
      scripts.push(substitution(expression, c));
      return;
    case 'ArithmeticWord': {
      const parts: WordPart[] = [];
      for (const part of expression.parts ?? []) convertPart(part, false, parts, c);
      collectFromParts(parts, scripts);
      return;
    }
    default:
      fault(c, 'unhandled-node', 'an unknown arithmetic expression', 0);
  }
}

/** Every script that runs when these parts are expanded. */
function collectFromParts(parts: readonly WordPart[], scripts: Script[]): void {
  for (const part of parts) {
    if (part.kind === 'command' || part.kind === 'process') scripts.push(part.script);
    else if (part.kind === 'arithmetic') scripts.push(...part.scripts);
    else if (part.kind === 'parameter')
      for (const word of part.operands) collectFromParts(word.parts, scripts);
  }
}

/** The body of a here-document: literal when its delimiter is quoted, else read like double quotes. */
export function heredocWord(node: unbash.HereDoc, c: Conversion): Word {
  const { start, end } = spanOf(node, c);
  const text = node.operator === '<<-' ? node.body.text.replace(/^\t+/gm, '') : node.body.text;
  if (node.body.parts === undefined) return { text, literal: text, parts: NO_PARTS, start, end };
  const parts: WordPart[] = [];
  for (const part of node.body.parts) convertPart(part, true, parts, c);
  return { text, literal: staticText(parts), parts, start, end };
}
