import * as fc from 'fast-check';
import { canonicalJson } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { parseTelemetry } from './parse-telemetry.ts';
import { PROBE_KEY_LENGTH_MAX, PROBE_PAIRS_MAX, PROBE_VALUE_LENGTH_MAX } from './probe.ts';
import { TALOS_STATUS_LENGTH_MAX, TALOS_STATUS_MARKER } from './talos.ts';
import {
  COLLECTOR_NAMES,
  type ParsedTelemetry,
  TELEMETRY_DEPTH_MAX,
  TELEMETRY_LENGTH_MAX,
} from './telemetry.ts';

function parse(collector: string, raw: string, predicate: string | null = null): ParsedTelemetry {
  return parseTelemetry({ collector, subject: 'host:h1', predicate, raw, now: 0 });
}

function codes(result: ParsedTelemetry): string[] {
  return result.errors.map((error) => error.code);
}

const hostile = fc.oneof(
  fc.string({ maxLength: 400, unit: 'binary' }),
  fc.json({ maxDepth: 6 }),
  fc
    .array(
      fc.constantFrom(
        'Added entries:',
        '---',
        '',
        'f+++: /a',
        '{',
        '}',
        '[',
        '"',
        '\\',
        'NaN',
        '1e999',
        ':',
        '=',
        ',',
        '\n',
        '\ud800',
        'node: a',
        'metadata:',
        '- &a [*a]',
      ),
    )
    .map((parts) => parts.join('\n')),
);

describe('parseTelemetry', () => {
  it('never throws and always yields facts that have a canonical form', () => {
    fc.assert(
      fc.property(fc.constantFrom(...COLLECTOR_NAMES), hostile, (collector, raw) => {
        const { facts } = parse(collector, raw);
        for (const fact of facts) {
          expect(Object.keys(fact).sort()).toEqual(['factType', 'predicate', 'subject', 'value']);
          expect(fact).toMatchObject({ subject: 'host:h1', factType: 'observed' });
          expect(canonicalJson(fact.value)).toBeTypeOf('string');
        }
      }),
      { numRuns: 1500 },
    );
  });

  it.each(COLLECTOR_NAMES)('bounds the text for %s at the limit and one past it', (collector) => {
    expect(codes(parse(collector, ' '.repeat(TELEMETRY_LENGTH_MAX)))).not.toContain('payload_too_large');
    expect(parse(collector, ' '.repeat(TELEMETRY_LENGTH_MAX + 1))).toMatchObject({
      facts: [],
      errors: [{ code: 'payload_too_large' }],
    });
  });

  it('knows no other collector', () => {
    expect(codes(parse('__proto__', '{}'))).toEqual(['collector_unknown']);
    expect(codes(parse('toString', '{}'))).toEqual(['collector_unknown']);
  });

  it('files a fact under the collector’s name when no predicate is given', () => {
    expect(parse('osquery', '[]').facts[0]?.predicate).toBe('osquery');
    expect(parse('probe', '').facts[0]?.predicate).toBe('probe');
    expect(parse('talos', '{}').facts[0]?.predicate).toBe('talos');
  });

  it('accepts nesting at the bound and refuses one level more', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(codes(parse('talos', nested(TELEMETRY_DEPTH_MAX)))).toEqual([]);
    expect(codes(parse('talos', nested(TELEMETRY_DEPTH_MAX + 1)))).toEqual(['too_deep']);
  });

  it('keeps the number of pairs at the bound', () => {
    const lines = (count: number): string => Array.from({ length: count }, (_, i) => `k${i}=v\n`).join('');
    expect(codes(parse('probe', lines(PROBE_PAIRS_MAX)))).toEqual([]);
    expect(codes(parse('probe', lines(PROBE_PAIRS_MAX + 1)))).toEqual(['limit_reached']);
  });

  it('keeps keys and values at their bounds', () => {
    const key = 'k'.repeat(PROBE_KEY_LENGTH_MAX);
    const value = 'v'.repeat(PROBE_VALUE_LENGTH_MAX);
    expect(parse('probe', `${key}=${value}`)).toMatchObject({
      facts: [{ value: { [key]: value } }],
      errors: [],
    });
    expect(parse('probe', `k=${value}v`)).toMatchObject({ facts: [{ value: { k: value } }], errors: [{}] });
    expect(parse('probe', `${key}k=v`)).toMatchObject({ facts: [{ value: {} }], errors: [{}] });
  });

  it('cuts status text past its bound, with a marker', () => {
    const text = (length: number): string => 'x'.repeat(length);
    const status = (raw: string): unknown => parse('talos', raw).facts[0]?.value['status'];
    expect(status(text(TALOS_STATUS_LENGTH_MAX))).toBe(text(TALOS_STATUS_LENGTH_MAX));
    expect(status(text(TALOS_STATUS_LENGTH_MAX + 1))).toBe(
      text(TALOS_STATUS_LENGTH_MAX) + TALOS_STATUS_MARKER,
    );
  });

  it('makes typed facts of packages and identities', () => {
    const { typed } = parse('osquery', '[{"name":"openssl","version":"3.0.1"}]', 'deb_packages');
    expect(typed).toEqual([
      { subject: 'package:openssl@h1', predicate: 'version', factType: 'observed', value: '3.0.1' },
    ]);
  });

  it('keeps a hostile name in the table and out of the typed facts', () => {
    const raw = JSON.stringify([
      { name: 'a\nb', version: '1' },
      { name: 'ok', version: '2' },
    ]);
    const { facts, typed } = parse('osquery', raw, 'packages');
    expect(facts[0]?.value['count']).toBe(2);
    expect(typed.map((fact) => fact.subject)).toEqual(['package:ok@h1']);
  });

  it.each(['', 'a\nb', 'x'.repeat(129)])('refuses the predicate %j', (predicate) => {
    expect(codes(parse('probe', 'a=b', predicate))).toEqual(['value_unusable']);
  });

  const MIB4 = TELEMETRY_LENGTH_MAX - 1000;
  it.each([
    ['aide', 'Added entries:\n'.repeat(MIB4 / 15)],
    ['aide', `Added entries:${' '.repeat(MIB4)}x`],
    ['aide', `Added entries:\n${': '.repeat(MIB4 / 2)}`],
    ['aide', `Added entries:\n${'f+++: /a\n'.repeat(MIB4 / 9)}`],
    ['talos', '{"a":"'.repeat(MIB4 / 6)],
    ['talos', '{}\n'.repeat(MIB4 / 3)],
    ['talos', '{'.repeat(MIB4)],
    ['talos', `node: a\nmetadata: ${'[a,'.repeat(80_000)}`],
    ['osquery', `[${'NaN,'.repeat(MIB4 / 4)}1]`],
    ['osquery', '"\\'.repeat(MIB4 / 2)],
    ['probe', '='.repeat(MIB4)],
    ['probe', '\r'.repeat(MIB4)],
    ['cis', `{"scheduler-profiling":"${','.repeat(MIB4)}"}`],
  ])('stays linear on 4 MiB of hostile text for %s (%#)', (collector, raw) => {
    const start = performance.now();
    parse(collector, raw);
    expect(performance.now() - start).toBeLessThan(4000);
  });
});
