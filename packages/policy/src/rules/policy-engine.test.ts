import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument, PolicyRequest } from '../document/policy-types.ts';
import { PolicyEngine } from './policy-engine.ts';

interface Vector {
  id: string;
  policy: PolicyDocument;
  request: PolicyRequest;
  env: { home: string; cwd: string };
  ssrf?: string;
  expect: { allowed: boolean; reason: string; missing_labels?: string[] };
}

const VECTORS = new URL('../../../../vectors/', import.meta.url);

describe('PolicyEngine on the vectors', () => {
  for (const [file, atLeast] of [
    ['authorize.jsonl', 40],
    ['authorize-more.jsonl', 180],
  ] as const) {
    it(`answers every case of ${file}`, () => {
      const vectors = readFileSync(new URL(file, VECTORS), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Vector);
      expect(vectors.length).toBeGreaterThanOrEqual(atLeast);
      const wrong: string[] = [];
      for (const { id, policy, request, env, expect: expected } of vectors) {
        const decision = new PolicyEngine(policy, { ...env, denyList: () => null }).decide(request);
        const isRight =
          decision.allowed === expected.allowed &&
          decision.reason === expected.reason &&
          (expected.missing_labels === undefined ||
            decision.missingLabels.join() === expected.missing_labels.join());
        if (!isRight)
          wrong.push(
            `${id} ${JSON.stringify(request.resource)} ${decision.reason} ${decision.missingLabels.join()}`,
          );
      }
      expect(wrong).toEqual([]);
    });
  }
});
