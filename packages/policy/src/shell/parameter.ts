import type { ParameterPart, Word } from './ast.ts';
import type { ExpansionContext } from './expand.ts';
import { type Environment, isArray, type Variable } from './environment.ts';
import { matchGlob, prefixLengths, suffixLengths } from './shell-pattern.ts';
import { literalValue, staticTextOf, unknownValue, type WordValue } from './word.ts';

type ExpandOperand = (word: Word) => WordValue;

const ANYTHING: readonly WordValue[] = [unknownValue(0, 0)];
const OPEN: readonly WordValue[] = [unknownValue(0, 0, true)];
const EMPTY: readonly WordValue[] = [literalValue('', 0, 0)];

/** The values of one parameter expansion: none or several only for `$@`, `$*` and arrays. */
export function expandParameter(
  part: ParameterPart,
  context: ExpansionContext,
  expandOperand: ExpandOperand,
): readonly WordValue[] {
  const { environment } = context;
  if (part.prefix === '#') return lengthOf(part, environment);
  if (part.operator === 'names') return OPEN;
  const name = part.prefix === '!' ? indirectName(part, environment) : part.name;
  if (name === null) return ANYTHING;
  const values = lookUp(name, part.index, environment);
  return part.operator === ''
    ? (values ?? ANYTHING)
    : operate(part, name, values, environment, expandOperand);
}

function indirectName(part: ParameterPart, environment: Environment): string | null {
  const values = lookUp(part.name, part.index, environment);
  return values?.length === 1 ? staticTextOf(values[0]) : null;
}

/** Values of a variable; undefined when nothing here assigns it and no convention fixes it. */
function lookUp(
  name: string,
  index: string | null,
  environment: Environment,
): readonly WordValue[] | undefined {
  if (name === '@' || name === '*') return environment.positional ?? OPEN;
  if (/^[0-9]+$/.test(name)) return positional(Number(name), environment);
  const variable = environment.variables.get(name);
  if (variable === undefined) {
    const known = environment.wellKnown(name);
    return known === undefined ? undefined : [known];
  }
  return element(variable, index);
}

function positional(number: number, environment: Environment): readonly WordValue[] {
  if (number === 0) return environment.scriptName === null ? ANYTHING : [environment.scriptName];
  if (environment.positional === null) return ANYTHING;
  const value = environment.positional[number - 1];
  if (value !== undefined) return [value];
  return environment.positional.some((argument) => argument.isOpen) ? ANYTHING : EMPTY;
}

function element(variable: Variable, index: string | null): readonly WordValue[] {
  if (!isArray(variable)) return [variable];
  if (index === '@' || index === '*') return variable;
  if (index !== null && !/^[0-9]+$/.test(index)) return ANYTHING;
  return [variable[Number(index ?? 0)] ?? unknownValue(0, 0)];
}

function lengthOf(part: ParameterPart, environment: Environment): readonly WordValue[] {
  const values = lookUp(part.name, part.index, environment);
  const text = values?.length === 1 ? staticTextOf(values[0]) : null;
  return text === null || part.index !== null ? ANYTHING : [literalValue(String(text.length), 0, 0)];
}

function operate(
  part: ParameterPart,
  name: string,
  values: readonly WordValue[] | undefined,
  environment: Environment,
  expandOperand: ExpandOperand,
): readonly WordValue[] {
  const operator = part.operator.replace(':', '') || ':';
  if ('-=+?'.includes(operator)) return defaulted(operator, part, name, values, environment, expandOperand);
  const value = values?.length === 1 ? staticTextOf(values[0]) : null;
  if (value === null) return values === undefined || values.length === 1 ? ANYTHING : OPEN;
  const operands: string[] = [];
  for (const operand of part.operands) {
    const text = staticTextOf(expandOperand(operand));
    if (text === null) return ANYTHING;
    operands.push(text);
  }
  const text = transform(part.operator, value, operands);
  return text === null ? ANYTHING : [literalValue(text, 0, 0)];
}

function defaulted(
  operator: string,
  part: ParameterPart,
  name: string,
  values: readonly WordValue[] | undefined,
  environment: Environment,
  expandOperand: ExpandOperand,
): readonly WordValue[] {
  const [word] = part.operands;
  const operand = word === undefined ? literalValue('', 0, 0) : expandOperand(word);
  if (values === undefined) {
    // Nothing assigns it: an attacker means the operand to be taken, whichever operator it is.
    if (operator === '?') return ANYTHING;
    const assumed: WordValue = { ...operand, isAssumed: true };
    if (operator === '=') environment.assign(name, assumed);
    return [assumed];
  }
  const text = values.length === 1 ? staticTextOf(values[0]) : null;
  if (text === null) return values.length === 1 ? [{ ...operand, kind: 'unknown', text: '' }] : values;
  const isSet = text !== '' || !part.operator.startsWith(':');
  if (operator === '+') return isSet ? [operand] : EMPTY;
  if (operator === '=' && !isSet) environment.assign(name, operand);
  return isSet ? values : [operand];
}

function transform(operator: string, value: string, operands: readonly string[]): string | null {
  const [first = '', second = ''] = operands;
  switch (operator) {
    case '#':
    case '##': {
      const lengths = prefixLengths(first, value);
      return value.slice((operator === '#' ? lengths[0] : lengths.at(-1)) ?? 0);
    }
    case '%':
    case '%%': {
      const lengths = suffixLengths(first, value);
      return value.slice(0, value.length - ((operator === '%' ? lengths[0] : lengths.at(-1)) ?? 0));
    }
    case ':':
      return slice(value, operands);
    case '/':
    case '//':
      return /[*?[\\]/.test(first) ? null : replace(operator, value, first, second);
    case '^^':
      return operands.length === 0 ? value.toUpperCase() : null;
    case ',,':
      return operands.length === 0 ? value.toLowerCase() : null;
    case '^':
      return operands.length === 0 ? value.charAt(0).toUpperCase() + value.slice(1) : null;
    case ',':
      return operands.length === 0 ? value.charAt(0).toLowerCase() + value.slice(1) : null;
    case '@':
      return transformed(first, value);
    default:
      return null;
  }
}

function replace(operator: string, value: string, pattern: string, by: string): string {
  if (pattern === '') return value;
  return operator === '//' ? value.replaceAll(pattern, () => by) : value.replace(pattern, () => by);
}

function slice(value: string, operands: readonly string[]): string | null {
  const [offsetText = '', lengthText] = operands.map((operand) => operand.trim());
  if (!/^-?[0-9]{1,6}$/.test(offsetText)) return null;
  if (lengthText !== undefined && !/^-?[0-9]{1,6}$/.test(lengthText)) return null;
  const offset = Number(offsetText) < 0 ? value.length + Number(offsetText) : Number(offsetText);
  if (offset < 0) return null;
  const length = lengthText === undefined ? value.length : Number(lengthText);
  return length < 0 ? value.slice(offset, value.length + length) : value.slice(offset, offset + length);
}

function transformed(operation: string, value: string): string | null {
  if (operation === 'U') return value.toUpperCase();
  if (operation === 'L') return value.toLowerCase();
  if (operation === 'u') return value.charAt(0).toUpperCase() + value.slice(1);
  return operation === 'Q' && matchGlob('*', value) && !value.includes("'") ? `'${value}'` : null;
}
