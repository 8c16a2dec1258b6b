import { formatInstant, type Instant, parseInstant, PraxisError, systemClock } from '@praxis/core';
import { FACT_TYPES, type FactFilter, isFactType, PAGE_LIMIT_MAX } from '@praxis/facts';
import { type Command, Option } from 'commander';
import { wholeNumber } from '../whole-number.ts';
import type { StoreOption } from './facts-store.ts';

/** Which facts, of which store, and how the answer is written. */
export interface AskOptions extends StoreOption {
  readonly subject?: string;
  readonly kind?: string;
  readonly predicate?: string;
  readonly type?: string;
  readonly valueKey?: string;
  readonly target?: string;
  readonly validAt?: string;
  readonly recordedAt?: string;
  readonly limit?: string;
  readonly cursor?: string;
  readonly json?: boolean;
}

const MICROS_PER_UNIT: Readonly<Record<string, number>> = { s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6 };
const AGE = /^(\d{1,9})([smhd])$/;

/** The options of every question: the store, and JSON instead of text. */
export function withStoreOptions(command: Command): Command {
  return command
    .option('--store <dsn>', 'a SQLite file or a postgresql:// URL; default: the configured store')
    .option('--json', 'as JSON');
}

/** The options that narrow a question down. */
export function withFilterOptions(command: Command): Command {
  return withStoreOptions(command)
    .option('--subject <kind:name>')
    .option('--kind <kind>', 'the part of the subject before the colon')
    .option('--predicate <predicate>')
    .addOption(new Option('--type <type>', 'the fact type').choices([...FACT_TYPES]))
    .option('--value-key <key>', 'of a predicate with several values')
    .option('--target <kind:name>', 'only edges to this subject')
    .option('--limit <n>', 'facts per page', '1000')
    .option('--cursor <cursor>', 'continue a page');
}

/** The options that set the two instants. */
export function withInstantOptions(command: Command): Command {
  return command
    .option('--valid-at <instant>', 'about when: ISO 8601, or an age such as 2h; default: now')
    .option('--recorded-at <instant>', 'as believed when; default: now');
}

/** The options of a question about what facts say, and about ranges of time. */
export function withConditionOptions(command: Command): Command {
  return command
    .option('--valid-from <instant>', 'a range instead of --valid-at: what was true at some time from here')
    .option('--valid-to <instant>', 'to here, which is no longer in it')
    .option('--text <words>', 'full text: every word; word* is the beginning of one')
    .option('--where <condition...>', 'for example /port>=1024, /state=failed, /tags~blue')
    .option('--since <instant>', 'only what became valid since')
    .option('--observed-since <instant>', 'only what was observed since')
    .option('--observed-before <instant>', 'only what was not observed since');
}

/** The filter that the options stand for. */
export function filterOf(options: AskOptions): FactFilter {
  const { subject, kind, predicate, type, valueKey, target } = options;
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(kind === undefined ? {} : { kind }),
    ...(predicate === undefined ? {} : { predicate }),
    ...(isFactType(type) ? { factType: type } : {}),
    ...(valueKey === undefined ? {} : { valueKey }),
    ...(target === undefined ? {} : { target }),
  };
}

/** Between the instant a question was first asked at and the store's own cursor. */
const CURSOR_SIGN = '~';
const ASKED = /^(-?\d{1,16})~/;

/**
 * The instant that ages count back from: now, or when the first page was asked for. A question with an age is the same
 * question on every page.
 */
export function askedAt(options: { readonly cursor?: string }): Instant {
  const [, asked] = ASKED.exec(options.cursor ?? '') ?? [];
  return asked === undefined ? systemClock.now() : Number(asked);
}

/** The page that the options ask for. Throws `USAGE`. */
export function pageOf(options: AskOptions): { limit: number; cursor?: string } {
  return {
    limit: wholeNumber(options.limit ?? '1000', 1, PAGE_LIMIT_MAX, '--limit'),
    ...(options.cursor === undefined ? {} : { cursor: options.cursor.replace(ASKED, '') }),
  };
}

/** The store's cursor together with when the question was asked first. */
export function nextOf(next: string | null, asked: Instant): string | null {
  return next === null ? null : `${asked}${CURSOR_SIGN}${next}`;
}

/** The point on both time axes that the options name. */
export function asOfOf(
  options: { readonly validAt?: string; readonly recordedAt?: string },
  asked: Instant,
): { validAt?: Instant; recordedAt?: Instant } {
  return {
    ...(options.validAt === undefined ? {} : { validAt: instantOf(options.validAt, asked) }),
    ...(options.recordedAt === undefined ? {} : { recordedAt: instantOf(options.recordedAt, asked) }),
  };
}

/** An ISO 8601 instant, or an age (`90s`, `15m`, `2h`, `7d`) counted back from when it was asked. */
export function instantOf(text: string, asked: Instant): Instant {
  const age = AGE.exec(text);
  return age === null ? parseInstant(text) : asked - microsOf(text);
}

/** The length of an age in microseconds. */
export function microsOf(age: string): number {
  const [, count, unit] = AGE.exec(age) ?? [];
  const micros = MICROS_PER_UNIT[unit ?? ''];
  if (count === undefined || micros === undefined)
    throw new PraxisError('USAGE', 'an age is a number and s, m, h or d');
  return Number(count) * micros;
}

/** The instant, or what stands for its absence. */
export function instantText(instant: Instant | null, absent: string): string {
  return instant === null ? absent : formatInstant(instant);
}
