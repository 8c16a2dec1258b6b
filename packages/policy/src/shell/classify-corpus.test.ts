import { readFileSync } from 'node:fs';
import { tierSchema } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { classify } from './classify.ts';

const vectorSchema = z.strictObject({
  cmd: z.string(),
  expect: z.union([tierSchema, z.literal('DENY')]),
  min: z.boolean().optional(),
  class: z.string(),
});
type Vector = z.infer<typeof vectorSchema>;

const CORPUS = new URL('../../../../vectors/classify-fresh.jsonl', import.meta.url);
const RANKS = ['T0', 'T1', 'T2', 'T3', 'DENY'];

const vectors = readFileSync(CORPUS, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => vectorSchema.parse(JSON.parse(line)));

function outcomeOf(command: string): string {
  const { tier, denied } = classify(command, { shell: 'bash' });
  return denied ? 'DENY' : tier;
}

function isMissed({ cmd, expect: expected, min }: Vector): boolean {
  const outcome = outcomeOf(cmd);
  return min === true ? RANKS.indexOf(outcome) < RANKS.indexOf(expected) : outcome !== expected;
}

/** Commands by what they were written to show: each class must hold as a whole, and names what it missed. */
const classes = Map.groupBy(vectors, (vector) => vector.class);

describe('classify, on a corpus written before its tables', () => {
  it('reads a corpus of every family of commands', () => {
    expect(vectors.length).toBeGreaterThan(5_000);
    expect(classes.size).toBeGreaterThan(20);
    expect(new Set(vectors.map((vector) => vector.cmd)).size).toBe(vectors.length);
  });

  it.each([...classes])('judges every command of %s', (_, members) => {
    const missed = members.filter(isMissed).map(({ cmd, expect: expected }) => ({
      cmd,
      expected,
      outcome: outcomeOf(cmd),
    }));
    expect(missed).toEqual([]);
  });

  it('sees nothing that acts as an observation', () => {
    const unseen = vectors.filter((vector) => vector.expect !== 'T0' && outcomeOf(vector.cmd) === 'T0');
    expect(unseen.map((vector) => vector.cmd)).toEqual([]);
  });
});
