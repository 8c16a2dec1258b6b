import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatInstant, INSTANT_MAX, INSTANT_MIN, instantFromEpochMs, parseInstant } from './instant.ts';

const anInstant = fc.integer({ min: INSTANT_MIN, max: INSTANT_MAX });

describe('formatInstant', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000000Z'],
    [1, '1970-01-01T00:00:00.000001Z'],
    [-1, '1969-12-31T23:59:59.999999Z'],
    [1_763_717_400_000_001, '2025-11-21T09:30:00.000001Z'],
    [INSTANT_MAX, '2255-06-05T23:47:34.740991Z'],
    [INSTANT_MIN, '1684-07-28T00:12:25.259009Z'],
  ])('writes %i as %s', (instant, text) => {
    expect(formatInstant(instant)).toBe(text);
    expect(parseInstant(text)).toBe(instant);
  });

  it('is undone by parseInstant', () => {
    fc.assert(
      fc.property(anInstant, (instant) => {
        expect(parseInstant(formatInstant(instant))).toBe(instant);
      }),
    );
  });

  it('sorts as instants do', () => {
    fc.assert(
      fc.property(anInstant, anInstant, (a, b) => {
        expect(formatInstant(a) < formatInstant(b)).toBe(a < b);
      }),
    );
  });
});

describe('parseInstant', () => {
  it.each([
    ['2026-11-21', '2026-11-21T00:00:00.000000Z'],
    ['2026-11-21T09:30Z', '2026-11-21T09:30:00.000000Z'],
    ['2026-11-21T09:30:00+01:00', '2026-11-21T08:30:00.000000Z'],
    ['2026-11-21T00:30:00-02:30', '2026-11-21T03:00:00.000000Z'],
    ['2026-11-21T09:30:00.1Z', '2026-11-21T09:30:00.100000Z'],
    ['2026-11-21T09:30:00.123456789Z', '2026-11-21T09:30:00.123456Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000000Z'],
    ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59.500000Z'],
  ])('reads %s', (text, normal) => {
    expect(formatInstant(parseInstant(text))).toBe(normal);
  });

  it.each([
    '',
    'now',
    '2026-11-21T09:30:00',
    '2026-11-21 09:30:00Z',
    '2026-02-30',
    '2025-02-29T00:00:00Z',
    '2026-13-01',
    '2026-11-21T25:00:00Z',
    '2026-11-21T09:60:00Z',
    '2026-11-21T09:30:60Z',
    '2026-11-21T09:30:00.1234567890Z',
    '2026-11-21T09:30:00+1:00',
    '0001-01-01',
    '9999-12-31T00:00:00Z',
    '2255-06-05T23:47:34.740992Z',
    '1684-07-28T00:12:25.259008Z',
    '２０２６-11-21',
    ' 2026-11-21',
    '2026-11-21\n',
  ])('refuses %j', (text) => {
    expect(() => parseInstant(text)).toThrowError(expect.objectContaining({ code: 'INSTANT_INVALID' }));
  });

  it('throws nothing else, whatever the text, and quickly', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        try {
          expect(Number.isSafeInteger(parseInstant(text))).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INSTANT_INVALID' });
        }
      }),
    );
    for (const piece of ['1', '2026-11-21T', '-', '00:']) {
      expect(() => parseInstant(piece.repeat(65_536))).toThrowError(
        expect.objectContaining({ code: 'INSTANT_INVALID' }),
      );
    }
  });
});

describe('instantFromEpochMs', () => {
  it('counts microseconds', () => {
    expect(instantFromEpochMs(1.9)).toBe(1000);
    expect(formatInstant(instantFromEpochMs(Date.UTC(2026, 10, 21)))).toBe('2026-11-21T00:00:00.000000Z');
  });
});
