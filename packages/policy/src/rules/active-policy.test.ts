import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../document/policy-types.ts';
import { ActivePolicy } from './active-policy.ts';

const OPTIONS = { home: '/h', cwd: '/w', denyList: () => null };
const aPolicy = (revision: number | undefined, resource: string): PolicyDocument => ({
  id: 'p',
  revision,
  rules: [
    { name: `r${revision}`, effect: 'allow', principals: ['*'], actions: ['*'], resources: [resource] },
  ],
});
const request = { principal: 'p', action: 'tool.use', resource: 'x' };

describe('ActivePolicy', () => {
  it('says which version decided', () => {
    const active = new ActivePolicy(aPolicy(1, 'x'), OPTIONS);
    expect(active.decide(request)).toMatchObject({ allowed: true, policyId: 'p', policyRevision: 1 });
    active.replace(aPolicy(2, 'y'));
    expect(active.decide(request)).toMatchObject({ allowed: false, policyRevision: 2 });
  });

  it('keeps the policy in force when the next one has a fault', () => {
    const active = new ActivePolicy(aPolicy(1, 'x'), OPTIONS);
    expect(() => active.replace(aPolicy(2, 'a**'))).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID' }),
    );
    expect(active.decide(request)).toMatchObject({ allowed: true, policyRevision: 1 });
  });

  it('refuses a lower or missing revision, and takes the same one again', () => {
    const active = new ActivePolicy(aPolicy(2, 'x'), OPTIONS);
    for (const revision of [1, undefined]) {
      expect(() => active.replace(aPolicy(revision, 'y'))).toThrow(
        expect.objectContaining({ code: 'POLICY_ROLLBACK' }),
      );
    }
    active.replace(aPolicy(2, 'y'));
    expect(active.decide(request).allowed).toBe(false);
  });
});
