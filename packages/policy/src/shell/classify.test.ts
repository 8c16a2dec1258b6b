import { readFileSync } from 'node:fs';
import { tierSchema } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { classify } from './classify.ts';

const vectorSchema = z.object({
  cmd: z.string(),
  expect: z.union([tierSchema, z.literal('DENY')]),
  min: z.boolean().optional(),
  class: z.string(),
  shell: z.enum(['bash', 'powershell', 'cmd']).optional(),
});

const VECTORS = new URL('../../../../vectors/', import.meta.url);

function vectorsOf(file: string): z.infer<typeof vectorSchema>[] {
  return readFileSync(new URL(file, VECTORS), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => vectorSchema.parse(JSON.parse(line)));
}

const RANKS = ['T0', 'T1', 'T2', 'T3', 'DENY'];

function outcomeOf(command: string, shell: 'bash' | 'powershell' | 'cmd'): string {
  const { tier, denied } = classify(command, { shell });
  return denied ? 'DENY' : tier;
}

describe('classify', () => {
  const vectors = [...vectorsOf('classify.jsonl'), ...vectorsOf('classify-more.jsonl')];

  it('reads every sample vector', () => {
    expect(vectors.length).toBeGreaterThan(2_500);
  });

  it.each(vectors)('judges $cmd as $expect', ({ cmd, expect: expected, min, shell }) => {
    const outcome = outcomeOf(cmd, shell ?? 'bash');
    if (min === true) expect(RANKS.indexOf(outcome)).toBeGreaterThanOrEqual(RANKS.indexOf(expected));
    else expect(outcome).toBe(expected);
  });
});
