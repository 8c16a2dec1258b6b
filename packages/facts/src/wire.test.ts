import { canonicalJson, formatInstant, INSTANT_MIN, type Json } from '@praxis/core';
import { fakeClock } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import {
  ACTOR_LENGTH_MAX,
  CURSOR_LENGTH_MAX,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  PAGE_LIMIT_MAX,
  PREDICATE_LENGTH_MAX,
  REASON_LENGTH_MAX,
  SOURCE_LENGTH_MAX,
  SUBJECT_LENGTH_MAX,
  VALUE_BYTES_MAX,
  VALUE_KEY_LENGTH_MAX,
} from './bounds.ts';
import { FactError } from './errors.ts';
import { openMemoryFactStore } from './memory-store.ts';
import type { FactStore } from './store.ts';
import { FOREVER } from './timeline.ts';
import { parseOperation, parseQuery } from './wire.ts';
import { inWireNames } from './wire-names.ts';

type Line = Record<string, unknown>;

const PUT: Line = { op: 'put', subject: 'host:web', predicate: 'os', value: 1, actor: 'test:a' };
const END: Line = { op: 'end', subject: 'host:web', predicate: 'os', actor: 'test:a' };
const letters = (length: number): string => 'x'.repeat(length);
const subjectOf = (length: number): string => `host:${letters(length - 5)}`;
const FIRST = formatInstant(INSTANT_MIN);
const LAST = formatInstant(FOREVER - 1);
const PAST_LAST = formatInstant(FOREVER);

/** Applies a line to an empty store, or asks it, and says how it was refused. */
async function refusal(line: Line): Promise<FactError | null> {
  const store = openMemoryFactStore({ clock: fakeClock() });
  try {
    await carriedOut(store, line).catch((error: unknown) => {
      throw inWireNames(error);
    });
    return null;
  } catch (error) {
    if (error instanceof FactError) return error;
    throw error;
  } finally {
    await store.close();
  }
}

/** What cannot be read is thrown at once; what the store refuses is a rejection. */
function carriedOut(store: FactStore, line: Line): Promise<unknown> {
  if (!('op' in line)) return store.query(parseQuery(line));
  const operation = parseOperation(line);
  return operation.op === 'put' ? store.put(operation.fact) : store.end(operation.end);
}

const puts = (fields: Line): Line => ({ ...PUT, ...fields });
const ends = (fields: Line): Line => ({ ...END, ...fields });

describe('a line', () => {
  const bounded: [field: string, atTheBound: Line, onePast: Line, code?: string][] = [
    [
      'subject',
      puts({ subject: subjectOf(SUBJECT_LENGTH_MAX) }),
      puts({ subject: subjectOf(SUBJECT_LENGTH_MAX + 1) }),
    ],
    [
      'target',
      puts({ target: subjectOf(VALUE_KEY_LENGTH_MAX) }),
      puts({ target: subjectOf(VALUE_KEY_LENGTH_MAX + 1) }),
    ],
    [
      'predicate',
      puts({ predicate: letters(PREDICATE_LENGTH_MAX) }),
      puts({ predicate: letters(PREDICATE_LENGTH_MAX + 1) }),
    ],
    [
      'value_key',
      puts({ value_key: letters(VALUE_KEY_LENGTH_MAX) }),
      puts({ value_key: letters(VALUE_KEY_LENGTH_MAX + 1) }),
    ],
    ['actor', puts({ actor: letters(ACTOR_LENGTH_MAX) }), puts({ actor: letters(ACTOR_LENGTH_MAX + 1) })],
    ['actor', puts({ actor: 'x' }), puts({ actor: '' })],
    [
      'reason',
      puts({ reason: letters(REASON_LENGTH_MAX) }),
      puts({ reason: letters(REASON_LENGTH_MAX + 1) }),
    ],
    [
      'source',
      puts({ source: letters(SOURCE_LENGTH_MAX) }),
      puts({ source: letters(SOURCE_LENGTH_MAX + 1) }),
    ],
    ['confidence', puts({ confidence: 1 }), puts({ confidence: 1.000001 })],
    ['confidence', puts({ confidence: 0 }), puts({ confidence: -0.000001 })],
    [
      'idempotency_key',
      puts({ idempotency_key: letters(IDEMPOTENCY_KEY_LENGTH_MAX) }),
      puts({ idempotency_key: letters(IDEMPOTENCY_KEY_LENGTH_MAX + 1) }),
    ],
    [
      'value',
      puts({ value: letters(VALUE_BYTES_MAX - 2) }),
      puts({ value: letters(VALUE_BYTES_MAX - 1) }),
      'FACT_TOO_LARGE',
    ],
    ['valid_from', puts({ valid_from: FIRST }), puts({ valid_from: '1684-07-28T00:12:25.259008Z' })],
    ['valid_from', puts({ valid_from: formatInstant(FOREVER - 1) }), puts({ valid_from: PAST_LAST })],
    ['valid_to', puts({ valid_to: LAST }), puts({ valid_to: PAST_LAST })],
    ['valid_to', puts({ valid_to: 'infinity' }), puts({ valid_to: '9999-12-31' })],
    ['valid_to', ends({ valid_to: LAST }), ends({ valid_to: '1999-01-01' })],
    ['observed_at', puts({ observed_at: LAST }), puts({ observed_at: PAST_LAST })],
    ['limit', { limit: PAGE_LIMIT_MAX }, { limit: PAGE_LIMIT_MAX + 1 }, 'FACT_QUERY_INVALID'],
    ['limit', { limit: 1 }, { limit: 0 }, 'FACT_QUERY_INVALID'],
    ['valid_at', { valid_at: LAST }, { valid_at: PAST_LAST }, 'FACT_QUERY_INVALID'],
    ['recorded_at', { recorded_at: LAST }, { recorded_at: PAST_LAST }, 'FACT_QUERY_INVALID'],
  ];

  it.each(bounded)('has %s up to its bound', async (field, atTheBound, onePast, code = 'FACT_INVALID') => {
    expect(await refusal(atTheBound)).toBe(null);
    expect(await refusal(onePast)).toMatchObject({ code, fields: { field } });
  });

  const wrong: [field: string, line: Line][] = [
    ['subject', puts({ subject: 'web' })],
    ['subject', puts({ subject: 'host:a\u0000' })],
    ['fact_type', puts({ fact_type: 'guessed' })],
    ['value_key', puts({ value_key: 7 })],
    ['valid_from', puts({ valid_from: 'infinity' })],
    ['valid_from', puts({ valid_from: 1_700_000_000 })],
    ['valid_to', puts({ valid_from: '2026-01-02', valid_to: '2026-01-02' })],
    ['valid_to', ends({ valid_from: '2026-01-02', valid_to: '2026-01-01' })],
    ['observed_at', puts({ observed_at: '2026-01-05T08:00:00' })],
    ['observed_at', ends({ observed_at: '2026-01-05' })],
    ['idempotency_key', puts({ idempotency_key: '' })],
    ['expected', puts({ expected: 'F'.repeat(64) })],
    ['value', puts({ value: undefined })],
    ['validFrom', puts({ validFrom: '2026-01-05' })],
    ['valid_at', { valid_at: '2026-01-05T08:00:00' }],
    ['value_key', { value_key: '\u0000' }],
    ['fact_type', { fact_type: 'guessed' }],
    ['colour', { colour: 'red' }],
  ];

  it.each(wrong)('is refused because of %s by the name it has there: %j', async (field, line) => {
    const error = await refusal(line);
    expect(error?.fields).toMatchObject({ field });
    expect(error?.message).toContain(`\`${field}\``);
  });

  it('that is no object is refused', () => {
    for (const line of [null, [], 'put', 7 as Json])
      expect(() => parseOperation(line), canonicalJson(line)).toThrow(FactError);
  });

  it('with a date that is too late is told what the last instant is', async () => {
    for (const line of [
      puts({ valid_to: '9999-12-31' }),
      puts({ valid_from: PAST_LAST }),
      { valid_at: '9999-12-31' },
    ])
      expect((await refusal(line))?.message).toContain('2255-06-05T23:47:34.7409');
  });

  it('with a cursor that is none is refused as such', async () => {
    for (const cursor of ['x', letters(CURSOR_LENGTH_MAX + 1)])
      expect(await refusal({ cursor })).toMatchObject({ code: 'FACT_CURSOR_INVALID' });
  });
});
