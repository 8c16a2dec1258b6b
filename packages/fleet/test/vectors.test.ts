import { readFileSync } from 'node:fs';
import { isJsonObject, type Json, type JsonObject } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { parseTelemetry } from '../src/index.ts';

const FOLDER = new URL('../../../vectors/collectors/', import.meta.url);

interface Check {
  predicate: string;
  pointer: string;
  op: string;
  value?: Json;
}
interface Vector {
  file: string;
  collector: string;
  predicate: string | null;
  subject: string;
  expect: { fact_count: number; checks: Check[]; must_not: string[]; max_ms: number; errors?: string[] };
}

const manifest = JSON.parse(readFileSync(new URL('manifest.json', FOLDER), 'utf8')) as {
  ops: Record<string, string>;
  vectors: Vector[];
};

function at(value: Json | undefined, pointer: string): Json | undefined {
  let here: Json | undefined = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(here)) here = (here as readonly Json[])[Number(key)];
    else here = isJsonObject(here) && Object.hasOwn(here, key) ? here[key] : undefined;
  }
  return here;
}

function texts(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap((item) => texts(item))
    : [];
}

function verify(check: Check, found: Json | undefined): void {
  if (check.op === 'eq') expect(found).toEqual(check.value);
  else if (check.op === 'set')
    expect([...(found as string[])].sort()).toEqual([...(check.value as string[])].sort());
  else if (check.op === 'max_keys')
    expect(Object.keys(found as JsonObject).length).toBeLessThanOrEqual(Number(check.value));
  else if (check.op === 'max_value_len') {
    const longest = Math.max(0, ...texts(found).map((text) => text.length));
    expect(longest).toBeLessThanOrEqual(Number(check.value));
  } else if (check.op === 'absent') expect(found).toBeUndefined();
  else throw new Error(`unknown operation ${check.op}`);
}

describe('the collector vectors', () => {
  it('are there', () => {
    expect(manifest.vectors.length).toBeGreaterThan(30);
  });

  for (const vector of manifest.vectors) {
    it(`hold for ${vector.file}`, () => {
      const raw = readFileSync(new URL(vector.file, FOLDER), 'utf8');
      const { collector, subject, predicate } = vector;
      const start = performance.now();
      const result = parseTelemetry({ collector, subject, predicate, raw, now: 0 });
      expect(performance.now() - start).toBeLessThan(vector.expect.max_ms);
      expect(result.facts).toHaveLength(vector.expect.fact_count);
      if (vector.expect.errors)
        expect(result.errors.map((error) => error.code)).toEqual(vector.expect.errors);
      for (const check of vector.expect.checks) {
        const fact = result.facts.find((item) => item.predicate === check.predicate);
        expect(fact).toMatchObject({ subject, factType: 'observed' });
        verify(check, at(fact?.value, check.pointer));
      }
      const printed = JSON.stringify(result.facts);
      for (const text of vector.expect.must_not) expect(printed).not.toContain(text);
    });
  }
});
