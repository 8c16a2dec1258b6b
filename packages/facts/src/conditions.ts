import { canonicalJson, isJsonObject, type Json, PraxisError } from '@praxis/core';

import { CONDITIONS_MAX, POINTER_LENGTH_MAX } from './bounds.ts';
import { queryInvalid } from './errors.ts';
import type { ValueCondition } from './store.ts';

const OPERATORS: ReadonlySet<string> = new Set(['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'contains', 'exists']);

/** Whether a value fulfils all conditions. Throws `FACT_QUERY_INVALID` for conditions that mean nothing. */
export function compileConditions(conditions: readonly ValueCondition[]): (value: Json) => boolean {
  if (conditions.length > CONDITIONS_MAX)
    throw queryInvalid('where', `has more than ${CONDITIONS_MAX} conditions`);
  const tests = conditions.map(compileCondition);
  return (value) => tests.every((test) => test(value));
}

function compileCondition(condition: ValueCondition): (value: Json) => boolean {
  if (!OPERATORS.has(condition.op)) throw queryInvalid('where', `has an unknown operator`);
  const tokens = parsePointer(condition.path);
  if (condition.op === 'exists') return (value) => resolvePointer(value, tokens) !== undefined;
  if (condition.value === undefined) throw queryInvalid('where', 'has a condition without a value');
  const test = compileOperator(condition.op, condition.value);
  return (value) => {
    const found = resolvePointer(value, tokens);
    return found !== undefined && test(found);
  };
}

function compileOperator(
  op: Exclude<ValueCondition['op'], 'exists'>,
  wanted: Json,
): (found: Json) => boolean {
  const canonical = canonicalOf('where', wanted);
  switch (op) {
    case 'eq':
      return (found) => canonicalJson(found) === canonical;
    case 'ne':
      return (found) => canonicalJson(found) !== canonical;
    case 'lt':
      return (found) => compare(found, wanted, (order) => order < 0);
    case 'lte':
      return (found) => compare(found, wanted, (order) => order <= 0);
    case 'gt':
      return (found) => compare(found, wanted, (order) => order > 0);
    case 'gte':
      return (found) => compare(found, wanted, (order) => order >= 0);
    case 'contains':
      return (found) => holds(found, wanted, canonical);
    default:
      throw queryInvalid('where', 'has an unknown operator');
  }
}

/** Orders two numbers or two texts; values of other or different types have no order. */
function compare(a: Json, b: Json, judge: (order: number) => boolean): boolean {
  if (typeof a === 'number' && typeof b === 'number') return judge(a - b);
  if (typeof a === 'string' && typeof b === 'string') return judge(a < b ? -1 : a > b ? 1 : 0);
  return false;
}

function holds(found: Json, wanted: Json, canonical: string): boolean {
  if (Array.isArray(found)) return found.some((member: Json) => canonicalJson(member) === canonical);
  if (typeof wanted !== 'string') return false;
  if (typeof found === 'string') return found.includes(wanted);
  return isJsonObject(found) && Object.hasOwn(found, wanted);
}

function parsePointer(pointer: string): readonly string[] {
  if (typeof pointer !== 'string' || pointer.length > POINTER_LENGTH_MAX) {
    throw queryInvalid(
      'where',
      `has a path that is not a JSON pointer of at most ${POINTER_LENGTH_MAX} characters`,
    );
  }
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw queryInvalid('where', 'has a path that does not start with a slash');
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function resolvePointer(value: Json, tokens: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const token of tokens) {
    if (Array.isArray(at))
      at = /^(?:0|[1-9]\d{0,9})$/.test(token) ? (at as readonly Json[])[Number(token)] : undefined;
    else if (isJsonObject(at) && Object.hasOwn(at, token)) at = at[token];
    else return undefined;
  }
  return at;
}

/** The canonical form (RFC 8785) of a part of a question. Throws `FACT_QUERY_INVALID` when it has none. */
export function canonicalOf(field: string, value: unknown): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (!(error instanceof PraxisError)) throw error;
    throw queryInvalid(field, `is not JSON: ${error.message}`);
  }
}
