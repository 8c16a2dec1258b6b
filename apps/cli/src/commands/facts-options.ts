import { formatInstant, type Instant, parseInstant, PraxisError, systemClock } from '@praxis/core';
import { FACT_TYPES, type FactFilter, isFactType } from '@praxis/facts';
import { type Command, Option } from 'commander';
import type { StoreOption } from './facts-store.ts';

/** Which facts, of which store, and how the answer is written. */
export interface AskOptions extends StoreOption {
  readonly subject?: string;
  readonly kind?: string;
  readonly predicate?: string;
  readonly type?: string;
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
    .option('--limit <n>', 'facts per page', '1000')
    .option('--cursor <cursor>', 'continue a page');
}

/** The options that set the two instants. */
export function withInstantOptions(command: Command): Command {
  return command
    .option('--valid-at <instant>', 'about when: ISO 8601, or an age such as 2h; default: now')
    .option('--recorded-at <instant>', 'as believed when; default: now');
}

/** The filter that the options stand for. */
export function filterOf(options: AskOptions): FactFilter {
  const { subject, kind, predicate, type } = options;
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(kind === undefined ? {} : { kind }),
    ...(predicate === undefined ? {} : { predicate }),
    ...(isFactType(type) ? { factType: type } : {}),
  };
}

/** The page that the options ask for. */
export function pageOf(options: AskOptions): { limit: number; cursor?: string } {
  return {
    limit: Number(options.limit ?? 1000),
    ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
  };
}

/** The point on both time axes that the options name. */
export function asOfOf(options: { validAt?: string; recordedAt?: string }): {
  validAt?: Instant;
  recordedAt?: Instant;
} {
  return {
    ...(options.validAt === undefined ? {} : { validAt: instantOf(options.validAt) }),
    ...(options.recordedAt === undefined ? {} : { recordedAt: instantOf(options.recordedAt) }),
  };
}

/** An ISO 8601 instant, or an age (`90s`, `15m`, `2h`, `7d`) counted back from now. */
export function instantOf(text: string): Instant {
  const age = AGE.exec(text);
  return age === null ? parseInstant(text) : systemClock.now() - microsOf(text);
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
