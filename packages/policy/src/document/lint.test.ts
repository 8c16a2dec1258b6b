import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, isPatternFault } from '../rules/pattern.ts';
import { coversPattern } from '../rules/pattern-cover.ts';
import { matchesPattern } from '../rules/pattern-match.ts';
import { PolicyEngine } from '../rules/policy-engine.ts';
import { diffPolicies } from './diff.ts';
import { foreignShape, importPolicy } from './import.ts';
import { lintPolicy } from './lint.ts';
import type { PolicyRule } from './policy-types.ts';

const aRule = (rule: Partial<PolicyRule>): PolicyRule => ({
  name: 'r',
  effect: 'allow',
  principals: ['*'],
  actions: ['fs.read'],
  resources: ['/a/**'],
  ...rule,
});
const codes = (...rules: Partial<PolicyRule>[]): string[] =>
  lintPolicy({ rules: rules.map((rule, at) => aRule({ name: `r${at}`, ...rule })) }).map(
    ({ code, rule }) => `${code} ${rule}`,
  );

describe('lintPolicy', () => {
  it('finds an allow that a deny makes void, wherever it stands', () => {
    expect(
      codes({ resources: ['/a/b/*'] }, { effect: 'deny', actions: ['fs.*'], resources: ['/a/*'] }),
    ).toEqual(['shadowed_by_deny r0']);
    expect(codes({}, { effect: 'deny', principals: ['agent:x'] })).toEqual([]);
    expect(codes({}, { effect: 'deny', resources: ['*'], obligations: { log_only: true } })).toEqual([]);
  });

  it('finds rules behind an earlier one that already decides', () => {
    expect(codes({ resources: ['/a/*'] }, { resources: ['/a/b'] })).toEqual(['unreachable r1']);
    expect(codes({}, {})).toEqual(['duplicate_of r1']);
    expect(codes({ required_labels: ['l'] }, {})).toEqual([]);
  });

  it('finds patterns that no resource can match', () => {
    expect(codes({ effect: 'deny', resources: ['src/*'] })).toEqual(['never_matches r0']);
    expect(codes({ resources: ['/a//b'] })).toEqual(['never_matches r0']);
    expect(codes({ resources: ['/a/'] })).toEqual(['never_matches r0']);
    expect(codes({ actions: [] })).toEqual(['never_matches r0']);
    expect(codes({ actions: ['fetch'], resources: ['https://api.*'] })).toEqual(['never_matches r0']);
    expect(codes({ resources: ['~/x', './x', '**/x', '/x'] })).toEqual([]);
  });

  it('finds allows that are wider than they look', () => {
    expect(codes({ actions: ['*'], resources: ['*'] })).toEqual(['over_broad r0']);
    expect(codes({ actions: ['bash'], resources: ['*'] })).toEqual(['over_broad r0']);
    expect(codes({ actions: ['bash'], resources: ['ls*'] })).toEqual(['over_broad r0']);
    expect(codes({ actions: ['bash'], resources: ['ls', 'ls *'] })).toEqual([]);
    expect(codes({ actions: ['fetch'], resources: ['https://*github.com/*'] })).toEqual(['over_broad r0']);
    expect(codes({ actions: ['fetch'], resources: ['https://*.github.com/*'] })).toEqual([]);
    expect(codes({ actions: ['http.*'], resources: ['*.github.com/*'] })).toEqual(['over_broad r0']);
  });

  it('says that labels on a deny do nothing', () => {
    expect(codes({ effect: 'deny', required_labels: ['l'] })).toEqual(['labels_on_deny r0']);
  });
});

describe('coversPattern', () => {
  it('never claims more than is so', () => {
    const piece = fc.constantFrom('a', 'b', '/', '*', '?', '[ab]', '**/', 'ab');
    const source = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
    const value = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
    fc.assert(
      fc.property(source, source, fc.array(value, { minLength: 10, maxLength: 30 }), (one, two, values) => {
        const wide = compilePattern(one);
        const narrow = compilePattern(two);
        if (isPatternFault(wide) || isPatternFault(narrow) || !coversPattern(wide, narrow)) return;
        for (const candidate of values) {
          if (matchesPattern(narrow, candidate)) expect(matchesPattern(wide, candidate)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('importPolicy', () => {
  const foreign = {
    version: 1,
    defaults: { effect: 'deny', audit: true },
    metadata: { name: 'x' },
    rules: [
      { id: 'a', effect: 'allow', action: 'fs.read', resource: './workspace/**' },
      {
        id: 'b',
        effect: 'allow',
        action: 'net.http',
        resource: ['https://x.example/*'],
        when: { source: 'trusted_ui' },
      },
      { id: 'c', effect: 'deny', action: 'shell.*', when: { source: ['untrusted_dm', 'web_content'] } },
      { id: 'd', effect: 'allow', action: 'pay', when: { tenant_id: 't1' } },
      { id: 'e', effect: 'deny', action: 'fs.*', resource: '/**' },
    ],
  };

  it('recognises the shapes of other tools', () => {
    expect(foreignShape(foreign)).toBe('rules with `when`');
    expect(foreignShape({ rules: [{ effect: 'allow', action: 'a', resource: 'b' }] })).toBe('plain rules');
    expect(foreignShape([{ effect: 'allow', action: 'a', resource: 'b' }])).toBe('plain rules');
    expect(foreignShape({ rules: [aRule({})] })).toBeNull();
    expect(foreignShape(null)).toBeNull();
  });

  it('keeps what the rules meant under deny-first', () => {
    const { document, notes } = importPolicy(foreign);
    expect(document.rules.map((rule) => rule.name)).toEqual(['a', 'b', 'c', 'c-2', 'd']);
    expect(notes).toHaveLength(2);
    const engine = new PolicyEngine(document, { home: '/h', cwd: '/w', denyList: () => null });
    const ask = (action: string, resource: string, extra: object = {}): boolean =>
      engine.decide({ principal: 'p', action, resource, ...extra }).allowed;
    expect(ask('fs.read', 'workspace/x')).toBe(true);
    expect(ask('fs.read', '/etc/x')).toBe(false);
    expect(ask('net.http', 'https://x.example/a', { labels: ['source:trusted_ui'] })).toBe(true);
    expect(ask('net.http', 'https://x.example/a')).toBe(false);
    expect(
      engine.decide({ principal: 'p', action: 'shell.exec', resource: 'ls', labels: ['source:web_content'] })
        .violatedRule,
    ).toBe('c-2');
    expect(ask('pay', 'x', { context: { tenant_id: 't1' } })).toBe(true);
    expect(ask('pay', 'x', { context: { tenant_id: 't2' } })).toBe(false);
  });

  it('refuses what it does not know', () => {
    expect(() => importPolicy({ rules: [{ effect: 'allow', action: 'a', unless: {} }] })).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID' }),
    );
    expect(() => importPolicy({ defaults: { effect: 'allow' }, rules: [] })).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID' }),
    );
  });
});

describe('diffPolicies', () => {
  it('reports each answer that changes, and how', () => {
    const engine = (...rules: Partial<PolicyRule>[]): PolicyEngine =>
      new PolicyEngine(
        { rules: rules.map((rule, at) => aRule({ name: `r${at}`, ...rule })) },
        { home: '/h', cwd: '/w', denyList: () => null },
      );
    const before = engine({ resources: ['/a/**', '/b/**', '/e/**'] });
    const after = engine(
      { resources: ['/a/**', '/c/**'] },
      { resources: ['/e/**'], obligations: { require_approval: true } },
      { effect: 'deny', resources: ['/d/**'] },
    );
    const requests = ['/a/x', '/b/x', '/c/x', '/d/x', '/e/x'].map((resource) => ({
      principal: 'p',
      action: 'fs.read',
      resource,
    }));
    const { replayed, changes } = diffPolicies(before, after, requests);
    expect(replayed).toBe(5);
    expect(changes.map(({ request, kind }) => [request.resource, kind])).toEqual([
      ['/b/x', 'now_denied'],
      ['/c/x', 'now_allowed'],
      ['/d/x', 'other_reason'],
      ['/e/x', 'other_obligations'],
    ]);
  });
});
