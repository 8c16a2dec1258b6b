import { systemClock } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildOpaqueEngine,
  type OpaqueDecision,
  type OpaqueRequest,
  type OpaqueRule,
} from './opaque-engine.ts';
import { compilePattern, isPatternFault } from './pattern.ts';
import { matchesPattern } from './pattern-match.ts';

function matchesAny(sources: readonly string[], value: string): boolean {
  return sources.some((source) => {
    const pattern = compilePattern(source);
    return !isPatternFault(pattern) && matchesPattern(pattern, value);
  });
}

/** The semantics, rule by rule in document order. */
function naive(rules: readonly OpaqueRule[], request: OpaqueRequest): OpaqueDecision {
  const labels = request.labels ?? [];
  const matching = rules.filter(
    (rule) =>
      matchesAny(rule.principals, request.principal) &&
      matchesAny(rule.actions, request.action) &&
      matchesAny(rule.resources, request.resource),
  );
  const missing = (rule: OpaqueRule): string[] =>
    (rule.required_labels ?? []).filter((label) => !labels.includes(label));
  const deny = matching.find((rule) => rule.effect === 'deny');
  if (deny !== undefined)
    return { allowed: false, reason: 'explicit_deny', rule: deny.name, missingLabels: [] };
  const allows = matching.filter((rule) => rule.effect === 'allow');
  const held = allows.find((rule) => missing(rule).length === 0);
  if (held !== undefined) return { allowed: true, reason: 'allowed', rule: held.name, missingLabels: [] };
  const [failed] = allows;
  if (failed === undefined)
    return { allowed: false, reason: 'no_matching_policy', rule: null, missingLabels: [] };
  return { allowed: false, reason: 'missing_labels', rule: failed.name, missingLabels: missing(failed) };
}

const word = fc.constantFrom('a', 'ab', 'abc', 'team-red', 'team-blue', 'x/y', 'config', '');
const value = fc.array(word, { maxLength: 4 }).map((words) => words.join('/'));
const pattern = fc
  .array(fc.oneof(word, fc.constantFrom('*', '?', '[a-c]', 'team-*', '/')), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
  .filter((source) => !isPatternFault(compilePattern(source)));
const list = fc.oneof(fc.constant(['*']), fc.array(pattern, { maxLength: 3 }));
const labels = fc.uniqueArray(fc.constantFrom('l1', 'l2', 'l3'), { maxLength: 2 });
const rule = fc.record({
  effect: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const),
  principals: list,
  actions: list,
  resources: list,
  required_labels: labels,
});
const named = (rules: readonly Omit<OpaqueRule, 'name'>[]): OpaqueRule[] =>
  rules.map((entry, at) => ({ name: `r${at}`, ...entry }));
const request = fc.record({ principal: value, action: value, resource: value, labels });

describe('the rule index', () => {
  for (const [size, minLength, maxLength] of [
    ['few', 0, 12],
    ['many', 40, 90],
  ] as const) {
    it(`answers like a scan of ${size} rules in document order`, () => {
      fc.assert(
        fc.property(
          fc.array(rule, { minLength, maxLength }).map(named),
          fc.array(request, { minLength: 10, maxLength: 20 }),
          (rules, requests) => {
            const decide = buildOpaqueEngine(rules);
            for (const asked of requests) expect(decide(asked)).toEqual(naive(rules, asked));
          },
        ),
        { numRuns: 150 },
      );
    });
  }

  it('answers the same request the same way after any other', () => {
    const rules = named(fc.sample(rule, { numRuns: 60, seed: 7 }));
    const requests = fc.sample(request, { numRuns: 200, seed: 8 });
    const decide = buildOpaqueEngine(rules);
    const first = requests.map(decide);
    expect(requests.toReversed().map(decide).toReversed()).toEqual(first);
  });

  it('finds one rule among 10,000 without looking at the others', () => {
    const rules = named(
      Array.from({ length: 10_000 }, (_, at) => ({
        effect: 'allow' as const,
        principals: ['agent:*'],
        actions: ['fs.*'],
        resources: [`/srv/project-${at}/**`],
      })),
    );
    const decide = buildOpaqueEngine(rules);
    const asked = { principal: 'agent:a', action: 'fs.read', resource: '/srv/project-7777/a' };
    expect(decide(asked).rule).toBe('r7777');
    expect(decide({ ...asked, resource: '/srv/project-77777/a' }).reason).toBe('no_matching_policy');
    const started = systemClock.monotonicMs();
    for (let round = 0; round < 10_000; round += 1) decide(asked);
    expect((systemClock.monotonicMs() - started) / 10_000).toBeLessThan(0.05);
  });

  it('decides at once when every rule matches and fails on its labels', () => {
    for (const label of [(at: number) => `l${at}`, () => 'same']) {
      const rules = named(
        Array.from({ length: 10_000 }, (_, at) => ({
          effect: 'allow' as const,
          principals: ['*'],
          actions: ['*'],
          resources: ['*'],
          required_labels: ['mfa', label(at)],
        })),
      );
      const decide = buildOpaqueEngine(rules);
      const asked = { principal: 'p', action: 'a', resource: 'r', labels: ['mfa'] };
      expect(decide(asked)).toMatchObject({
        reason: 'missing_labels',
        rule: 'r0',
        missingLabels: [label(0)],
      });
      const started = systemClock.monotonicMs();
      for (let round = 0; round < 200; round += 1) decide(asked);
      expect((systemClock.monotonicMs() - started) / 200).toBeLessThan(0.2);
    }
  });

  it('refuses an invalid pattern when it is built', () => {
    const rules = named([{ effect: 'deny', principals: ['*'], actions: ['*'], resources: ['a**'] }]);
    expect(() => buildOpaqueEngine(rules)).toThrow(RangeError);
  });
});
