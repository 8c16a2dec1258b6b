import type { Instant } from '@praxis/core';
import type {
  PolicyComparison,
  PolicyCondition,
  PolicyRequest,
  PolicyRule,
  TimeWindow,
} from '../document/policy-types.ts';
import { compilePattern, isPatternFault, type Pattern, type PatternFaultCode } from './pattern.ts';
import { matchesPattern } from './pattern-match.ts';

/** Counts permitted requests for rate conditions. */
export interface RateMeter {
  /** How many requests of `key` were taken in the last `seconds`. */
  count(key: string, seconds: number): number;
  /** Takes note of one permitted request. */
  take(key: string, seconds: number): void;
}

/** What conditions are judged with. Without a meter no rate condition holds, without a time no time window does. */
export interface ConditionContext {
  readonly request: PolicyRequest;
  readonly now: Instant | null;
  readonly meter: RateMeter | null;
}

/** `unknown`: the request does not carry what the condition asks about. */
export type ConditionResult = 'yes' | 'no' | 'unknown' | 'rate_exceeded';

/** Why a condition cannot be compiled; `offset` is in the pattern. */
export interface ConditionFault {
  readonly code: PatternFaultCode | 'CONDITION_TIMEZONE_UNKNOWN';
  readonly offset: number;
  readonly message: string;
}

/** One condition, compiled. */
export type CompiledCondition = (context: ConditionContext) => ConditionResult;

/** The key under which the requests of one principal under one rule are counted. */
export function rateKey(rule: PolicyRule, principal: string): string {
  return `${rule.name}\u0000${principal}`;
}

/** The seconds of the rule's rate condition, or null when it has none. */
export function rateSeconds(rule: PolicyRule): number | null {
  const condition = rule.conditions?.find((candidate) => 'rate' in candidate);
  return condition !== undefined && 'rate' in condition ? condition.rate.per_seconds : null;
}

/** Compiles one condition; a fault names the pattern or the time zone that cannot be read. */
export function compileCondition(
  condition: PolicyCondition,
  rule: PolicyRule,
): CompiledCondition | ConditionFault {
  if ('rate' in condition) {
    const { max, per_seconds: seconds } = condition.rate;
    return ({ request, meter }) => {
      if (meter === null) return 'unknown';
      return meter.count(rateKey(rule, request.principal), seconds) < max ? 'yes' : 'rate_exceeded';
    };
  }
  return 'time' in condition ? compileTime(condition.time) : compileComparison(condition);
}

function compileTime(window: TimeWindow): CompiledCondition | ConditionFault {
  const format = formatterOf(window.timezone ?? 'UTC');
  if (format === null) {
    return {
      code: 'CONDITION_TIMEZONE_UNKNOWN',
      offset: 0,
      message: `unknown time zone \`${window.timezone ?? ''}\``,
    };
  }
  const from = minutesOf(window.from ?? '00:00');
  const to = minutesOf(window.to ?? '24:00');
  return ({ now }) => {
    if (now === null) return 'unknown';
    const parts = format.formatToParts(now / 1000);
    const read = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
    const minute = Number(read('hour')) * 60 + Number(read('minute'));
    const today = read('weekday').toLowerCase();
    const isOvernight = to <= from;
    const isInside = isOvernight ? minute >= from || minute < to : minute >= from && minute < to;
    // The hours after midnight belong to the day on which the window began.
    const day = isOvernight && minute < to ? dayBefore(today) : today;
    return isInside && (window.days?.some((candidate) => candidate === day) ?? true) ? 'yes' : 'no';
  };
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

function dayBefore(day: string): string {
  return DAYS[(DAYS.indexOf(day) + 6) % 7] ?? '';
}

function formatterOf(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
}

function compileComparison(condition: PolicyComparison): CompiledCondition | ConditionFault {
  const path = condition.field.split('.');
  if (condition.op === 'matches' || condition.op === 'matches_not') {
    const pattern = compilePattern(condition.value);
    if (isPatternFault(pattern)) return pattern;
    return ({ request }) => compareText(pattern, condition.op === 'matches', valueAt(request, path));
  }
  return ({ request }) => compare(condition, valueAt(request, path));
}

function compareText(pattern: Pattern, isWanted: boolean, value: unknown): ConditionResult {
  if (typeof value !== 'string') return 'unknown';
  return matchesPattern(pattern, value.normalize('NFC')) === isWanted ? 'yes' : 'no';
}

function compare(condition: PolicyComparison, value: unknown): ConditionResult {
  if (condition.op === 'exists') return (value !== undefined) === condition.value ? 'yes' : 'no';
  if (value === undefined) return 'unknown';
  const answer = holds(condition, value);
  return answer === null ? 'unknown' : answer ? 'yes' : 'no';
}

function holds(condition: PolicyComparison, value: unknown): boolean | null {
  switch (condition.op) {
    case 'eq':
      return value === condition.value;
    case 'ne':
      return value !== condition.value;
    case 'in':
      return condition.value.some((candidate) => candidate === value);
    case 'not_in':
      return !condition.value.some((candidate) => candidate === value);
    case 'contains':
    case 'lacks': {
      const wanted = condition.value;
      const isText = typeof value === 'string' && typeof wanted === 'string';
      if (!isText && !Array.isArray(value)) return null;
      const found = isText ? value.includes(wanted) : (value as unknown[]).includes(wanted);
      return found === (condition.op === 'contains');
    }
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return typeof value === 'number' ? isOrdered(condition.op, value, condition.value) : null;
    case 'exists':
    case 'matches':
    case 'matches_not':
    default:
      return null;
  }
}

function isOrdered(op: 'lt' | 'lte' | 'gt' | 'gte', value: number, bound: number): boolean {
  if (value === bound) return op === 'lte' || op === 'gte';
  return value < bound === op.startsWith('lt');
}

function valueAt(request: PolicyRequest, path: readonly string[]): unknown {
  if (path.length === 1 && path[0] === 'labels') return request.labels ?? [];
  let value: unknown = request;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
