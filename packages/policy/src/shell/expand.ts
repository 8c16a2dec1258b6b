import type { ParameterPart, Script, Word, WordPart } from './ast.ts';
import type { Environment } from './environment.ts';
import { expandParameter } from './parameter.ts';
import {
  globValue,
  literalValue,
  prefixValue,
  processValue,
  setValue,
  staticTextOf,
  UNKNOWN_PIECE,
  unknownValue,
  type WordValue,
} from './word.ts';

/** What expansion needs from outside: variables, and the output of a substitution where it is known. */
export interface ExpansionContext {
  readonly environment: Environment;
  /** The standard output of the script without trailing newlines, or null when it is not known. */
  outputOf(script: Script): string | null;
}

/** Longest text one word may expand to, in UTF-16 units; beyond it the word is unknown. */
export const VALUE_LENGTH_MAX = 16_384;

/** Most arguments one word may expand to; beyond it the rest is one unknown argument. */
export const FIELDS_MAX = 512;

/** Expands words to arguments, as bash would, into the lattice of `WordValue`. */
export function expandWords(words: readonly Word[], context: ExpansionContext): WordValue[] {
  const values: WordValue[] = [];
  for (const word of words) {
    if (word.literal !== null) values.push(literalValue(word.literal, word.start, word.end));
    else expandWord(word, context, values);
    if (values.length > FIELDS_MAX) {
      values.length = FIELDS_MAX;
      values.push(unknownValue(word.start, word.end, true));
      break;
    }
  }
  return values;
}

/** Expands a word where bash neither splits nor matches patterns: assignments, here-strings, `case`. */
export function expandUnsplit(word: Word, context: ExpansionContext, matchesPatterns = false): WordValue {
  if (word.literal !== null) return literalValue(word.literal, word.start, word.end);
  const builder = new FieldBuilder(word, []);
  for (const part of word.parts) {
    if (part.kind === 'glob') builder.append(part.text, { isGlob: matchesPatterns });
    else appendPart(builder, part, context, true);
  }
  return builder.current();
}

function expandWord(word: Word, context: ExpansionContext, into: WordValue[]): void {
  const builder = new FieldBuilder(word, into);
  for (const part of word.parts) appendPart(builder, part, context, false);
  builder.finish();
}

/** Gathers the fields of one word; once something unknown was seen, the rest of the field is unknown. */
class FieldBuilder {
  readonly word: Word;
  readonly into: WordValue[];
  private texts: string[] = [''];
  private isEach = false;
  private isGlob = false;
  private isKnown = true;
  private isOpen = false;
  private isAssumed = false;
  private hasField = false;
  private process: Script | null = null;
  private shape: string | null = null;

  constructor(word: Word, into: WordValue[]) {
    this.word = word;
    this.into = into;
  }

  append(text: string, options: { isGlob?: boolean; isQuoted?: boolean } = {}): void {
    if (text !== '' || options.isQuoted === true) this.hasField = true;
    if (text.length + (this.texts[0]?.length ?? 0) + (this.shape?.length ?? 0) > VALUE_LENGTH_MAX)
      return this.appendUnknown(false);
    if (this.shape !== null) this.shape += text;
    if (!this.isKnown) return;
    if (options.isGlob === true) this.isGlob = true;
    for (let i = 0; i < this.texts.length; i++) this.texts[i] += text;
  }

  appendUnknown(isOpen: boolean): void {
    this.hasField = true;
    const shape = this.shape ?? this.texts[0] ?? '';
    if (shape.length < VALUE_LENGTH_MAX) this.shape = shape + UNKNOWN_PIECE;
    this.isKnown = false;
    this.isOpen ||= isOpen;
  }

  appendSet(alternatives: readonly string[], isEach: boolean): void {
    this.hasField = true;
    if (!this.isKnown) return;
    if (this.texts.length * alternatives.length > 64) return this.appendUnknown(false);
    this.texts = this.texts.flatMap((text) => alternatives.map((alternative) => text + alternative));
    this.isEach ||= isEach;
  }

  appendProcess(script: Script): void {
    this.process = script;
    this.appendUnknown(false);
  }

  assume(): void {
    this.isAssumed = true;
  }

  /** Ends the field here, as a separator in an unquoted expansion does. */
  split(): void {
    this.finish();
    this.texts = [''];
    this.isEach = false;
    this.isGlob = false;
    this.isKnown = true;
    this.isOpen = false;
    this.hasField = false;
    this.process = null;
    this.shape = null;
  }

  finish(): void {
    if (this.hasField) this.into.push(this.current());
  }

  current(): WordValue {
    const { start, end } = this.word;
    const plain = this.value(start, end);
    const value = this.shape === null ? plain : { ...plain, shape: this.shape };
    return this.isAssumed ? { ...value, isAssumed: true } : value;
  }

  private value(start: number, end: number): WordValue {
    if (this.process !== null) return processValue(this.process, start, end);
    const [first = ''] = this.texts;
    if (!this.isKnown) return prefixValue(this.texts.length === 1 ? first : '', start, end, this.isOpen);
    if (this.texts.length > 1) return setValue(this.texts, start, end, this.isEach);
    return this.isGlob ? globValue(first, start, end) : literalValue(first, start, end);
  }
}

function appendPart(
  builder: FieldBuilder,
  part: WordPart,
  context: ExpansionContext,
  isUnsplit: boolean,
): void {
  switch (part.kind) {
    case 'literal':
      builder.append(part.text, { isQuoted: part.quoted });
      return;
    case 'glob':
      builder.append(part.text, { isGlob: !isUnsplit });
      return;
    case 'parameter':
      appendParameter(builder, part, context, isUnsplit);
      return;
    case 'command': {
      const output = context.outputOf(part.script);
      if (output === null) builder.appendUnknown(!part.quoted && !isUnsplit);
      else if (part.quoted || isUnsplit) builder.append(output, { isQuoted: true });
      else appendSplit(builder, output, context.environment);
      return;
    }
    case 'process':
      builder.appendProcess(part.script);
      return;
    case 'arithmetic':
    case 'opaque':
      builder.appendUnknown(false);
      return;
  }
}

function appendParameter(
  builder: FieldBuilder,
  part: ParameterPart,
  context: ExpansionContext,
  isUnsplit: boolean,
): void {
  const values = expandParameter(part, context, (word) => expandUnsplit(word, context));
  for (const [i, value] of values.entries()) {
    if (i > 0 && !isUnsplit) builder.split();
    else if (i > 0) builder.append(' ');
    if (value.isAssumed) builder.assume();
    appendValue(builder, value, part.quoted || isUnsplit, context.environment);
  }
}

function appendValue(
  builder: FieldBuilder,
  value: WordValue,
  isQuoted: boolean,
  environment: Environment,
): void {
  if (value.kind === 'literal') {
    if (isQuoted) builder.append(value.text, { isQuoted: true });
    else appendSplit(builder, value.text, environment);
    return;
  }
  const needsSplitting = !isQuoted && value.alternatives.some((alternative) => /[\s*?[]/.test(alternative));
  if (value.kind === 'set' && !needsSplitting) builder.appendSet(value.alternatives, value.isEach);
  else {
    if (value.kind === 'prefix') builder.append(value.text);
    builder.appendUnknown(!isQuoted);
  }
}

/** Splits the text of an unquoted expansion at the characters of `IFS`; patterns in it are live. */
function appendSplit(builder: FieldBuilder, text: string, environment: Environment): void {
  const assigned = environment.variables.get('IFS') ?? environment.wellKnown('IFS');
  const separators =
    assigned === undefined || Array.isArray(assigned) ? null : staticTextOf(assigned as WordValue);
  if (separators === null) return builder.appendUnknown(true);
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    const isEnd = at === text.length;
    if (!isEnd && !separators.includes(text.charAt(at))) continue;
    const piece = text.slice(from, at);
    builder.append(piece, { isGlob: /[*?[]/.test(piece) });
    if (!isEnd) builder.split();
    from = at + 1;
  }
}
