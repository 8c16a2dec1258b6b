import { formatInstant, type Instant, INSTANT_MIN, parseInstant, PraxisError } from '@praxis/core';
import { FACT_TYPES, type FactFilter, FOREVER } from '@praxis/facts';
import { z } from 'zod';

/** The longest instant in ISO 8601 that is taken, in characters. */
const INSTANT_LENGTH_MAX = 40;
const NAME_LENGTH_MAX = 512;
const CURSOR_LENGTH_MAX = 4096;

const name = z.string().min(1).max(NAME_LENGTH_MAX);

/** What an instant must be; the answer to one that is none holds this, and never what was given. */
const INSTANT_EXPECTED = `ISO 8601 with an offset, from ${formatInstant(INSTANT_MIN)} to ${formatInstant(FOREVER - 1)} expected`;

/** An instant as a caller writes it. */
export const instantField: z.ZodType<string> = z
  .string()
  .max(INSTANT_LENGTH_MAX)
  .refine(isInstant, INSTANT_EXPECTED);

/** The two instants every question about facts may be as of. */
export const asOfShape: {
  readonly valid_at: z.ZodOptional<z.ZodType<string>>;
  readonly recorded_at: z.ZodOptional<z.ZodType<string>>;
} = {
  valid_at: instantField
    .optional()
    .describe('what was true at this instant (ISO 8601 with an offset); default: now'),
  recorded_at: instantField.optional().describe('as praxis believed at this instant; default: now'),
};

/** Which facts a question is about. */
export const filterShape: {
  readonly subject: z.ZodOptional<z.ZodString>;
  readonly kind: z.ZodOptional<z.ZodString>;
  readonly predicate: z.ZodOptional<z.ZodString>;
  readonly fact_type: z.ZodOptional<z.ZodType<(typeof FACT_TYPES)[number]>>;
  readonly value_key: z.ZodOptional<z.ZodString>;
  readonly target: z.ZodOptional<z.ZodString>;
} = {
  subject: name.optional().describe('kind:name, for example host:web1'),
  kind: name.optional().describe('all subjects of a kind, for example host or service'),
  predicate: name.optional(),
  fact_type: z.enum(FACT_TYPES).optional().describe('observed is what machines reported'),
  value_key: z
    .string()
    .max(NAME_LENGTH_MAX)
    .optional()
    .describe('tells the values of a multi-valued predicate apart'),
  target: name.optional().describe('only edges to this subject'),
};

/** The cursor of the page before. */
export const cursorField: z.ZodOptional<z.ZodString> = z
  .string()
  .min(1)
  .max(CURSOR_LENGTH_MAX)
  .optional()
  .describe('`next` of the page before, with otherwise the same arguments');

/** Which facts, as the store is asked. */
export function filterOf(
  args: {
    readonly [K in keyof typeof filterShape]?: z.output<(typeof filterShape)[K]> | undefined;
  },
): FactFilter {
  const { subject, kind, predicate, fact_type: factType, value_key: valueKey, target } = args;
  return given({ subject, kind, predicate, factType, valueKey, target });
}

/** The instant a checked field stands for. */
export function instantOf(text: string | undefined): Instant | undefined {
  return text === undefined ? undefined : parseInstant(text);
}

/** The two instants of a question. */
export function asOfOf(
  valid: string | undefined,
  recorded: string | undefined,
): { validAt?: Instant; recordedAt?: Instant } {
  return given({ validAt: instantOf(valid), recordedAt: instantOf(recorded) });
}

/** An object without the members that are undefined. */
export function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function isInstant(text: string): boolean {
  try {
    parseInstant(text);
    return true;
  } catch (error) {
    if (error instanceof PraxisError) return false;
    throw error;
  }
}
