import { PraxisError } from './errors.ts';

/** Microseconds since 1970-01-01T00:00:00Z, as a safe integer (about the years 1684 to 2255). */
export type Instant = number;

/** The first instant there is: what a double holds exactly, in microseconds since 1970. */
export const INSTANT_MIN: Instant = Number.MIN_SAFE_INTEGER;
/** The last instant there is. */
export const INSTANT_MAX: Instant = Number.MAX_SAFE_INTEGER;

const MICROS_PER_MS = 1000;
const MICROS_PER_SECOND = 1_000_000;
const ISO_INSTANT = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})$/;
const ISO_DATE = /^(\d{4}-\d{2}-\d{2})$/;

/** The instant of a number of milliseconds since 1970; a fraction of a millisecond is dropped. */
export function instantFromEpochMs(epochMs: number): Instant {
  return Math.trunc(epochMs) * MICROS_PER_MS;
}

/** ISO 8601 in UTC with exactly six digits of fraction: `2026-11-21T09:30:00.000001Z`. */
export function formatInstant(instant: Instant): string {
  const wholeSeconds = Math.floor(instant / MICROS_PER_SECOND);
  const micros = instant - wholeSeconds * MICROS_PER_SECOND;
  const text = new Date(wholeSeconds * 1000).toISOString();
  return `${text.slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}

/**
 * Reads an ISO 8601 instant with an explicit offset (`Z` or `±hh:mm`), or a date (midnight UTC).
 * Digits below a microsecond are cut off. Throws `INSTANT_INVALID`: a time without an offset is
 * refused, because it would mean different instants on different machines.
 */
export function parseInstant(text: string): Instant {
  const date = ISO_DATE.exec(text);
  if (date) return checked(Date.parse(`${text}T00:00:00Z`), 0, text, text, 'Z');
  const match = ISO_INSTANT.exec(text);
  if (!match) throw invalid(text);
  const [, day, time, seconds = '00', fraction = '', offset] = match;
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'));
  return checked(Date.parse(`${day}T${time}:${seconds}${offset}`), micros, text, day ?? '', offset ?? 'Z');
}

function checked(epochMs: number, micros: number, text: string, day: string, offset: string): Instant {
  const instant = epochMs * MICROS_PER_MS + micros;
  if (Number.isNaN(instant)) throw invalid(text);
  if (!Number.isSafeInteger(instant)) throw beyond(text);
  // Date.parse rolls 30 February over to March; only a day that reads back is a day.
  const dayMs = Date.parse(`${day}T00:00:00Z`);
  if (new Date(dayMs).toISOString().slice(0, 10) !== day || offset.length === 0) throw invalid(text);
  return instant;
}

function beyond(text: string): PraxisError<'INSTANT_INVALID'> {
  const range = `from ${formatInstant(INSTANT_MIN)} to ${formatInstant(INSTANT_MAX)}`;
  return new PraxisError('INSTANT_INVALID', `\`${text.slice(0, 64)}\` is out of range: instants go ${range}`);
}

function invalid(text: string): PraxisError<'INSTANT_INVALID'> {
  return new PraxisError(
    'INSTANT_INVALID',
    `\`${text.slice(0, 64)}\` is not an ISO 8601 instant with an offset`,
  );
}
