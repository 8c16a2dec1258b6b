import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from './policy-types.ts';
import { generatePolicyKey, type SignedPolicy, signPolicy, verifySignedPolicy } from './sign.ts';

const NOW = 1_800_000_000_000_000;
const policy: PolicyDocument = {
  revision: 7,
  rules: [{ name: 'a', effect: 'allow', principals: ['*'], actions: ['x'], resources: ['y'] }],
};
const key = generatePolicyKey();
const bundle = signPolicy(policy, { privateKeyPem: key.privateKeyPem, signedAt: NOW, expiresAt: NOW + 1000 });
const trust = { publicKeysPem: [key.publicKeyPem], now: NOW };
const stored = (change: (copy: SignedPolicy) => unknown = (copy) => copy): unknown =>
  change(JSON.parse(JSON.stringify(bundle)) as SignedPolicy);
const codeOf = (work: () => unknown): unknown => {
  try {
    work();
    return null;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('a signed policy', () => {
  it('verifies after a round trip through JSON', () => {
    expect(verifySignedPolicy(stored(), trust)).toEqual(policy);
    expect(bundle.signature).toMatchObject({ algorithm: 'Ed25519', key_id: key.keyId, revision: 7 });
  });

  it('does not depend on the order of keys', () => {
    const reordered = stored(({ policy: { rules, revision }, signature }) => ({
      signature,
      policy: { rules, revision },
    }));
    expect(verifySignedPolicy(reordered, trust)).toEqual(policy);
  });

  it('fails when anything it covers changes', () => {
    for (const change of [
      (copy: SignedPolicy) => ({ ...copy, policy: { ...copy.policy, revision: 8 } }),
      (copy: SignedPolicy) => ({ ...copy, policy: { ...copy.policy, rules: [] } }),
      (copy: SignedPolicy) => ({ ...copy, policy: { ...copy.policy, description: 'x' } }),
      (copy: SignedPolicy) => ({ ...copy, signature: { ...copy.signature, revision: 8 } }),
      (copy: SignedPolicy) => ({
        ...copy,
        signature: { ...copy.signature, expires_at: '2099-01-01T00:00:00.000000Z' },
      }),
    ]) {
      expect(codeOf(() => verifySignedPolicy(stored(change), trust))).toBe('POLICY_SIGNATURE_INVALID');
    }
  });

  it('is refused from the moment it expires, by another key, and when it is older than the last', () => {
    expect(codeOf(() => verifySignedPolicy(stored(), { ...trust, now: NOW + 999 }))).toBeNull();
    expect(codeOf(() => verifySignedPolicy(stored(), { ...trust, now: NOW + 1000 }))).toBe(
      'POLICY_SIGNATURE_EXPIRED',
    );
    const other = [generatePolicyKey().publicKeyPem];
    expect(codeOf(() => verifySignedPolicy(stored(), { ...trust, publicKeysPem: other }))).toBe(
      'POLICY_KEY_UNKNOWN',
    );
    expect(codeOf(() => verifySignedPolicy(stored(), { ...trust, revisionMin: 7 }))).toBeNull();
    expect(codeOf(() => verifySignedPolicy(stored(), { ...trust, revisionMin: 8 }))).toBe('POLICY_ROLLBACK');
    expect(codeOf(() => verifySignedPolicy({ policy }, trust))).toBe('POLICY_INVALID');
  });

  it('cannot be made without a revision or with something that is no key', () => {
    const times = { signedAt: NOW, expiresAt: NOW + 1 };
    expect(codeOf(() => signPolicy({ rules: [] }, { privateKeyPem: key.privateKeyPem, ...times }))).toBe(
      'POLICY_INVALID',
    );
    expect(codeOf(() => signPolicy(policy, { privateKeyPem: 'x', ...times }))).toBe(
      'POLICY_SIGNATURE_INVALID',
    );
  });
});
