import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { redact } from './redact.ts';

interface RedactionVector {
  readonly id: string;
  readonly class: string;
  readonly args: unknown;
  readonly must_not_survive: readonly string[];
  readonly must_survive: readonly string[];
}

function vectors(name: string): RedactionVector[] {
  const path = new URL(`../../../../vectors/${name}`, import.meta.url);
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RedactionVector);
}

// Serialised without escaping: every string of the answer, keys included, as it is.
function plainText(value: unknown): string {
  if (Array.isArray(value)) return value.map(plainText).join('\n');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([key, inner]) => `${key}: ${plainText(inner)}`)
      .join('\n');
  }
  return String(value);
}

describe.each(['redaction.jsonl', 'redaction-more.jsonl', 'redaction-fresh.jsonl'])(
  'redact on the vectors of %s',
  (file) => {
    it.each(vectors(file))('$id $class', (vector) => {
      const redacted = redact(vector.args);
      const text = plainText(redacted);
      for (const secret of vector.must_not_survive) expect(text).not.toContain(secret);
      for (const kept of vector.must_survive) expect(text).toContain(kept);
      expect(redact(redacted)).toEqual(redacted);
    });
  },
);
